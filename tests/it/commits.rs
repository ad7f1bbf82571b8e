//! MySQL and MariaDB: definitions commit by themselves, so a statement is the unit of resume.

use std::process::Child;

use crate::support::{Engine, Lab, Outcome, until};

macro_rules! on_both_servers {
    ($($scenario:ident),+ $(,)?) => {
        mod mariadb { $(#[test] fn $scenario() { super::$scenario(super::Engine::Mariadb); })+ }
        mod mysql { $(#[test] fn $scenario() { super::$scenario(super::Engine::Mysql); })+ }
    };
}

on_both_servers!(
    a_cell_goes_on_at_the_statement_that_failed,
    rows_beside_definitions_have_a_transaction,
    a_change_in_doubt_is_settled_by_the_catalog,
    rows_in_doubt_wait_for_a_human,
    who_holds_a_definition_or_a_row_is_named,
    routines_run_with_delimiter_and_without,
    a_refusal_that_did_something_is_in_doubt,
    rows_that_no_transaction_holds_are_not_put_into_one,
    rows_that_stay_behind_a_refusal_are_in_doubt,
    what_has_not_run_of_a_rollback_may_change,
);

fn lab(engine: Engine, cells: &str) -> Lab {
    let lab = Lab::new(engine);
    lab.write(
        "book.md",
        &format!("---\nrollbook: 1\nid: book\ntitle: A change\ndialect: mysql\n---\n\n# A change\n\n{cells}"),
    );
    lab
}

/// A forward cell, and a rollback cell that is not run here.
fn cell(options: &str, sql: &str) -> String {
    format!(
        "```sql {{id=change phase=apply role=forward{options}}}\n{sql}\n```\n\
         ```sql {{of=change phase=apply role=rollback .destructive}}\nDROP TABLE t;\n```\n"
    )
}

fn a_cell_goes_on_at_the_statement_that_failed(engine: Engine) {
    let lab = lab(
        engine,
        &cell(
            "",
            "CREATE TABLE t (n integer PRIMARY KEY);\nALTER TABLE t ADD COLUMN a integer;\nALTER TABLE u ADD COLUMN b integer;\nALTER TABLE t ADD COLUMN c integer;",
        ),
    );
    lab.on("run", &[]).expect(1).says("failed on statement 3").says("2 of 4 statements are committed");
    lab.sql("CREATE TABLE u (n integer)");
    lab.on("run", &[]).expect(0);
    assert_eq!(lab.entries("\"event\":\"statement_done\""), 4, "each statement once");
    assert_eq!(lab.sql("SELECT COUNT(a) + COUNT(c) FROM t"), "0");
}

fn rows_beside_definitions_have_a_transaction(engine: Engine) {
    let lab = lab(
        engine,
        &cell(
            "",
            "CREATE TABLE t (n integer PRIMARY KEY);\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2), (1);",
        ),
    );
    lab.on("run", &[]).expect(1).says("failed on statement 3").says("1 of 3 statements is committed");
    assert_eq!(lab.sql("SELECT COUNT(*) FROM t"), "0", "the rows went together");
    assert_eq!(lab.entries("\"event\":\"statement_intended\""), 1, "only the definition needs an intent");
}

/// A session that has read `t` in a transaction that it does not end: whoever alters `t` waits.
fn holder(lab: &Lab, sql: &str) -> Child {
    let holder = lab.shell(&format!("START TRANSACTION; {sql}; SELECT SLEEP(600)")).spawn().unwrap();
    until("the open transaction", || sessions(lab, "SLEEP(600)") == 1);
    holder
}

fn sessions(lab: &Lab, what: &str) -> usize {
    let rows = lab.sql(&format!(
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%{what}%' \
         AND id <> CONNECTION_ID()"
    ));
    rows.lines().count()
}

fn end_sessions(lab: &Lab, what: &str) {
    let rows = lab.sql(&format!(
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%{what}%' \
         AND id <> CONNECTION_ID()"
    ));
    for id in rows.lines() {
        let _ = lab.shell(&format!("KILL {id}")).output();
    }
}

fn a_change_in_doubt_is_settled_by_the_catalog(engine: Engine) {
    let lab = lab(
        engine,
        &cell("", "ALTER TABLE t ADD COLUMN a integer NOT NULL DEFAULT 7, ALTER COLUMN b SET DEFAULT 5;"),
    );
    lab.sql("CREATE TABLE t (n integer PRIMARY KEY, b integer)");
    lab.sql("INSERT INTO t VALUES (1, 1)");
    let holder = holder(&lab, "SELECT * FROM t");
    let mut run = lab.spawn("run", &["--lock-timeout", "60s"]);
    until("the change that waits", || sessions(&lab, "ADD COLUMN a%rollbook") == 1);
    run.kill().unwrap();
    run.wait().unwrap();
    assert_eq!(lab.entries("\"event\":\"statement_intended\""), 1);
    end_sessions(&lab, "SLEEP(600)");
    Outcome::end(holder);
    // The server may have gone on with the change or have noticed that nobody waits for it.
    let mut end = None;
    until("the end of the server's side", || {
        let now = lab.on("run", &[]);
        let waits = now.code == 4 && now.out.contains("is still running");
        end = Some(now);
        !waits && end.as_ref().is_some_and(|end| end.code != 5)
    });
    let end = end.unwrap().expect(0);
    let done = end.out.contains("statement 1 of change was done: the catalog says of t");
    let not_done = end.out.contains("statement 1 of change was not done: t, t.a, t.b is what it was before");
    assert!(done || not_done, "{}", end.out);
    assert_eq!(lab.sql("SELECT a, b FROM t"), "7|1");
    assert_eq!(lab.entries("\"event\":\"statement_done\""), u64::from(not_done));
}

fn rows_in_doubt_wait_for_a_human(engine: Engine) {
    let lab = lab(engine, &cell("", "--| tx: none\nUPDATE t SET n = n + 1 WHERE SLEEP(0.5) = 0;"));
    lab.sql("CREATE TABLE t (n integer)");
    lab.sql("INSERT INTO t VALUES (1)");
    let mut run = lab.spawn("run", &[]);
    until("the update", || sessions(&lab, "UPDATE t%rollbook") == 1);
    run.kill().unwrap();
    run.wait().unwrap();
    until("the end of the server's side", || sessions(&lab, "UPDATE t%rollbook") == 0);
    until("the end of the lock", || lab.on("run", &[]).code != 5);
    let now = lab.sql("SELECT n FROM t");
    lab.on("run", &[])
        .expect(4)
        .says("no trace")
        .says("--resolve change=done")
        .says("--resolve change=not-done");
    lab.on("run", &["--resolve", "change=partial"]).expect(4).says("took effect in part");
    lab.on("status", &[]).expect(0).says("in doubt");
    let said = if now == "2" { "change=done" } else { "change=not-done" };
    lab.on("run", &["--resolve", said]).expect(0).says("ann@lab said so on the command line");
    assert_eq!(lab.sql("SELECT n FROM t"), "2");
}

fn who_holds_a_definition_or_a_row_is_named(engine: Engine) {
    let lab = lab(
        engine,
        "```sql {id=rows phase=apply role=forward}\n--| irreversible: a test\nUPDATE t SET b = 1 WHERE n = 1;\n```\n\n\
         ```sql {id=change phase=apply role=forward}\n--| irreversible: a test\nALTER TABLE t ADD COLUMN a integer;\n```\n",
    );
    lab.sql("CREATE TABLE t (n integer PRIMARY KEY, b integer)");
    lab.sql("INSERT INTO t VALUES (1, 1)");
    let holder = holder(&lab, "UPDATE t SET b = 2 WHERE n = 1");
    let limits = &["--lock-timeout", "2s", "--retry", "0"];
    let rows =
        lab.on("run", limits).expect(1).says("Lock wait timeout exceeded").says("in the way: connection ");
    rows.says("user root").says("s in its transaction, query: SELECT SLEEP(…)").says("rolled back");
    lab.write("book.md", &lab.read("book.md").replace("UPDATE t SET b = 1 WHERE n = 1", "SELECT 1"));
    let change =
        lab.on("run", limits).expect(1).says("Lock wait timeout exceeded").says("in the way: connection ");
    change.says("SELECT SLEEP(…)");
    end_sessions(&lab, "SLEEP(600)");
    Outcome::end(holder);
    lab.on("run", &[]).expect(0);
}

fn routines_run_with_delimiter_and_without(engine: Engine) {
    let lab = lab(
        engine,
        &cell(
            "",
            "CREATE TABLE t (n integer);\nCREATE PROCEDURE twice(IN x integer)\nBEGIN\n  IF x > 0 THEN\n    INSERT INTO t VALUES (x);\n    INSERT INTO t VALUES (x);\n  END IF;\nEND;\nDELIMITER //\nCREATE TRIGGER up BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.n = NEW.n + 1; END//\nDELIMITER ;",
        ),
    );
    lab.on("run", &[]).expect(0);
    lab.sql("CALL twice(6)");
    assert_eq!(lab.sql("SELECT n FROM t"), "7\n7");
    assert_eq!(lab.entries("\"event\":\"statement_done\""), 3);
}

/// MariaDB drops the first of two tables and refuses the second; MySQL drops neither.
fn a_refusal_that_did_something_is_in_doubt(engine: Engine) {
    let lab = lab(engine, &cell(" .destructive", "DROP TABLE t, nope;"));
    lab.sql("CREATE TABLE t (n integer)");
    let consent = lab.on("run", &[]).expect(3).consent();
    let end = lab.on("run", &["--confirm", &consent]);
    if engine == Engine::Mariadb {
        let end = end.expect(4).says("refused statement 1 of cell `change`").says("Unknown table");
        end.says("not what they were before").says("--resolve change=done");
        assert_eq!(lab.sql("SHOW TABLES LIKE 't'"), "");
        lab.on("run", &["--confirm", &consent, "--resolve", "change=done"]).expect(0);
    } else {
        end.expect(1).says("Unknown table").says("refused the statement");
        assert_eq!(lab.sql("SHOW TABLES LIKE 't'"), "t");
    }
}

fn rows_that_no_transaction_holds_are_not_put_into_one(engine: Engine) {
    let lab = lab(engine, &cell("", "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (1);"));
    lab.sql("CREATE TABLE t (n integer PRIMARY KEY) ENGINE = MyISAM");
    let end = lab.on("run", &[]).expect(1).says("table t is of engine MyISAM, which no transaction holds");
    end.says("--| tx: none");
    assert_eq!(lab.sql("SELECT COUNT(*) FROM t"), "0");
    lab.sql("ALTER TABLE t ENGINE = InnoDB");
    lab.on("run", &[]).expect(1).says("Duplicate entry");
    assert_eq!(lab.sql("SELECT COUNT(*) FROM t"), "0");
}

fn rows_that_stay_behind_a_refusal_are_in_doubt(engine: Engine) {
    let lab = lab(engine, &cell("", "--| tx: none\nINSERT INTO t VALUES (1), (2), (1);"));
    lab.sql("CREATE TABLE t (n integer PRIMARY KEY) ENGINE = MyISAM");
    let end =
        lab.on("run", &[]).expect(4).says("Duplicate entry").says("it may have done a part of its work");
    end.says("--resolve change=done");
    assert_eq!(lab.sql("SELECT COUNT(*) FROM t"), "2");
}

fn what_has_not_run_of_a_rollback_may_change(engine: Engine) {
    let text = "```sql {id=change phase=apply role=forward}\nCREATE TABLE t (n integer, m integer);\nCREATE INDEX i ON t (n);\nCREATE INDEX j ON t (nope);\n```\n\
        ```sql {of=change phase=apply role=rollback .destructive}\nDROP INDEX i ON t;\nDROP INDEX j ON t;\nDROP TABLE t;\n```\n";
    let lab = lab(engine, text);
    lab.on("run", &[]).expect(1).says("failed on statement 3");
    lab.through("rollback", &[]).expect(1).says("1 of 3 statements is committed");
    let book = lab.read("book.md");
    lab.write("book.md", &book.replace("DROP INDEX i ON t;\n", "DROP INDEX k ON t;\n"));
    lab.on("rollback", &[]).expect(2).says("its text has changed");
    lab.write("book.md", &book.replace("DROP INDEX j ON t;\n", ""));
    lab.through("rollback", &[]).expect(0).says("everything is undone");
    assert_eq!(lab.sql("SHOW TABLES LIKE 't'"), "");
}
