//! The guided `rollbook new`.

use crate::support::{Engine, Lab, Terminal, key};

fn lab(engine: Engine) -> Lab {
    let lab = Lab::new(engine);
    lab.sql("CREATE TABLE orders (id integer PRIMARY KEY, note varchar(200), quantity integer)");
    lab.sql("CREATE TABLE order_lines (id integer PRIMARY KEY, order_id integer)");
    lab.sql("CREATE TABLE customers (id integer PRIMARY KEY, email varchar(200))");
    lab
}

fn enter(terminal: &mut Terminal, text: &str) {
    terminal.types(text);
    terminal.types(key::ENTER);
}

/// Finds the change by its words, and says where names are looked up.
fn begin(terminal: &mut Terminal, change: &str, url: &str) {
    terminal.asks("I want to:");
    terminal.types(change);
    terminal.asks(&format!("I want to: {change}"));
    terminal.types(key::ENTER);
    terminal.asks("Look names and types up in:");
    enter(terminal, "URL");
    terminal.asks("URL:");
    enter(terminal, url);
}

fn typed_and_completed(engine: Engine) {
    let lab = lab(engine);
    let mut terminal = Terminal::open(&lab, 100, &["new"]);
    begin(&mut terminal, "rename column", &lab.url);

    terminal.asks("table:");
    for table in ["customers", "order_lines", "orders"] {
        terminal.sees(table);
    }
    // As far as both names agree; then the one that was meant.
    terminal.types(&format!("or{}", key::TAB));
    terminal.asks("table: order");
    enter(&mut terminal, "z");
    terminal.sees("there is no table `orderz`");
    terminal.sees("did you mean `orders`?");
    terminal.types("\x7fs");
    terminal.asks("table: orders");
    terminal.types(key::ENTER);
    terminal.sees("key: id (looked up)");

    terminal.asks("column:");
    enter(&mut terminal, "nope");
    terminal.sees("has no column `nope`");
    terminal.sees("did you mean `note`?");
    terminal.types(&format!("\x7f\x7f{}", key::TAB));
    terminal.asks("column: note");
    terminal.types(key::ENTER);
    terminal.sees("column_type:");

    terminal.asks("new_name:");
    enter(&mut terminal, "remark");
    terminal.asks("batch_size:");
    enter(&mut terminal, "0");
    terminal.sees("below the minimum 1; write a whole number from 1 to 100000");
    terminal.types(key::ESC);
    terminal.asks("new_name:");
    enter(&mut terminal, "comment");
    terminal.asks("batch_size: (5000)");
    terminal.types(key::ENTER);

    terminal.sees("rename-orders-note-to-comment: Rename orders.note to comment");
    terminal.sees("destructive: it asks first");
    terminal.asks("This is the runbook:");
    enter(&mut terminal, "read");
    terminal.sees("Rename `note` of `orders` to `comment`");
    terminal.asks("This is the runbook:");
    enter(&mut terminal, "write");
    terminal.asks("Write it to: (rename-orders-note-to-comment.md)");
    terminal.types(key::ENTER);
    let screen = terminal.ends(0);

    let file = "rename-orders-note-to-comment.md";
    assert!(screen.contains(&format!("next: review it, then `rollbook plan {file} --db ")), "{screen}");
    let url = &lab.url;
    lab.rollbook(&["check", file]).expect(0).says("0 errors, 0 warnings");
    lab.rollbook(&["plan", file, "--db", url]).expect(0);
    // The printed command writes the same.
    let said: String =
        screen.split("the same without a question:").nth(1).unwrap().split_whitespace().collect();
    let sets = ["table=orders", "column=note", "new_name=comment"];
    for set in sets {
        assert!(said.contains(&format!("--set{set}")), "{said}");
    }
    assert!(said.ends_with(&format!("-o{file}")) && !said.contains("batch_size"), "{said}");
    let again = lab.rollbook(&[
        "new",
        "rename-column",
        "--db",
        url,
        "--set",
        sets[0],
        "--set",
        sets[1],
        "--set",
        sets[2],
    ]);
    assert_eq!(again.expect(0).out, lab.read(file));
}

#[test]
fn typed_and_completed_on_sqlite() {
    typed_and_completed(Engine::Sqlite);
}

#[test]
fn typed_and_completed_on_postgres() {
    typed_and_completed(Engine::Postgres);
}

#[test]
fn a_table_of_another_schema_is_completed_with_it_and_a_password_is_not_told() {
    let lab = lab(Engine::Postgres);
    lab.sql("CREATE SCHEMA app; CREATE TABLE app.invoices (id integer PRIMARY KEY, paid boolean)");
    // The server asks for no password, and takes any.
    let url = lab.url.replace("postgres@", "postgres:hunter2@");
    let arguments = ["new", "add-index-online", "--set", "index=invoices_paid"];
    let mut terminal = Terminal::open(&lab, 100, &arguments);
    terminal.asks("Look names and types up in:");
    enter(&mut terminal, "URL");
    terminal.asks("URL:");
    enter(&mut terminal, &url.replacen("postgres:", "oracle:", 1));
    terminal.sees("`oracle:` is not a kind of database");
    for _ in 0..url.len() {
        terminal.types("\x7f");
    }
    terminal.asks("URL: ");
    enter(&mut terminal, &url);
    terminal.asks("table:");
    terminal.types(&format!("inv{}", key::TAB));
    terminal.asks("table: app.invoices");
    terminal.types(key::ENTER);
    terminal.asks("columns:");
    terminal.types(&format!("pa{}", key::TAB));
    terminal.asks("columns: paid");
    terminal.types(key::ENTER);
    terminal.asks("unique:");
    terminal.sees("> no");
    terminal.types(key::ENTER);
    terminal.asks("This is the runbook:");
    terminal.types(key::ENTER);
    terminal.asks("Write it to:");
    enter(&mut terminal, "b.md");
    let screen = terminal.ends(0);
    assert!(!screen.contains("hunter2"), "{screen}");
    assert!(screen.contains("the password of the URL is left out"), "{screen}");
    assert!(lab.read("b.md").contains("app.invoices"));
    lab.rollbook(&["check", "b.md"]).expect(0);
}

#[test]
fn an_interrupt_at_any_question_leaves_nothing_behind() {
    let lab = lab(Engine::Sqlite);
    let before = std::fs::read_dir(&lab.folder).unwrap().count();
    let steps: [(&str, &str); 6] = [
        ("I want to:", "rename column\r"),
        ("Look names and types up in:", "URL\r"),
        ("URL:", "sqlite:app.db\r"),
        ("table:", "orders\r"),
        ("column:", "note\r"),
        ("new_name:", "remark\r"),
    ];
    for stop in 0..=steps.len() {
        let mut terminal = Terminal::open(&lab, 100, &["new"]);
        for (question, answer) in &steps[..stop] {
            terminal.asks(question);
            terminal.types(answer);
        }
        terminal.asks(steps.get(stop).map_or("batch_size:", |(question, _)| question));
        terminal.types(key::CTRL_C);
        let screen = terminal.ends(130);
        assert!(screen.contains("interrupted at a question; nothing was changed"), "{screen}");
    }
    assert_eq!(std::fs::read_dir(&lab.folder).unwrap().count(), before);
}

#[test]
fn esc_leads_back_to_the_first_question_and_out() {
    let lab = lab(Engine::Sqlite);
    let mut terminal = Terminal::open(&lab, 100, &["new"]);
    begin(&mut terminal, "rename column", &lab.url);
    for question in ["table:", "URL:", "Look names and types up in:", "I want to:"] {
        terminal.asks(question);
        terminal.types(key::ESC);
    }
    terminal.ends(130);
}

#[test]
fn a_narrow_screen_without_colours_says_the_same() {
    let lab = lab(Engine::Sqlite);
    lab.write("taken.md", "mine");
    let arguments = ["new", "drop-column", "--set", "table=orders"];
    let mut terminal = Terminal::with(&lab, 60, &arguments, |command| {
        command.env("NO_COLOR", "1");
    });
    terminal.asks("Look names and types up in:");
    // Without a database the engine is asked for, and what a text can do without is not.
    enter(&mut terminal, "none");
    terminal.asks("Written for:");
    terminal.types(&format!("sqlite{}", key::ENTER));
    terminal.asks("column:");
    enter(&mut terminal, "note");
    terminal.asks("column_type:");
    enter(&mut terminal, "text; DROP TABLE orders");
    terminal.sees("column_type holds `;`, so it is not one type");
    for _ in 0..30 {
        terminal.types("\x7f");
    }
    enter(&mut terminal, "text");
    terminal.asks("not_null:");
    terminal.types(key::ENTER);
    terminal.asks("column_default:");
    terminal.sees("Enter leaves it out");
    terminal.types(key::ENTER);
    terminal.asks("This is the runbook:");
    terminal.types(key::ENTER);
    terminal.asks("Write it to:");
    enter(&mut terminal, "taken.md");
    terminal.sees("taken.md exists already, and nothing is overwritten");
    assert!(!terminal.is_coloured(), "{}", terminal.screen());
    for _ in 0..8 {
        terminal.types("\x7f");
    }
    enter(&mut terminal, "new.md");
    let screen = terminal.ends(0);
    assert!(screen.contains("--dialect sqlite"), "{screen}");
    assert_eq!(lab.read("taken.md"), "mine");
    lab.rollbook(&["check", "new.md"]).expect(0);
}

#[test]
fn a_change_that_an_engine_cannot_do_says_so_at_once() {
    let lab = lab(Engine::Sqlite);
    let mut terminal = Terminal::open(&lab, 100, &["new"]);
    begin(&mut terminal, "enum text", &lab.url);
    terminal.sees("SQLite has no enum");
    terminal.asks("URL:");
    terminal.types(key::CTRL_C);
    terminal.ends(130);
    lab.rollbook(&["new", "text-to-enum", "--db", &lab.url]).expect(2).says("SQLite has no enum");
}

#[test]
fn targets_of_the_settings_come_first() {
    let lab = lab(Engine::Sqlite);
    lab.write("rollbook.toml", "[targets.prod]\nurl_env = \"PROD\"\n\n[targets.shop]\nurl_env = \"SHOP\"\n");
    let mut terminal = Terminal::with(&lab, 100, &["new", "drop-table"], |command| {
        command.env("SHOP", "sqlite:app.db");
    });
    terminal.asks("Look names and types up in:");
    terminal.sees("> prod (from PROD, which is not set)");
    terminal.types(key::ENTER);
    terminal.sees("target `prod` takes its URL from PROD, which is not set");
    terminal.sees("> prod (from PROD, which is not set)");
    terminal.types(&format!("{}{}", key::DOWN, key::ENTER));
    terminal.asks("table:");
    enter(&mut terminal, "customers");
    terminal.asks("This is the runbook:");
    terminal.types(key::ENTER);
    terminal.asks("Write it to:");
    terminal.types(key::ENTER);
    let screen = terminal.ends(0);
    assert!(screen.contains("--db shop"), "{screen}");
}

#[test]
fn without_a_terminal_all_that_is_missing_is_named_at_once() {
    let lab = lab(Engine::Sqlite);
    let end = lab.rollbook(&["new"]).expect(2);
    end.says("this is missing").says("<template>").says("--db <URL|NAME>");
    let end = lab.rollbook(&["new", "rename-column", "--set", "colum=note"]).expect(2);
    let end = end.says("--db <URL|NAME>").says("--dialect postgres|mysql|sqlite").says("--set table=…");
    let end = end.says("--set column=…").says("--set new_name=…").says("--set key=…");
    end.says("there is no parameter `colum`; did you mean `column`?");
    // What the target answers is not missing.
    let end = lab.rollbook(&["new", "rename-column", "--db", &lab.url, "--set", "table=orders"]).expect(2);
    assert!(!end.err.contains("--set key"), "{}", end.err);
    end.says("--set column=…").says("--set new_name=…");
    let wrong = ["new", "add-index-online", "--db", &lab.url, "--set", "table=orders", "--set", "index=i"];
    let wrong = [&wrong[..], &["--set", "columns=note, nots"]].concat();
    lab.rollbook(&wrong).expect(2).says("table `orders` has no column `nots`").says("did you mean `note`?");
}
