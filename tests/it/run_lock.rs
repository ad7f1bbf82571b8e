//! The run lock: one run at a time, whatever is between it and the server, and however it dies.

use std::process::{Child, Command};

use crate::support::{Engine, Lab, Outcome, PgBouncer, Server, until};

/// A counter that each batch raises by one: SQL that must not run twice.
const COUNTING: &str = r#"---
rollbook: 1
id: book
title: A counter
dialect: postgres
---

```sql {id=make phase=apply role=forward}
CREATE TABLE counts (id integer PRIMARY KEY, n integer);
INSERT INTO counts WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 400) SELECT n, 0 FROM s;
```
```sql {of=make phase=apply role=rollback .destructive}
DROP TABLE counts;
```

```sql {id=raise phase=apply role=forward}
--| batch: {table: counts, key: id, size: 10, pause: 50ms}
--| irreversible: a count cannot be taken back
UPDATE counts SET n = n + 1 WHERE {{ batch }};
```
"#;

fn lab(text: &str) -> Lab {
    let lab = Lab::new(Engine::Postgres);
    lab.write("book.md", text);
    lab
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

/// A run whose lease is over after a moment of silence.
fn with_short_lease(lab: &Lab) -> Command {
    let mut command = lab.command(&["run", "book.md", "--db", &lab.url]);
    command.env("ROLLBOOK_LEASE_MILLIS", "1200");
    command
}

#[test]
fn a_silent_owner_loses_the_lock_and_changes_nothing_when_it_wakes() {
    let mysql = COUNTING.replace("dialect: postgres", "dialect: mysql");
    for (engine, text) in [(Engine::Postgres, COUNTING), (Engine::Mariadb, &mysql), (Engine::Mysql, &mysql)] {
        let lab = Lab::new(engine);
        lab.write("book.md", text);
        is_taken_over(&lab);
    }
}

fn is_taken_over(lab: &Lab) {
    let mut first = with_short_lease(lab);
    let first =
        first.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    until("a few batches", || lab.last_batch().0 >= 3);
    signal(&first, "-STOP");
    let held = Outcome::of(&mut with_short_lease(lab));
    held.expect(5).says("another run holds the target");
    let mut taken = None;
    until("the end of the lease", || {
        let end = Outcome::of(&mut with_short_lease(lab));
        let done = end.code == 0;
        taken = Some(end);
        done
    });
    taken.unwrap().says("the run lock of ann@lab").says("is taken over: silent for");
    signal(&first, "-CONT");
    let end = Outcome::end(first).says("help: ");
    assert!([1, 5].contains(&end.code), "{end:?}");
    assert_eq!(lab.sql("SELECT n, count(*) FROM counts GROUP BY n"), "1|400");
    assert_eq!(lab.last_batch().0, 40);
    assert_eq!(lab.entries("\"event\":\"lock_taken_over\""), 1);
}

#[test]
fn a_living_owner_keeps_the_lock_beyond_its_lease() {
    let lab = lab(COUNTING);
    let first = with_short_lease(&lab).stdout(std::process::Stdio::null()).spawn().unwrap();
    until("a heartbeat", || {
        lab.last_batch().0 >= 1
            && lab.sql("SELECT heartbeat > backend_start + interval '1.3 s' FROM rollbook.lease JOIN pg_stat_activity USING (pid)") == "t"
    });
    Outcome::of(&mut with_short_lease(&lab)).expect(5);
    Outcome::end(first).expect(0);
}

#[test]
fn a_pooler_that_shares_sessions_is_refused() {
    let server = Server::shared(Engine::Postgres);
    let pooler = PgBouncer::before(&server);
    let lab = lab(COUNTING);
    let url = lab.url_at(pooler.port());
    let end = lab.rollbook(&["run", "book.md", "--db", &url]).expect(2);
    end.says("goes through a pooler that shares sessions")
        .says("nothing was changed")
        .says("server's own address");
    assert_eq!(lab.sql("SELECT to_regnamespace('rollbook') IS NULL"), "t");
}

#[test]
fn two_engines_that_build_concurrently_do_not_wait_for_each_other() {
    let build = |name: &str| {
        format!(
            "---\nrollbook: 1\nid: {name}\ntitle: An index\ndialect: postgres\n---\n\n\
             ```sql {{id=index phase=apply role=forward}}\nCREATE INDEX CONCURRENTLY {name} ON orders (id);\n```\n\
             ```sql {{of=index phase=apply role=rollback}}\nDROP INDEX CONCURRENTLY {name};\n```\n"
        )
    };
    let lab = lab(&build("one"));
    lab.write("two.md", &build("two"));
    lab.sql("CREATE TABLE orders (id integer)");
    let holder = lab.shell("BEGIN; INSERT INTO orders VALUES (1); SELECT pg_sleep(600)").spawn().unwrap();
    let active = |what: &str| {
        format!(
            "FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' \
             AND pid <> pg_backend_pid() AND query LIKE '%{what}%'"
        )
    };
    until("the open transaction", || lab.sql(&format!("SELECT count(*) {}", active("pg_sleep"))) == "1");
    let first = lab.spawn("run", &[]);
    until("the build", || lab.sql(&format!("SELECT count(*) {}", active("CONCURRENTLY"))) == "1");
    // Many runners come and go while the build waits: none of them waits for its lock.
    for _ in 0..5 {
        lab.rollbook(&["run", "two.md", "--db", &lab.url]).expect(5).says("on cell index");
    }
    lab.sql(&format!("SELECT pg_terminate_backend(pid) {}", active("pg_sleep")));
    Outcome::end(holder);
    Outcome::end(first).expect(0);
    lab.rollbook(&["run", "two.md", "--db", &lab.url]).expect(0);
    assert_eq!(
        lab.sql("SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass AND indisvalid"),
        "2"
    );
}
