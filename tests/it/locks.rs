//! Locks: how long a statement waits, who is said to be in the way, and what is never killed.

use std::process::Child;

use crate::support::{Engine, Lab, Outcome, until};

const BOOK: &str = r#"---
rollbook: 1
id: book
title: A column
dialect: postgres
phases: [setup, expand]
---

# A column

```sql {id=make phase=setup role=forward}
CREATE TABLE orders (id integer PRIMARY KEY);
```
```sql {of=make phase=setup role=rollback .destructive}
DROP TABLE orders;
```

```sql {id=add phase=expand role=forward}
--| lock_timeout: 400ms
--| retry: 1
ALTER TABLE orders ADD COLUMN code integer;
```
```sql {of=add phase=expand role=rollback .destructive}
ALTER TABLE orders DROP COLUMN code;
```
"#;

/// A session that has written to `orders` and does not end its transaction.
fn holder(lab: &Lab) -> Child {
    let holder =
        lab.shell("BEGIN; INSERT INTO orders VALUES (1); SELECT pg_sleep(600), 'hunter2'").spawn().unwrap();
    until("the open transaction", || lab.sql(&sleepers("count(*)")) == "1");
    holder
}

fn sleepers(what: &str) -> String {
    format!(
        "SELECT {what} FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
         AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep(600)%'"
    )
}

fn release(lab: &Lab, holder: Child) {
    lab.sql(&sleepers("pg_terminate_backend(pid)"));
    Outcome::end(holder);
}

fn lab(text: &str) -> Lab {
    let lab = Lab::new(Engine::Postgres);
    lab.write("book.md", text);
    lab.on("run", &["--until", "setup"]).expect(0);
    lab
}

#[test]
fn a_statement_that_gives_up_names_who_was_in_the_way() {
    let lab = lab(BOOK);
    let holder = holder(&lab);
    let pid = lab.sql(&sleepers("pid"));
    let end = lab.on("run", &[]).expect(1).says("canceling statement due to lock timeout");
    let end =
        end.says("trying again").says(&format!("in the way: server process {pid}, user postgres, psql"));
    let end = end.says("s in its transaction, active: BEGIN; INSERT INTO orders VALUES (…)").says("state: ");
    assert!(!end.out.contains("hunter2"), "a literal of somebody else's statement: {}", end.out);
    release(&lab, holder);
    lab.on("run", &[]).expect(0);
}

#[test]
fn a_lock_that_is_given_back_is_waited_for() {
    let lab = lab(&BOOK.replace("retry: 1", "retry: 20"));
    let holder = holder(&lab);
    let run = lab.spawn("run", &[]);
    until("a second attempt", || lab.entries("\"event\":\"retried\"") > 0 || waiting(&lab));
    release(&lab, holder);
    Outcome::end(run).expect(0);
    assert_eq!(lab.sql("SELECT count(code) FROM orders"), "0");
}

fn waiting(lab: &Lab) -> bool {
    lab.sql("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0"
}

#[test]
fn a_build_waits_for_older_transactions_however_short_the_lock_timeout() {
    let text = BOOK
        .replace(
            "--| lock_timeout: 400ms\n--| retry: 1\nALTER TABLE orders ADD COLUMN code integer;",
            "CREATE INDEX CONCURRENTLY orders_id ON orders (id);",
        )
        .replace(
            " .destructive}\nALTER TABLE orders DROP COLUMN code;",
            "}\nDROP INDEX CONCURRENTLY orders_id;",
        )
        .replace("phases:", "defaults: {lock_timeout: 100ms, statement_timeout: 200ms, retry: 0}\nphases:");
    let lab = lab(&text);
    let holder = holder(&lab);
    let run = lab.spawn("run", &["--lock-timeout", "50ms", "--format", "json"]);
    // Long enough for either timeout to have struck several times over.
    until("the build that waits for a second", || {
        lab.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND state = 'active' \
             AND datname = current_database() AND clock_timestamp() - query_start > interval '1 s'",
        ) == "1"
    });
    release(&lab, holder);
    let out = Outcome::end(run).expect(0).out;
    let told = out.lines().find(|line| line.contains("\"event\":\"waiting\"")).expect("who is waited for");
    assert!(told.contains("\"application\":\"psql\""), "{told}");
}

#[test]
fn the_operator_has_the_last_word_on_limits() {
    let lab = lab(BOOK);
    let holder = holder(&lab);
    let started = std::time::Instant::now();
    lab.on("run", &["--lock-timeout", "50ms", "--retry", "0"]).expect(1).says("attempt 1");
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
    lab.rollbook(&["run", "book.md", "--db", &lab.url, "--lock-timeout", "soon"])
        .expect(2)
        .says("--lock-timeout");
    release(&lab, holder);
    lab.on("plan", &["--lock-timeout", "7s"]).expect(0).says("lock 7s");
    let done = lab.on("run", &["--lock-timeout", "7s"]).expect(0).out;
    let next = done.lines().find(|line| line.starts_with("next: rollbook verify ")).expect("what is next");
    assert!(!next.contains("--lock-timeout"), "{next}");
    Outcome::of(&mut lab.command(&["check", "book.md"])).expect(0);
}
