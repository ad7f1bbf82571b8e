//! Gates, holds and doubts, answered at the keyboard.

use crate::support::{Engine, Lab, Terminal, key, until};

const BOOK: &str = "---
rollbook: 1
id: book
title: Drop a column
dialect: DIALECT
phases: [expand, contract]
holds:
  before-contract: The new release is everywhere.
---

# Drop a column

```sql {id=note phase=expand role=forward}
ALTER TABLE users ADD COLUMN note integer;
```
```sql {of=note phase=expand role=rollback .destructive}
ALTER TABLE users DROP COLUMN note;
```

```sql {id=drop-email phase=contract role=forward .destructive}
ALTER TABLE users DROP COLUMN email;
```
```sql {of=drop-email phase=contract role=rollback}
ALTER TABLE users ADD COLUMN email text;
```
";

fn lab(engine: Engine) -> Lab {
    let lab = Lab::new(engine);
    lab.sql("CREATE TABLE users (id integer PRIMARY KEY, email text)");
    lab.write("book.md", &BOOK.replace("DIALECT", engine.dialect()));
    lab
}

fn run<'a>(lab: &'a Lab, more: &[&'a str]) -> Terminal {
    let mut arguments = vec!["run", "book.md", "--db", &lab.url];
    arguments.extend(more);
    Terminal::open(lab, 100, &arguments)
}

const HOLD: &str = "type before-contract to go on, or `stop`: ";
const DROP: &str = "type drop-email to go on, or `stop`: ";

fn has_email(lab: &Lab) -> bool {
    lab.shell("SELECT email FROM users").output().unwrap().status.success()
}

/// Brings a run to the destructive gate, past the hold.
fn at_the_gate(lab: &Lab) -> Terminal {
    let mut terminal = run(lab, &[]);
    terminal.sees("STOP hold `before-contract`");
    terminal.sees("waits for: The new release is everywhere.");
    terminal.asks(HOLD);
    terminal.types("before-contract");
    terminal.types(key::ENTER);
    terminal.sees("STOP cell `drop-email` is destructive");
    terminal.sees("ALTER TABLE users DROP COLUMN email");
    terminal.asks(DROP);
    terminal
}

fn only_the_cells_name_opens_a_gate(engine: Engine) {
    let lab = lab(engine);
    let mut terminal = at_the_gate(&lab);
    for (wrong, answer) in
        [("", ""), ("y", "that is not drop-email"), ("DROP-EMAIL", "that is not drop-email")]
    {
        terminal.types(&format!("{wrong}{}", key::ENTER));
        terminal.sees(answer);
        terminal.asks(DROP);
        assert!(has_email(&lab), "`{wrong}` opened the gate");
    }
    terminal.types(&format!("drop-email{}", key::ENTER));
    let screen = terminal.ends(0);
    assert!(screen.contains("completed"), "{screen}");
    assert!(!has_email(&lab));
    assert_eq!(lab.entries("\"event\":\"gate_opened\""), 2);
}

fn stop_is_an_answer(engine: Engine) {
    let lab = lab(engine);
    let mut terminal = at_the_gate(&lab);
    terminal.types(&format!("stop{}", key::ENTER));
    let screen = terminal.ends(3);
    assert!(screen.contains("next: rollbook run book.md"), "{screen}");
    assert!(has_email(&lab));
    // The hold is not asked again.
    let mut terminal = run(&lab, &[]);
    terminal.asks(DROP);
    assert!(!terminal.screen().contains("hold `before-contract`"), "{}", terminal.screen());
    terminal.types(&format!("drop-email{}", key::ENTER));
    terminal.ends(0);
    assert!(!has_email(&lab));
}

fn an_interrupt_and_the_end_of_the_input_leave_a_gate_closed(engine: Engine) {
    for keys in [key::CTRL_C, key::CTRL_D] {
        let lab = lab(engine);
        let mut terminal = at_the_gate(&lab);
        terminal.types(keys);
        let screen = terminal.ends(3);
        assert!(screen.contains("next: rollbook run book.md"), "{screen}");
        assert!(!screen.contains("in flight"), "nothing is in flight:\n{screen}");
        assert!(has_email(&lab));
        let mut terminal = run(&lab, &[]);
        terminal.asks(DROP);
        terminal.types(&format!("drop-email{}", key::ENTER));
        terminal.ends(0);
        assert!(!has_email(&lab));
    }
}

fn a_rollback_asks_too(engine: Engine) {
    let lab = lab(engine);
    run(&lab, &["--until", "note"]).ends(0);
    let arguments = ["rollback", "book.md", "--db", &lab.url];
    let mut terminal = Terminal::open(&lab, 100, &arguments);
    terminal.sees("STOP cell `note.rollback` is destructive");
    terminal.asks("type note.rollback to go on, or `stop`: ");
    terminal.types(&format!("note{}", key::ENTER));
    terminal.sees("that is not note.rollback");
    terminal.asks("type note.rollback to go on");
    terminal.types(&format!("note.rollback{}", key::ENTER));
    terminal.ends(0);
    assert!(!lab.shell("SELECT note FROM users").output().unwrap().status.success());
}

macro_rules! on_each {
    ($($name:ident)*) => {$(
        mod $name {
            use crate::support::Engine;

            #[test]
            fn sqlite() {
                super::$name(Engine::Sqlite);
            }

            #[test]
            fn postgres() {
                super::$name(Engine::Postgres);
            }
        }
    )*};
}

on_each! {
    only_the_cells_name_opens_a_gate
    stop_is_an_answer
    an_interrupt_and_the_end_of_the_input_leave_a_gate_closed
    a_rollback_asks_too
}

const DOUBT: &str = "---
rollbook: 1
id: book
title: Count on
dialect: postgres
---

# Count on

```sql {id=count phase=apply role=forward}
--| tx: none
--| irreversible: a test
UPDATE t SET n = n + 1 WHERE pg_sleep(0.5) IS NOT NULL;
```
";

/// A run whose process died while a statement was out that no transaction holds. The answer is what the
/// database says.
fn in_doubt() -> (Lab, bool) {
    let lab = Lab::new(Engine::Postgres);
    lab.sql("CREATE TABLE t (n integer)");
    lab.sql("INSERT INTO t VALUES (1)");
    lab.write("book.md", DOUBT);
    let sessions = || {
        lab.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE t%' AND state = 'active' AND datname = current_database()")
    };
    let mut run = lab.spawn("run", &[]);
    until("the update", || sessions() == "1");
    run.kill().unwrap();
    run.wait().unwrap();
    until("the end of the server's side", || sessions() == "0");
    until("the end of the lock", || lab.on("run", &[]).code != 5);
    let done = lab.sql("SELECT n FROM t") == "2";
    (lab, done)
}

const SETTLE: &str = "type `done`, `not-done` or `partial`, or `stop`: ";

#[test]
fn a_doubt_is_settled_by_what_a_person_says() {
    let (lab, done) = in_doubt();
    let mut terminal = run(&lab, &[]);
    terminal.sees("IN DOUBT statement 1 of `count` was sent");
    terminal.sees("look at the database before you answer");
    for wrong in ["", "yes", "Done"] {
        terminal.asks(SETTLE);
        terminal.types(&format!("{wrong}{}", key::ENTER));
    }
    terminal.asks(SETTLE);
    terminal.types(&format!("stop{}", key::ENTER));
    let screen = terminal.ends(4);
    assert!(screen.contains("--resolve count=not-done"), "{screen}");

    for keys in [key::CTRL_C, key::CTRL_D] {
        let mut terminal = run(&lab, &[]);
        terminal.asks(SETTLE);
        terminal.types(keys);
        terminal.ends(4);
    }

    let mut terminal = run(&lab, &[]);
    terminal.asks(SETTLE);
    terminal.types(&format!("{}{}", if done { "done" } else { "not-done" }, key::ENTER));
    terminal.ends(0);
    assert_eq!(lab.sql("SELECT n FROM t"), "2");
}
