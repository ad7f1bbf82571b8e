//! Statements that PostgreSQL refuses in a transaction: intent, statement, outcome.

use std::process::{Child, Stdio};

use crate::support::{Engine, Lab, Outcome, until};

const BOOK: &str = r#"---
rollbook: 1
id: book
title: An index, online
dialect: postgres
phases: [setup, build]
---

# An index, online

```sql {id=make phase=setup role=forward}
CREATE TABLE orders (id integer PRIMARY KEY, code integer NOT NULL);
INSERT INTO orders SELECT n, n / 2 FROM generate_series(1, 1000) n;
```
```sql {of=make phase=setup role=rollback .destructive}
DROP TABLE orders;
```

```sql {id=index phase=build role=forward}
CREATE INDEX CONCURRENTLY orders_code ON orders (code);
```
```sql {of=index phase=build role=rollback}
DROP INDEX CONCURRENTLY orders_code;
```
"#;

macro_rules! on_both_versions {
    ($($scenario:ident),+ $(,)?) => {
        mod postgres { $(#[test] fn $scenario() { super::$scenario(super::Engine::Postgres); })+ }
        mod postgres18 { $(#[test] fn $scenario() { super::$scenario(super::Engine::Postgres18); })+ }
    };
}

on_both_versions!(
    an_intent_stands_before_and_an_outcome_after,
    a_build_in_doubt_is_settled_by_the_catalog,
    a_build_that_the_catalog_shows_is_not_run_again,
    a_statement_without_a_trace_waits_for_a_human,
    a_failed_build_says_what_it_left,
    a_quoted_name_is_looked_up_as_it_is,
    a_rollback_removes_what_a_failed_build_left,
    a_rollback_waits_for_a_build_that_the_server_still_runs,
    verify_cells_that_pass_either_way_prove_nothing,
    what_the_catalog_proves_nobody_s_word_changes,
    a_build_that_the_server_still_runs_is_waited_for,
);

fn lab(engine: Engine, text: &str) -> Lab {
    let lab = Lab::new(engine);
    lab.write("book.md", text);
    lab
}

fn an_intent_stands_before_and_an_outcome_after(engine: Engine) {
    let lab = lab(engine, BOOK);
    lab.on("plan", &[]).expect(0).says("outside a");
    lab.on("run", &[]).expect(0);
    assert_eq!(lab.entries("\"event\":\"statement_intended\""), 1);
    assert_eq!(lab.sql("SELECT indisvalid FROM pg_index WHERE indexrelid = 'orders_code'::regclass"), "t");
    lab.on("rollback", &["--to", "make"]).expect(0);
    assert_eq!(lab.sql("SELECT to_regclass('orders_code') IS NULL"), "t");
    assert_eq!(lab.entries("\"event\":\"statement_intended\""), 2);
}

/// Names and validity of the indexes of `orders` but its key.
fn indexes(lab: &Lab) -> String {
    lab.sql(
        "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid \
         WHERE indrelid = 'orders'::regclass AND NOT indisprimary",
    )
}

/// Whether the server is running a statement that holds `what`.
fn active(lab: &Lab, what: &str) -> bool {
    lab.sql(&format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
         AND pid <> pg_backend_pid() AND query LIKE '%{what}%'"
    )) != "0"
}

/// Whether such a statement has come so far as to wait: an active one may only be parsed yet.
fn waiting(lab: &Lab, what: &str, event: &str) -> bool {
    lab.sql(&format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
         AND wait_event_type = '{event}' AND query LIKE '%{what}%'"
    )) != "0"
}

/// Kills the program while the server builds its index, and returns the client whose open
/// transaction the build is still waiting for.
fn killed_in_flight(lab: &Lab) -> Child {
    lab.on("run", &["--until", "setup"]).expect(0);
    let holder = lab
        .shell("BEGIN; INSERT INTO orders VALUES (5000, 5000); SELECT pg_sleep(600)")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the open transaction", || waiting(lab, "pg_sleep", "Timeout"));
    let mut run = lab.spawn("run", &[]);
    until("the build", || waiting(lab, "CONCURRENTLY", "Lock"));
    run.kill().unwrap();
    run.wait().unwrap();
    holder
}

/// Ends the server's sessions whose statement holds `what`, and waits until no build is left.
fn end_sessions(lab: &Lab, what: &str, holder: Child) {
    lab.sql(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
         AND pid <> pg_backend_pid() AND query LIKE '%{what}%'"
    ));
    Outcome::end(holder);
    until("the end of the server's side", || !active(lab, "CONCURRENTLY"));
}

fn a_build_in_doubt_is_settled_by_the_catalog(engine: Engine) {
    let lab = lab(engine, BOOK);
    let holder = killed_in_flight(&lab);
    end_sessions(&lab, "", holder);
    assert_eq!(lab.entries("\"event\":\"statement_intended\""), 1);
    // The dead build left its index behind, invalid: it goes before the next attempt, if somebody says so.
    let gate = lab.on("run", &[]).expect(3).says("was not done: public.orders_code is there and INVALID");
    let gate = gate.says("DROP INDEX CONCURRENTLY public.orders_code");
    assert_eq!(indexes(&lab), "orders_code|f");
    lab.on("run", &["--confirm", &gate.consent()]).expect(0).says("public.orders_code is removed");
    assert_eq!(indexes(&lab), "orders_code|t");
}

fn a_build_that_the_catalog_shows_is_not_run_again(engine: Engine) {
    let lab = lab(engine, BOOK);
    let holder = killed_in_flight(&lab);
    end_sessions(&lab, "", holder);
    lab.sql("DROP INDEX orders_code");
    lab.sql("CREATE INDEX orders_code ON orders (code)");
    let made = lab.sql("SELECT 'orders_code'::regclass::oid");
    lab.on("run", &[]).expect(0).says("was done: orders_code is there");
    assert_eq!(lab.sql("SELECT 'orders_code'::regclass::oid"), made);
}

fn a_statement_without_a_trace_waits_for_a_human(engine: Engine) {
    let text = BOOK.replace(
        "CREATE INDEX CONCURRENTLY orders_code ON orders (code);",
        "--| tx: none\nUPDATE orders SET code = code + 1 WHERE pg_sleep(0.02) IS NOT NULL;",
    );
    let text = text.replace(
        "DROP INDEX CONCURRENTLY orders_code;",
        "UPDATE orders SET code = code - 1 WHERE true IS TRUE;",
    );
    let lab = lab(engine, &text);
    let mut run = lab.spawn("run", &[]);
    until("the update", || lab.entries("\"event\":\"statement_intended\"") == 1);
    run.kill().unwrap();
    run.wait().unwrap();
    until("the end of the server's side", || {
        lab.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid()",
        ) == "0"
    });
    lab.on("run", &[])
        .expect(4)
        .says("in doubt")
        .says("--resolve index=done")
        .says("--resolve index=not-done");
    lab.on("status", &[]).expect(0).says("in doubt");
    let before = lab.sql("SELECT sum(code) FROM orders");
    lab.on("run", &["--resolve", "index=done"]).expect(0).says("ann@lab said so");
    assert_eq!(lab.sql("SELECT sum(code) FROM orders"), before);
}

fn a_failed_build_says_what_it_left(engine: Engine) {
    let lab = lab(engine, &BOOK.replace("CREATE INDEX CONC", "CREATE UNIQUE INDEX CONC"));
    let end = lab.on("run", &[]).expect(1).says("could not create unique index").says("slows writes down");
    end.says("offers to remove the index first");
    lab.sql("UPDATE orders SET code = id");
    // Somebody else's text for the consent does not remove it.
    lab.on("run", &["--confirm", "index.leftover@000000000000"]).expect(3);
    assert_eq!(indexes(&lab), "orders_code|f");
    let consent = lab.on("run", &[]).expect(3).says("is INVALID").consent();
    lab.on("run", &["--confirm", &consent]).expect(0);
    assert_eq!(indexes(&lab), "orders_code|t");
    assert_eq!(lab.entries("\"event\":\"leftover_removed\""), 1);
}

fn a_rollback_removes_what_a_failed_build_left(engine: Engine) {
    let lab = lab(engine, &BOOK.replace("CREATE INDEX CONC", "CREATE UNIQUE INDEX CONC"));
    lab.on("run", &[]).expect(1);
    assert_eq!(indexes(&lab), "orders_code|f");
    lab.on("rollback", &["--to", "make"]).expect(0).says("everything after `make` is undone");
    assert_eq!(indexes(&lab), "");
}

fn a_quoted_name_is_looked_up_as_it_is(engine: Engine) {
    let text = BOOK
        .replace("CREATE INDEX CONCURRENTLY orders_code", "CREATE UNIQUE INDEX CONCURRENTLY \"Orders Code\"");
    let lab = lab(engine, &text);
    lab.on("run", &["--until", "setup"]).expect(0);
    lab.sql("CREATE INDEX \"orders code\" ON orders (id)");
    lab.on("run", &[]).expect(1).says("slows writes down");
    lab.on("run", &[]).expect(3).says("DROP INDEX CONCURRENTLY public.\"Orders Code\"");
}

fn a_build_that_the_server_still_runs_is_waited_for(engine: Engine) {
    let lab = lab(engine, BOOK);
    let holder = killed_in_flight(&lab);
    until("the end of the lock", || lab.on("run", &[]).code != 5);
    lab.on("run", &[]).expect(4).says("the server is still running statement 1 of `index`: server process");
    end_sessions(&lab, "pg_sleep", holder);
    lab.on("run", &[]).expect(0).says("was done: orders_code is there");
}

fn a_rollback_waits_for_a_build_that_the_server_still_runs(engine: Engine) {
    let lab = lab(engine, BOOK);
    let holder = killed_in_flight(&lab);
    until("the end of the lock", || lab.on("rollback", &["--to", "make"]).code != 5);
    lab.on("rollback", &["--to", "make"])
        .expect(4)
        .says("the server is still running statement 1 of `index`");
    end_sessions(&lab, "pg_sleep", holder);
    lab.on("rollback", &["--to", "make"]).expect(0);
    assert_eq!(indexes(&lab), "");
}

fn verify_cells_that_pass_either_way_prove_nothing(engine: Engine) {
    let text = BOOK.replace(
        "CREATE INDEX CONCURRENTLY orders_code ON orders (code);",
        "--| tx: none\nUPDATE orders SET code = code + 1 WHERE pg_sleep(0.02) IS NOT NULL;",
    );
    let text = format!(
        "{}```sql {{of=index phase=build role=verify expect=empty}}\nSELECT id FROM orders WHERE code IS NULL;\n```\n",
        text.replace(
            "DROP INDEX CONCURRENTLY orders_code;",
            "UPDATE orders SET code = code - 1 WHERE id > 0;"
        )
    );
    let lab = lab(engine, &text);
    let mut run = lab.spawn("run", &[]);
    until("the update", || lab.entries("\"event\":\"statement_intended\"") == 1);
    run.kill().unwrap();
    run.wait().unwrap();
    until("the end of the server's side", || {
        lab.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid()",
        ) == "0"
    });
    lab.on("run", &[]).expect(4).says("passed before it too, so that they prove nothing");
}

fn what_the_catalog_proves_nobody_s_word_changes(engine: Engine) {
    let lab = lab(engine, BOOK);
    let holder = killed_in_flight(&lab);
    end_sessions(&lab, "", holder);
    let end = lab.on("run", &["--resolve", "index=done"]).expect(3).says("was not done");
    end.says("--resolve index=… was not used");
    assert_eq!(indexes(&lab), "orders_code|f");
}
