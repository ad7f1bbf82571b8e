//! What `plan` says of a live database, on real servers in real situations.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::json_schema::{Strict, conforms};
use crate::schemas::schema;
use crate::support::{Engine, Lab, Outcome, until};

fn book(engine: Engine, cells: &[&str]) -> String {
    let mut text = format!(
        "---\nrollbook: 1\nid: book\ntitle: A change\ndialect: {}\nphases: [apply]\n---\n\n# A change\n",
        engine.dialect()
    );
    for (index, sql) in cells.iter().enumerate() {
        text.push_str(&format!(
            "\n```sql {{id=step-{} phase=apply role=forward .destructive}}\n--| irreversible: a test\n{sql}\n```\n",
            index + 1
        ));
    }
    text
}

/// A shop with a parent, a child, an index, a view, a trigger and 5,000 orders.
fn shop(engine: Engine) -> Lab {
    let lab = Lab::new(engine);
    lab.sql("CREATE TABLE customers (id integer PRIMARY KEY, name varchar(30))");
    lab.sql("INSERT INTO customers VALUES (1, 'ann')");
    lab.sql(
        "CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL, status varchar(20), note varchar(100), \
         CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id))",
    );
    let digits = "(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL \
                  SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    lab.sql(&format!(
        "INSERT INTO orders SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n, 1, 'new', 'a note that takes some room' \
         FROM {digits} a, {digits} b, {digits} c, {digits} d WHERE d.n < 5"
    ));
    lab.sql("CREATE INDEX orders_status ON orders (status)");
    lab.sql("CREATE VIEW recent_orders AS SELECT id, status FROM orders");
    match engine {
        Engine::Postgres | Engine::Postgres18 => {
            lab.sql(
                "CREATE FUNCTION open_orders() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM orders WHERE status = 'new' $$",
            );
            lab.sql("CREATE PUBLICATION feed FOR TABLE orders");
            lab.sql("VACUUM ANALYZE");
        }
        Engine::Mariadb | Engine::Mysql => {
            lab.sql("CREATE PROCEDURE cleanup() DELETE FROM orders WHERE status = 'old'");
            lab.sql("ANALYZE TABLE orders, customers");
        }
        Engine::Sqlite => {}
    }
    lab
}

/// The plan as JSON, whatever its exit code, after a look at its schema.
fn plan(lab: &Lab, url: &str) -> Value {
    let outcome = lab.rollbook(&["plan", "book.md", "--db", url, "--format", "json"]);
    assert!(matches!(outcome.code, 0 | 1), "{outcome:?}");
    let plan: Value = serde_json::from_str(&outcome.out).unwrap_or_else(|_| panic!("{outcome:?}"));
    conforms(&plan, &schema("plan"), Strict::OurOwn);
    plan
}

/// What the statement meets: step and statement from 1.
fn live(plan: &Value, step: usize, statement: usize) -> &Value {
    &plan["steps"][step - 1]["statements"][statement - 1]["live"]
}

fn messages(plan: &Value) -> Vec<String> {
    let findings = plan["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| format!("{}: {}", f["level"].as_str().unwrap(), f["message"].as_str().unwrap()))
        .collect()
}

fn has_bond(live: &Value, bond: &str, what: &str) -> bool {
    let needed = live["needed"].as_array().unwrap();
    needed.iter().any(|needed| needed["bond"] == bond && needed["what"].as_str().unwrap().contains(what))
}

/// A session that has written to `orders` and does not end its transaction.
fn holder(lab: &Lab) -> Child {
    let write = "INSERT INTO orders VALUES (-1, 1, 'x', 'hunter2')";
    let (sql, there) = match lab.engine {
        Engine::Postgres | Engine::Postgres18 => (
            format!("BEGIN; {write}; SELECT pg_sleep(600)"),
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
        ),
        Engine::Mariadb | Engine::Mysql => (
            format!("BEGIN; {write}; SELECT SLEEP(600)"),
            "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%SLEEP(600)%' \
             AND id <> CONNECTION_ID()",
        ),
        Engine::Sqlite => unreachable!("it has no sessions"),
    };
    let holder = lab.shell(&sql).stdout(Stdio::null()).spawn().unwrap();
    until("the open transaction", || lab.sql(there) == "1");
    holder
}

fn release(lab: &Lab, holder: Child) {
    match lab.engine {
        Engine::Postgres | Engine::Postgres18 => {
            lab.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'");
        }
        _ => {
            let id = lab.sql(
                "SELECT MAX(id) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%SLEEP(600)%' AND id <> CONNECTION_ID()",
            );
            lab.sql(&format!("KILL {id}"));
        }
    }
    Outcome::end(holder);
}

#[test]
fn sizes_rows_and_times_are_told_with_where_they_come_from() {
    for engine in Engine::ALL {
        let lab = shop(engine);
        lab.write(
            "book.md",
            &book(engine, &["CREATE INDEX orders_note ON orders (note);", "UPDATE orders SET note = 'x';"]),
        );
        let plan = plan(&lab, &lab.url);
        let index = live(&plan, 1, 1);
        let table = &index["tables"][0];
        let rows = table["rows"].as_u64().unwrap();
        // InnoDB samples a few pages.
        let about = if engine.dialect() == "mysql" { 1000..25000 } else { 4000..6000 };
        assert!(about.contains(&rows), "{engine:?}: {table}");
        assert!(table["bytes"].as_u64().unwrap() > 100_000, "{engine:?}: {table}");
        assert!(table["rows_from"].as_str().unwrap().len() > 5, "{table}");
        let takes = &index["takes"];
        assert_eq!(takes["class"], "instant", "{takes}");
        assert!(takes["to_millis"].as_u64().unwrap() > 0, "{takes}");
        assert!(takes["method"].as_str().unwrap().contains("MB/s"), "{takes}");
        assert!(index["space"]["needs"].as_u64().unwrap() > 100_000, "{index}");
        let update = live(&plan, 2, 1)["takes"]["method"].as_str().unwrap();
        assert!(update.contains("rows changed at"), "{engine:?}: {update}");
        let text = lab.on("plan", &[]).expect(0).says("takes").says("orders: ").says("summary").out;
        let narrow =
            Outcome::of(lab.command(&["plan", "book.md", "--db", &lab.url]).env("COLUMNS", "80")).expect(0);
        let widest = narrow.out.lines().map(|line| line.chars().count()).max();
        // One word may be longer than the room for it: the server's place is in the heading.
        assert!(widest.is_some_and(|widest| widest <= 84), "{engine:?}: {}", narrow.out);
        assert!(
            text.contains(if engine == Engine::Sqlite { "free" } else { "does not tell" })
                || text.contains("plugin"),
            "{text}"
        );
    }
}

#[test]
fn what_needs_a_dropped_thing_is_named_and_a_refusal_foretold() {
    for engine in Engine::ALL {
        let lab = shop(engine);
        let cells = ["ALTER TABLE orders DROP COLUMN status;", "DROP TABLE customers;"];
        lab.write("book.md", &book(engine, &cells));
        let plan = plan(&lab, &lab.url);
        let (column, table) = (live(&plan, 1, 1), live(&plan, 2, 1));
        let said = messages(&plan);
        let says = |text: &str| said.iter().any(|message| message.contains(text));
        match engine {
            Engine::Postgres | Engine::Postgres18 => {
                assert!(has_bond(column, "refuses", "view public.recent_orders"), "{column}");
                assert!(has_bond(column, "goes", "index public.orders_status"), "{column}");
                assert!(has_bond(column, "mentions", "function public.open_orders"), "{column}");
                assert!(has_bond(table, "refuses", "foreign key of_customer on public.orders"), "{table}");
                assert!(
                    says("error: `orders.status` cannot be dropped: view public.recent_orders"),
                    "{said:?}"
                );
                assert!(says("error: `customers` cannot be dropped: foreign key of_customer"), "{said:?}");
                assert!(says("warning: function public.open_orders mentions `orders.status`"), "{said:?}");
            }
            Engine::Mariadb | Engine::Mysql => {
                assert!(has_bond(column, "breaks", "recent_orders"), "{column}");
                assert!(has_bond(column, "goes", "index orders_status"), "{column}");
                assert!(has_bond(column, "mentions", "procedure"), "{column}");
                assert!(has_bond(table, "refuses", "foreign key of_customer"), "{table}");
                assert!(says("error: `customers` cannot be dropped: foreign key of_customer"), "{said:?}");
                assert!(says("needs `orders.status`, which is dropped"), "{said:?}");
            }
            Engine::Sqlite => {
                assert!(has_bond(column, "refuses", "index orders_status"), "{column}");
                assert!(has_bond(column, "mentions", "view recent_orders"), "{column}");
                assert!(has_bond(table, "breaks", "a foreign key on orders"), "{table}");
                assert!(says("error: `orders.status` cannot be dropped: index orders_status"), "{said:?}");
            }
        }
        lab.on("plan", &[]).expect(1).says("error[needed]").says("needed by");
        // And so it is: the first cell that the server is said to refuse, it refuses.
        if matches!(engine, Engine::Postgres | Engine::Postgres18 | Engine::Sqlite) {
            lab.through("run", &[]).expect(1).says("step-1");
        }
    }
}

#[test]
fn what_the_runbook_deals_with_itself_is_no_finding() {
    for engine in Engine::ALL {
        let lab = shop(engine);
        let drop_index = match engine.dialect() {
            "mysql" => "DROP INDEX orders_status ON orders;",
            _ => "DROP INDEX orders_status;",
        };
        let drop_routine = match engine.dialect() {
            "postgres" => "DROP FUNCTION open_orders();",
            "mysql" => "DROP PROCEDURE cleanup;",
            _ => "SELECT 1;",
        };
        let cells = [
            "DROP VIEW recent_orders;",
            drop_index,
            drop_routine,
            "ALTER TABLE orders DROP COLUMN status;",
            "CREATE TABLE archive (id integer PRIMARY KEY);",
            "ALTER TABLE archive ADD COLUMN reason varchar(10);",
            "ALTER TABLE archive RENAME TO attic;",
            "ALTER TABLE attic DROP COLUMN reason;",
            "DROP TABLE attic;",
        ];
        lab.write("book.md", &book(engine, &cells));
        let plan = plan(&lab, &lab.url);
        assert_eq!(messages(&plan), [] as [String; 0], "{engine:?}");
        let made = &live(&plan, 6, 1)["tables"][0];
        assert_eq!(made["made_here"], true, "{engine:?}: {made}");
        lab.through("run", &[]).expect(0);
        let done = self::plan(&lab, &lab.url);
        assert_eq!(live(&done, 1, 1), &Value::Null, "what is committed meets nothing");
        assert_eq!(messages(&done), [] as [String; 0]);
        lab.on("plan", &[]).expect(0).says("every statement is committed already");
    }
}

#[test]
fn what_is_not_there_and_what_is_there_already_is_foretold() {
    for engine in Engine::ALL {
        let lab = shop(engine);
        let cells = [
            "ALTER TABLE orders DROP COLUMN notes;",
            "DROP TABLE nowhere;",
            "CREATE TABLE customers (id integer);",
            "DROP TABLE IF EXISTS missing_too;",
            "ALTER TABLE orders RENAME TO customers;",
        ];
        lab.write("book.md", &book(engine, &cells));
        let said = messages(&plan(&lab, &lab.url));
        let expected = [
            "error: there is no column `orders.notes` when this statement's turn comes",
            "error: there is no table `nowhere` when this statement's turn comes",
            "error: table `customers` exists already",
            "warning: there is no table `missing_too`: this does nothing",
            "error: table `customers` exists already",
        ];
        assert_eq!(
            said.iter()
                .filter(|said| !(said.contains("need") || said.contains("mention")))
                .collect::<Vec<_>>(),
            expected.iter().collect::<Vec<_>>(),
            "{engine:?}: {said:?}"
        );
        lab.on("plan", &[]).expect(1).says("did you mean `note`?");
    }
}

#[test]
fn a_transaction_in_the_way_is_named_without_its_values() {
    for engine in [Engine::Postgres, Engine::Postgres18, Engine::Mariadb, Engine::Mysql] {
        let lab = shop(engine);
        lab.write(
            "book.md",
            &book(
                engine,
                &[
                    "ALTER TABLE orders ADD COLUMN kind integer;",
                    "ALTER TABLE customers ADD COLUMN kind integer;",
                ],
            ),
        );
        let none = plan(&lab, &lab.url);
        let others = |plan: &Value| live(plan, 1, 1)["in_the_way"].as_array().unwrap().len();
        if engine != Engine::Mariadb {
            // MariaDB names every open transaction of the server, and other tests have some.
            assert_eq!(others(&none), 0, "{engine:?}: {none}");
        }
        let holder = holder(&lab);
        // MariaDB does not renew its list while others read it all the time, as the other tests do.
        until(&format!("the transaction that is in the way, {engine:?}"), || {
            others(&plan(&lab, &lab.url)) >= 1
        });
        let found = plan(&lab, &lab.url);
        let end = lab
            .on("plan", &[])
            .expect(0)
            .says("waits for")
            .says("in its transaction")
            .says("would wait for a session");
        assert!(!end.out.contains("hunter2"), "{}", end.out);
        if matches!(engine, Engine::Postgres | Engine::Postgres18) {
            let held = &live(&found, 1, 1)["in_the_way"][0];
            assert_eq!((&held["has"], &held["wants"]), (&"ROW EXCLUSIVE".into(), &"ACCESS EXCLUSIVE".into()));
        }
        release(&lab, holder);
    }
}

#[test]
fn a_locked_table_does_not_hold_the_plan_up() {
    for engine in [Engine::Postgres, Engine::Postgres18, Engine::Mariadb, Engine::Mysql] {
        let lab = shop(engine);
        lab.write("book.md", &book(engine, &["ALTER TABLE orders ADD COLUMN kind integer;"]));
        let (sql, there) = match engine.dialect() {
            "postgres" => (
                "BEGIN; LOCK TABLE orders; SELECT pg_sleep(600)",
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
            ),
            _ => (
                "LOCK TABLES orders WRITE; SELECT SLEEP(600)",
                "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE '%SLEEP(600)%' AND id <> CONNECTION_ID()",
            ),
        };
        let holder = lab.shell(sql).stdout(Stdio::null()).spawn().unwrap();
        until("the locked table", || lab.sql(there) == "1");
        let started = Instant::now();
        let plan = plan(&lab, &lab.url);
        assert!(started.elapsed() < Duration::from_secs(20), "{engine:?}: {:?}", started.elapsed());
        if engine.dialect() == "postgres" {
            let table = &live(&plan, 1, 1)["tables"][0];
            assert!(table["bytes_from"].as_str().unwrap().contains("locked"), "{table}");
            assert!(table["bytes"].as_u64().unwrap() > 100_000, "{table}");
        }
        release(&lab, holder);
    }
}

#[test]
fn a_definition_answers_what_the_text_leaves_open() {
    for engine in [Engine::Postgres, Engine::Postgres18] {
        let lab = shop(engine);
        lab.sql("ALTER TABLE orders ADD CONSTRAINT noted CHECK (note IS NOT NULL)");
        let cells = [
            "ALTER TABLE orders ALTER COLUMN note TYPE varchar(200);",
            "ALTER TABLE orders ALTER COLUMN id TYPE bigint;",
            "ALTER TABLE orders ALTER COLUMN note SET NOT NULL;",
            "ALTER TABLE customers ALTER COLUMN name SET NOT NULL;",
        ];
        lab.write("book.md", &book(engine, &cells));
        let plan = plan(&lab, &lab.url);
        let told = |step| {
            let live = live(&plan, step, 1);
            (live["rewrites"].as_bool(), live["scans"].as_bool())
        };
        let all = [told(1), told(2), told(3), told(4)];
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(all, [(no, no), (yes, yes), (no, no), (no, yes)], "{engine:?}");
    }
}

#[test]
fn a_role_that_may_not_see_things_is_told_what_it_did_not_see() {
    for engine in [Engine::Postgres, Engine::Postgres18, Engine::Mariadb, Engine::Mysql] {
        let lab = shop(engine);
        lab.write(
            "book.md",
            &book(engine, &["ALTER TABLE orders ADD COLUMN kind integer;", "DROP TABLE orders;"]),
        );
        let looker = format!("looker_{}", lab.database());
        let url = match engine.dialect() {
            "postgres" => {
                lab.sql(&format!("CREATE ROLE {looker} LOGIN"));
                lab.url.replace("postgres@", &format!("{looker}@"))
            }
            _ => {
                lab.sql(&format!("CREATE USER {looker}@'127.0.0.1'"));
                lab.sql(&format!("GRANT SELECT ON {}.* TO {looker}@'127.0.0.1'", lab.database()));
                lab.url.replace("root@", &format!("{looker}@"))
            }
        };
        let holder = holder(&lab);
        let plan = plan(&lab, &url);
        let unseen = plan["unseen"].as_array().unwrap();
        assert!(!unseen.is_empty(), "{engine:?}: {plan}");
        let table = &live(&plan, 1, 1)["tables"][0];
        assert!(table["rows"].as_u64().unwrap() > 1000, "{engine:?}: {table}");
        if engine.dialect() == "postgres" {
            assert!(
                unseen.iter().any(|line| line.as_str().unwrap().contains("pg_read_all_stats")),
                "{unseen:?}"
            );
        }
        lab.rollbook(&["plan", "book.md", "--db", &url]).says("not seen");
        release(&lab, holder);
        lab.sql(&match engine.dialect() {
            "postgres" => format!("DROP ROLE {looker}"),
            _ => format!("DROP USER {looker}@'127.0.0.1'"),
        });
    }
}

#[test]
fn what_goes_is_told_to_be_in_use() {
    for engine in [Engine::Postgres, Engine::Postgres18, Engine::Mysql] {
        let lab = shop(engine);
        lab.write("book.md", &book(engine, &["ALTER TABLE customers RENAME COLUMN name TO called;"]));
        for _ in 0..3 {
            lab.sql("SELECT name FROM customers");
        }
        let reads = || live(&plan(&lab, &lab.url), 1, 1)["used"][0]["reads"].as_u64().unwrap_or_default();
        // The server adds up what its sessions did when they end.
        until("the statistics", || reads() >= 3);
        lab.on("plan", &[]).says("in use").says("customers.name").says("since the ");
    }
}

#[test]
fn a_file_that_is_locked_has_a_process_in_the_way() {
    let lab = shop(Engine::Sqlite);
    lab.write("book.md", &book(Engine::Sqlite, &["ALTER TABLE orders ADD COLUMN kind integer;", "VACUUM;"]));
    let free = plan(&lab, &lab.url);
    assert_eq!(live(&free, 1, 1)["in_the_way"], serde_json::json!([]));
    let file = lab.folder.join("app.db");
    let mut held =
        Command::new("sqlite3").arg(&file).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    held.stdin.as_mut().unwrap().write_all(b"BEGIN IMMEDIATE;\n.print locked\n").unwrap();
    let mut line = String::new();
    BufReader::new(held.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let plan = plan(&lab, &lab.url);
    let by = &live(&plan, 1, 1)["in_the_way"][0];
    assert_eq!((&by["has"], &by["by"]["application"]), (&"RESERVED".into(), &"sqlite3".into()), "{by}");
    let vacuum = live(&plan, 2, 1);
    let size = std::fs::metadata(&file).unwrap().len();
    assert_eq!(vacuum["space"]["needs"].as_u64(), Some(size * 2), "{vacuum}");
    let notes: Vec<&str> =
        plan["server"].as_array().unwrap().iter().filter_map(|note| note["text"].as_str()).collect();
    assert!(notes.iter().any(|text| text.contains("pages of 4096 bytes")), "{notes:?}");
    drop(held.stdin.take());
    Outcome::end(held);
}

#[test]
fn without_its_database_a_plan_is_the_text_s() {
    let lab = Lab::new(Engine::Postgres);
    lab.write("book.md", &book(Engine::Postgres, &["ALTER TABLE orders ADD COLUMN kind integer;"]));
    let nobody = format!("postgres://postgres@127.0.0.1:{}/x", crate::support::free_port());
    let end = lab.rollbook(&["plan", "book.md", "--db", &nobody]).expect(0);
    end.says("warning: cannot connect to").says("from the text alone").says("alter table orders");
    let end = lab.rollbook(&["plan", "book.md", "--db", &nobody, "--format", "json"]).expect(0);
    let plan: Value = serde_json::from_str(&end.out).unwrap();
    conforms(&plan, &schema("plan"), Strict::OurOwn);
    assert_eq!((live(&plan, 1, 1), &plan["server"]), (&Value::Null, &Value::Null));
}
