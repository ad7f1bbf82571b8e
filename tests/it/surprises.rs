//! What may have changed between two invocations, or gives way under one: each is refused in clear
//! words, or gone on with in clear words.

use crate::support::{Engine, Lab, Outcome};

const SERVERS: [Engine; 5] =
    [Engine::Sqlite, Engine::Postgres, Engine::Postgres18, Engine::Mariadb, Engine::Mysql];

fn book(engine: Engine, cells: &str) -> String {
    format!(
        "---\nrollbook: 1\nid: book\ntitle: A change\ndialect: {}\n---\n\n# A change\n\n{cells}",
        engine.dialect()
    )
}

/// Two steps; the second stops until somebody says that it may go on.
const TWO: &str = "```sql {id=make phase=apply role=forward}\nCREATE TABLE t (n integer PRIMARY KEY);\n```\n\
    ```sql {of=make phase=apply role=rollback .destructive}\nDROP TABLE t;\n```\n\n\
    ```sql {id=fill phase=apply role=forward}\nINSERT INTO t VALUES (1);\n```\n\
    ```sql {of=fill phase=apply role=rollback .destructive}\nDELETE FROM t;\n```\n";

fn lab(engine: Engine, cells: &str) -> Lab {
    let lab = Lab::new(engine);
    lab.write("book.md", &book(engine, cells));
    lab
}

#[test]
fn a_journal_table_that_is_gone_is_not_taken_for_a_fresh_start() {
    for engine in SERVERS {
        let lab = lab(engine, TWO);
        lab.on("run", &["--until", "make"]).expect(0);
        lab.sql(&format!("DROP TABLE {}", lab.journal()));
        lab.on("run", &[]).expect(4).says("journal table is gone, although ann@lab has run").says("records");
        assert_eq!(lab.sql("SELECT COUNT(*) FROM t"), "0", "{engine:?}");
    }
}

#[test]
fn a_journal_that_was_altered_stops_the_run() {
    for engine in SERVERS {
        let lab = lab(engine, TWO);
        lab.on("run", &["--until", "make"]).expect(0);
        let journal = lab.journal();
        lab.sql(&format!("UPDATE {journal} SET entry = REPLACE(entry, 'ann@lab', 'bob@lab') WHERE pos = 1"));
        let end = lab.on("run", &[]).expect(4).says("journal entry 1 was changed after it was written");
        end.says("nothing was run");
        lab.sql(&format!("UPDATE {journal} SET entry = REPLACE(entry, 'bob@lab', 'ann@lab') WHERE pos = 1"));
        if engine != Engine::Sqlite {
            // The lease knows how long it was.
            let all = lab.sql(&format!("SELECT MAX(pos) FROM {journal}"));
            lab.sql(&format!("CREATE TABLE kept AS SELECT * FROM {journal}"));
            lab.sql(&format!("DELETE FROM {journal} WHERE pos > 1"));
            let cut = lab.on("run", &[]).expect(4).says("the journal ends at entry 1, and it has had");
            cut.says(&all).says("restore the table");
            lab.sql(&format!("DELETE FROM {journal}"));
            lab.sql(&format!("INSERT INTO {journal} SELECT * FROM kept"));
        }
        lab.sql(&format!("DELETE FROM {journal} WHERE pos = 2"));
        lab.on("run", &[]).expect(4).says("does not follow the entry before it");
        lab.sql(&format!("ALTER TABLE {journal} RENAME COLUMN entry TO entri"));
        lab.on("run", &[]).expect(1).says("the journal cannot be read").says("somebody changed the table");
        assert_eq!(lab.sql("SELECT COUNT(*) FROM t"), "0", "{engine:?}");
    }
}

#[test]
fn a_full_disk_leaves_nothing_half_done_and_says_what_to_do() {
    // SQLite's own limit on its file stands for the disk.
    let lab = lab(
        Engine::Sqlite,
        "```sql {id=make phase=apply role=forward}\nCREATE TABLE t (n integer, pad text);\n```\n\
         ```sql {of=make phase=apply role=rollback .destructive}\nDROP TABLE t;\n```\n\n\
         ```sql {id=limit phase=apply role=forward}\n--| tx: none\nPRAGMA max_page_count = {{ pages }};\n```\n\
         ```sql {of=limit phase=apply role=rollback}\nPRAGMA max_page_count = 1000000;\n```\n\n\
         ```sql {id=fill phase=apply role=forward}\nINSERT INTO t VALUES (1, hex(zeroblob(1000000)));\n```\n\
         ```sql {of=fill phase=apply role=rollback .destructive}\nDELETE FROM t;\n```\n",
    );
    let text = lab.read("book.md").replace("---\n\n# A", "params:\n  pages: {type: integer}\n---\n\n# A");
    lab.write("book.md", &text);
    let end = lab.on("run", &["--set", "pages=100"]).expect(1).says("full").says("rolled back");
    end.says("make room on the disk, then `rollbook run book.md --db sqlite:app.db --set pages=100`");
    assert_eq!(lab.sql("SELECT count(*) FROM t"), "0");
    // The limit was of that session.
    lab.on("run", &["--set", "pages=100"]).expect(0);
    assert_eq!(lab.sql("SELECT count(*) FROM t"), "1");
}

#[test]
fn a_journal_that_takes_no_more_rolls_the_effect_back() {
    for engine in [Engine::Postgres, Engine::Postgres18] {
        let lab = lab(engine, TWO);
        lab.on("run", &["--until", "make"]).expect(0);
        lab.sql(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.entry LIKE '%statement_done%' THEN RAISE 'no space left on device' USING ERRCODE = '53100'; END IF; \
             RETURN NEW; END $$; \
             CREATE TRIGGER no_room BEFORE INSERT ON rollbook.journal FOR EACH ROW EXECUTE FUNCTION no_room()",
        );
        let end = lab.on("run", &[]).expect(1).says("the journal cannot be written: no space left on device");
        end.says("make room on the disk, then type the same command again").says("rolled back");
        assert_eq!(lab.sql("SELECT count(*) FROM t"), "0", "no effect without its entry");
        lab.sql("DROP TRIGGER no_room ON rollbook.journal");
        lab.on("run", &[]).expect(0);
        assert_eq!(lab.sql("SELECT count(*) FROM t"), "1");
    }
}

#[test]
fn a_clock_that_goes_backwards_changes_nothing() {
    for engine in SERVERS {
        let lab = lab(engine, TWO);
        let at = |clock: &str, more: &[&str]| {
            let mut arguments = vec!["run", "book.md", "--db", &lab.url];
            arguments.extend(more);
            Outcome::of(lab.command(&arguments).env("ROLLBOOK_FIXED_CLOCK", clock))
        };
        at("2026-11-25T09:00:00.000000Z", &["--until", "make"]).expect(0);
        at("2026-11-25T08:00:00.000000Z", &[]).expect(0);
        assert_eq!(lab.sql("SELECT n FROM t"), "1");
        lab.on("status", &[]).expect(0).says("completed");
        let records = lab.records();
        lab.rollbook(&["record", "verify", records[1].to_str().unwrap()]).expect(0);
    }
}

#[test]
fn a_journal_that_came_with_a_copy_goes_on_only_if_somebody_says_so() {
    let lab = lab(Engine::Sqlite, TWO);
    lab.on("run", &["--until", "make"]).expect(0);
    std::fs::create_dir(lab.folder.join("elsewhere")).unwrap();
    std::fs::copy(lab.folder.join("app.db"), lab.folder.join("elsewhere/app.db")).unwrap();
    let copy = ["run", "book.md", "--db", "sqlite:elsewhere/app.db"];
    let gate = lab
        .rollbook(&copy)
        .expect(3)
        .says("not the database that the run began on")
        .says("nothing was changed");
    let consent = gate.consent();
    assert!(consent.starts_with("target@"), "{consent}");
    let mut consented = copy.to_vec();
    consented.extend(["--confirm", &consent]);
    lab.rollbook(&consented).expect(0).says("the run goes on on SQLite");
    assert_eq!(lab.sql("SELECT count(*) FROM t"), "0", "the first database is as it was");
    lab.on("run", &[]).expect(0);
}

#[test]
fn a_server_s_copy_of_a_database_is_another_target() {
    for engine in [Engine::Postgres, Engine::Postgres18] {
        let lab = lab(engine, TWO);
        lab.on("run", &["--until", "make"]).expect(0);
        let copy = format!("{}_copy", lab.database());
        let there = Lab::on_server(engine, crate::support::Server::shared(engine));
        there.sql(&format!("CREATE DATABASE {copy} TEMPLATE {}", lab.database()));
        let url = lab.url.replace(lab.database(), &copy);
        lab.rollbook(&["run", "book.md", "--db", &url]).expect(3).says("the run began on postgres:");
        there.sql(&format!("DROP DATABASE {copy}"));
    }
}

#[test]
fn a_runbook_that_moved_goes_on_and_one_that_is_gone_is_missed() {
    for engine in SERVERS {
        let lab = lab(engine, TWO);
        lab.on("run", &["--until", "make"]).expect(0);
        std::fs::rename(lab.folder.join("book.md"), lab.folder.join("moved.md")).unwrap();
        lab.rollbook(&["status", "--db", &lab.url]).expect(0).says("paused").says("rollbook run book.md");
        lab.on("run", &[]).expect(2).says("cannot read book.md").says("rollbook status");
        let next = lab.rollbook(&["run", "moved.md", "--db", &lab.url, "--step"]).expect(0);
        next.says("continuing run");
        assert_eq!(lab.sql("SELECT n FROM t"), "1");
    }
}

#[test]
fn an_edited_id_does_not_begin_again() {
    for engine in SERVERS {
        let lab = lab(engine, TWO);
        lab.on("run", &["--until", "make"]).expect(0);
        let text = lab.read("book.md");
        lab.write("book.md", &text.replace("id: book", "id: booklet"));
        let end =
            lab.on("run", &[]).expect(2).says("`book` ran here from the same file, with the same cells");
        end.says("put `id: book` back");
        // Another runbook that only shares a name with it is nobody's business.
        lab.write(
            "book.md",
            &text
                .replace("id: book", "id: booklet")
                .replace("TABLE t ", "TABLE u ")
                .replace("INTO t", "INTO u"),
        );
        lab.on("run", &[]).expect(0);
    }
}

#[test]
fn another_secret_is_noticed_where_a_cell_ran_with_the_first() {
    for engine in SERVERS {
        let cells = "```sql {id=make phase=apply role=forward}\nCREATE TABLE t (k varchar(40));\nINSERT INTO t VALUES ({{ token }});\n```\n\
            ```sql {of=make phase=apply role=rollback .destructive}\nDROP TABLE t;\n```\n\n\
            ```sql {id=more phase=apply role=forward}\nINSERT INTO t VALUES ('more');\n```\n\
            ```sql {of=more phase=apply role=rollback .destructive}\nDELETE FROM t;\n```\n";
        let lab = lab(engine, cells);
        let text = lab
            .read("book.md")
            .replace("---\n\n# A", "params:\n  token: {type: string, secret: true}\n---\n\n# A");
        lab.write("book.md", &text);
        lab.on("run", &["--set", "token=hunter2", "--step"]).expect(0);
        let end =
            lab.on("run", &["--set", "token=hunter3"]).expect(2).says("a secret value in it has changed");
        assert!(!format!("{}{}", end.out, end.err).contains("hunter"), "{end:?}");
        lab.on("run", &["--set", "token=hunter2"]).expect(0);
        let journal = lab.sql(&format!("SELECT entry FROM {}", lab.journal()));
        assert!(journal.contains("pbkdf2-sha256$") && !journal.contains("hunter"), "{journal}");
    }
}

#[test]
fn a_changed_parameter_is_named_where_a_done_cell_has_another_value() {
    let cells = "```sql {id=make phase=apply role=forward}\n--| irreversible: a test\nSELECT {{ size }};\n```\n\n\
        ```sql {id=more phase=apply role=forward}\n--| irreversible: a test\nSELECT 1;\n```\n";
    let lab = lab(Engine::Sqlite, cells);
    let text = lab.read("book.md").replace("---\n\n# A", "params:\n  size: {type: integer}\n---\n\n# A");
    lab.write("book.md", &text);
    lab.on("run", &["--set", "size=5", "--step"]).expect(0);
    lab.on("run", &["--set", "size=6"]).expect(2).says("parameter `size` was 5 and is 6 now");
    lab.write("book.md", &text.replace("SELECT {{ size }}", "SELECT 1 + {{ size }}"));
    lab.on("run", &["--set", "size=5"]).expect(2).says("put the text of `make` back");
}

#[test]
fn a_replay_that_checks_nothing_is_no_yes() {
    let lab = lab(Engine::Sqlite, TWO);
    lab.on("run", &[]).expect(0);
    lab.on("verify", &[]).expect(1).says("nothing was checked").says("the runbook has no verify cell");
}

#[test]
fn a_wrong_rollback_cell_keeps_nobody_from_looking() {
    for engine in [Engine::Sqlite, Engine::Postgres, Engine::Mariadb] {
        let verify =
            "```sql {of=make phase=apply role=verify expect=value:0}\nSELECT count(*) FROM t;\n```\n";
        let lab = lab(engine, &format!("{TWO}{verify}"));
        lab.on("run", &["--until", "make"]).expect(0);
        // What it loses is not declared, and its text is no SQL.
        for wrong in ["role=rollback}\nDROP TABLE t;", "role=rollback .destructive}\nDROP TABLE 't;"] {
            let book = book(engine, &format!("{TWO}{verify}"));
            let right = "role=rollback .destructive}\nDROP TABLE t;";
            assert!(book.contains(right));
            lab.write("book.md", &book.replace(right, wrong));
            lab.on("verify", &[]).expect(0).says("error[").says("the rollback cells are left aside");
            lab.rollbook(&["status", "book.md", "--db", &lab.url]).expect(0).says("make");
            lab.on("run", &[]).expect(2).says("book.md has errors");
            lab.on("rollback", &[]).expect(2).says("book.md has errors");
        }
        // What is looked at must be right.
        let wrong = verify.replace("FROM t", "FROM 't");
        lab.write("book.md", &book(engine, &format!("{TWO}{wrong}")));
        lab.on("verify", &[]).expect(2).says("book.md has errors");
    }
}
