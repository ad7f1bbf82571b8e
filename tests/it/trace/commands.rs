//! The command: what it says, in which form, with which code, and which databases it keeps off.

use std::process::Stdio;

use serde_json::Value;

use crate::json_schema::{Strict, conforms};
use crate::schemas::schema;
use crate::support::{Engine, Lab, until};

const POSTGRES: [Engine; 2] = [Engine::Postgres, Engine::Postgres18];

/// A runbook of these cells.
fn book(engine: Engine, cells: &str) -> String {
    format!(
        "---\nrollbook: 1\nid: book\ntitle: A change\ndialect: {}\nphases: [apply]\n---\n\n## Requirements\n\n## Strategy\n\n\
         ## Safety\n\n## Implementation\n\n{cells}\n## Validation\n",
        engine.dialect()
    )
}

/// A cell for each statement, none of which can be undone.
fn one_way(engine: Engine, statements: &[&str]) -> String {
    let cell = |(index, sql): (usize, &&str)| {
        format!(
            "```sql {{id=step-{} phase=apply role=forward .destructive}}\n--| irreversible: a test\n{sql}\n```\n",
            index + 1
        )
    };
    book(engine, &statements.iter().enumerate().map(cell).collect::<String>())
}

fn trace<'a>(lab: &'a Lab, more: &[&'a str]) -> Vec<&'a str> {
    [&["check", "book.md", "--trace", "--scratch", &lab.url], more].concat()
}

/// What is printed as JSON, held to its schema.
fn report(lab: &Lab, code: i32) -> Value {
    let end = lab.rollbook(&trace(lab, &["--format", "json"])).expect(code);
    let report: Value = serde_json::from_str(&end.out).unwrap();
    conforms(&report, &schema("findings"), Strict::OurOwn);
    report
}

/// `level[rule] cell: message` of what measuring found.
fn found(report: &Value) -> Vec<String> {
    let ours = ["prediction-too-weak", "prediction-too-strong", "not-measured"];
    let findings = report["findings"].as_array().unwrap().iter();
    let ours = findings.filter(|finding| ours.contains(&finding["rule"].as_str().unwrap()));
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    ours.map(|finding| {
        format!(
            "{}[{}] {}: {}",
            text(finding, "level"),
            text(finding, "rule"),
            text(finding, "cell"),
            text(finding, "message")
        )
    })
    .collect()
}

/// `verdict measured` of an aspect of each statement, in the order in which they ran.
fn aspect(report: &Value, aspect: &str) -> Vec<String> {
    let statements = report["measured"]["statements"].as_array().unwrap();
    let of = |statement: &Value| {
        let aspects = statement["aspects"].as_array().unwrap();
        let Some(found) = aspects.iter().find(|found| found["aspect"] == aspect) else {
            return statement["outcome"].as_str().unwrap().to_owned();
        };
        let words = found["measured"].as_str().or(found["why_not"].as_str()).unwrap();
        format!("{} {words}", found["verdict"].as_str().unwrap())
    };
    statements.iter().map(of).collect()
}

const ORDERS: &str = "CREATE TABLE customers (id int PRIMARY KEY); \
    CREATE TABLE orders (id int PRIMARY KEY, customer int, state text, total int); \
    INSERT INTO customers SELECT generate_series(1, 50); \
    INSERT INTO orders SELECT n, n, 'new', n FROM generate_series(1, 50) n";

const CHANGE: &str = "```sql {id=add phase=apply role=forward}
ALTER TABLE orders ADD COLUMN paid boolean;
```
```sql {of=add phase=apply role=rollback .destructive}
ALTER TABLE orders DROP COLUMN paid;
```
```sql {id=fill phase=apply role=forward}
--| batch: {table: orders, key: id}
--| irreversible: the column goes
UPDATE orders SET paid = false WHERE {{ batch }} AND paid IS NULL;
```
```sql {id=index phase=apply role=forward}
CREATE INDEX CONCURRENTLY orders_customer ON orders (customer);
```
```sql {of=index phase=apply role=rollback}
DROP INDEX CONCURRENTLY orders_customer;
```
```sql {id=refer phase=apply role=forward}
SET LOCAL search_path = public;
ALTER TABLE orders ADD CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) NOT VALID;
```
```sql {of=refer phase=apply role=rollback .destructive}
ALTER TABLE orders DROP CONSTRAINT of_customer;
```
```sql {id=prove phase=apply role=forward}
--| irreversible: a constraint may stay valid
ALTER TABLE orders VALIDATE CONSTRAINT of_customer;
```
```sql {id=narrow phase=apply role=forward .destructive}
ALTER TABLE orders ALTER COLUMN state TYPE varchar(20);
```
```sql {of=narrow phase=apply role=rollback .destructive}
ALTER TABLE orders ALTER COLUMN state TYPE text;
```
";

#[test]
fn what_is_as_predicted_is_shown_and_is_no_finding() {
    for engine in POSTGRES {
        let lab = Lab::scratch(engine);
        lab.sql(ORDERS);
        lab.write("book.md", &book(engine, CHANGE));
        let report = report(&lab, 1);
        // Nobody reads of the parent that a dropped foreign key locks.
        assert_eq!(
            found(&report),
            [
                "error[prediction-too-weak] refer.rollback: this takes ACCESS EXCLUSIVE on `customers`, which was not predicted"
            ]
        );
        let statements = report["measured"]["statements"].as_array().unwrap();
        let cells: Vec<&str> =
            statements.iter().map(|statement| statement["cell"].as_str().unwrap()).collect();
        let forward = ["add", "fill", "index", "refer", "refer", "prove", "narrow"];
        let back = ["narrow.rollback", "refer.rollback", "index.rollback", "add.rollback"];
        assert_eq!(cells, [&forward[..], &back].concat());
        assert_eq!(
            aspect(&report, "locks"),
            [
                "agrees ACCESS EXCLUSIVE orders",
                "agrees ROW EXCLUSIVE orders",
                "agrees SHARE UPDATE EXCLUSIVE orders",
                "agrees none",
                "agrees SHARE ROW EXCLUSIVE customers, SHARE ROW EXCLUSIVE orders",
                "agrees SHARE UPDATE EXCLUSIVE orders",
                "agrees ACCESS EXCLUSIVE orders",
                "agrees ACCESS EXCLUSIVE orders",
                "too_weak ACCESS EXCLUSIVE customers, ACCESS EXCLUSIVE orders",
                "agrees none",
                "agrees ACCESS EXCLUSIVE orders",
            ],
            "{report:#}"
        );
        // What the text of a type change leaves open, the server does not.
        let rewrites = aspect(&report, "rewrites");
        assert_eq!((rewrites[6].as_str(), rewrites[7].as_str()), ("answered orders", "answered no"));
        assert!(
            rewrites.iter().enumerate().all(|(at, said)| at == 6 || at == 7 || said == "agrees no"),
            "{rewrites:?}"
        );
        assert_eq!(aspect(&report, "scans")[2], "agrees orders");
        assert_eq!(aspect(&report, "builds_index")[2], "agrees orders_customer");
        assert_eq!(aspect(&report, "transaction")[2], "agrees refused");
        // What the rollback cells undo is undone.
        assert_eq!(lab.sql("SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped"), "4");
        let table = lab.rollbook(&trace(&lab, &[])).expect(1);
        table
            .says("measured on")
            .says("! ACCESS")
            .says("? orders")
            .says("- not measured: scans: the planner chooses")
            .says("11 of 11 statements measured on")
            .says("1 other than predicted");
    }
}

/// What the text cannot tell: triggers of rows and of definitions, foreign keys, defaults of partitions.
#[test]
fn what_a_schema_does_beyond_the_text_is_a_finding() {
    for engine in POSTGRES {
        let lab = Lab::scratch(engine);
        lab.sql(ORDERS);
        lab.sql("CREATE MATERIALIZED VIEW states AS SELECT state, count(*) FROM orders GROUP BY state");
        lab.sql("CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN REFRESH MATERIALIZED VIEW states; RETURN NULL; END $$");
        lab.sql("CREATE TRIGGER again AFTER UPDATE ON orders EXECUTE FUNCTION again()");
        lab.sql("CREATE TABLE log (at timestamptz, what text)");
        lab.sql(
            "CREATE FUNCTION noted() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
             LOCK TABLE log IN EXCLUSIVE MODE; INSERT INTO log VALUES (now(), tg_tag); END $$",
        );
        lab.sql(
            "CREATE EVENT TRIGGER noted ON ddl_command_end WHEN tag IN ('COMMENT') EXECUTE FUNCTION noted()",
        );
        lab.sql("CREATE TABLE lines (id int, orders int REFERENCES orders (id))");
        lab.sql("CREATE PROCEDURE bit_by_bit() LANGUAGE plpgsql AS $$ BEGIN UPDATE lines SET id = 1; COMMIT; END $$");
        let statements = [
            "UPDATE orders SET state = 'paid' WHERE id = 1;",
            "COMMENT ON TABLE orders IS 'what was bought';",
            "DROP TABLE lines;",
            "REINDEX TABLE log;",
        ];
        lab.write("book.md", &one_way(engine, &statements));
        let report = report(&lab, 1);
        assert_eq!(
            found(&report),
            [
                "error[prediction-too-weak] step-1: this takes ACCESS EXCLUSIVE on `states`, which was not predicted",
                "error[prediction-too-weak] step-1: this writes `states` anew, and no rewrite was predicted",
                "error[prediction-too-weak] step-2: this takes EXCLUSIVE on `log`, which was not predicted",
                "error[prediction-too-weak] step-3: this takes ACCESS EXCLUSIVE on `orders`, which was not predicted",
                "note[prediction-too-strong] step-4: this does no scan, which was predicted",
                "note[prediction-too-strong] step-4: this does no index build, which was predicted",
            ],
            "{report:#}"
        );
    }
}

#[test]
fn every_format_has_the_disagreement() {
    let lab = Lab::scratch(Engine::Postgres);
    let fill = || {
        lab.sql("DROP TABLE IF EXISTS lines, orders, customers");
        lab.sql(ORDERS);
        lab.sql("CREATE TABLE lines (id int, orders int REFERENCES orders (id))");
    };
    lab.write("book.md", &one_way(Engine::Postgres, &["DROP TABLE lines;"]));
    for (format, says) in [
        ("full", "error[prediction-too-weak]: this takes ACCESS EXCLUSIVE on `orders`"),
        ("concise", "book.md:19:1: error[prediction-too-weak]: this takes ACCESS EXCLUSIVE on `orders`"),
        ("github", "::error "),
        ("sarif", "\"ruleId\":\"prediction-too-weak\""),
        ("json", "\"rule\":\"prediction-too-weak\""),
    ] {
        fill();
        let end = lab.rollbook(&trace(&lab, &["--format", format])).expect(1).says(says);
        assert!(end.err.contains("1 of 1 statement measured on"), "{}", end.err);
        assert_eq!(end.out.contains("measured on"), format == "full", "{}", end.out);
    }
    fill();
    let allowed = "--| allow: {prediction-too-weak: nobody is there at night}\nDROP TABLE";
    lab.write("book.md", &one_way(Engine::Postgres, &["DROP TABLE lines;"]).replace("DROP TABLE", allowed));
    lab.rollbook(&trace(&lab, &[])).expect(0).says("0 errors, 0 warnings").says("! ACCESS EXCLUSIVE lines");
    fill();
    lab.write("book.md", &one_way(Engine::Postgres, &["DROP TABLE lines;"]));
    lab.write("rollbook.toml", "[rules]\nprediction-too-weak = \"warning\"\n");
    lab.rollbook(&trace(&lab, &[])).expect(0).says("warning[prediction-too-weak]");
}

#[test]
fn what_the_scratch_database_refuses_ends_the_measuring() {
    for engine in POSTGRES {
        let lab = Lab::scratch(engine);
        lab.sql(ORDERS);
        let statements = [
            "CREATE ROLE nobody_makes_this;",
            "ALTER TABLE orders ADD COLUMN a int;",
            "ALTER TABLE orders\n  ALTER COLUMN nowhere SET NOT NULL;",
            "ALTER TABLE orders ADD COLUMN b int;",
        ];
        lab.write("book.md", &one_way(engine, &statements));
        let report = report(&lab, 1);
        let refused = "column \"nowhere\" of relation \"orders\" does not exist";
        assert_eq!(
            found(&report),
            [
                "note[not-measured] step-1: this was not measured: it changes the whole server, not only the scratch database"
                    .to_owned(),
                format!("error[not-measured] step-3: this was refused by the scratch database: {refused}"),
                "note[not-measured] step-4: this was not measured: statement 1 of `step-3` was refused before".to_owned(),
            ]
        );
        assert_eq!(lab.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'nobody_makes_this'"), "0");
        lab.rollbook(&["check", "book.md"]).expect(0);
    }
}

/// Behind a step that nothing undoes, a refused rollback says nothing.
#[test]
fn a_refused_rollback_is_an_error_unless_a_step_in_between_has_no_way_back() {
    let lab = Lab::scratch(Engine::Postgres);
    let cells = "```sql {id=add phase=apply role=forward}
ALTER TABLE orders ADD COLUMN paid boolean;
```
```sql {of=add phase=apply role=rollback .destructive}
ALTER TABLE orders DROP COLUMN payed;
```
";
    let drop = "```sql {id=drop phase=apply role=forward .destructive}\n--| irreversible: a test\nDROP TABLE orders;\n```\n";
    lab.sql(ORDERS);
    lab.write("book.md", &book(Engine::Postgres, cells));
    let refused =
        "error[not-measured] add.rollback: this was refused by the scratch database: column \"payed\"";
    let errors = found(&report(&lab, 1));
    assert!(errors.len() == 1 && errors[0].starts_with(refused), "{errors:?}");
    lab.sql("DROP TABLE orders, customers");
    lab.sql(ORDERS);
    lab.write("book.md", &book(Engine::Postgres, &format!("{cells}{drop}")));
    let notes = found(&report(&lab, 0));
    let excused = "note[not-measured] add.rollback: this was not measured: nothing undoes `drop`, and the server refused this";
    assert!(notes.len() == 1 && notes[0].starts_with(excused), "{notes:?}");
}

#[test]
fn a_database_that_may_be_needed_is_left_alone() {
    let lab = Lab::new(Engine::Postgres);
    lab.sql(ORDERS);
    lab.write("book.md", &one_way(Engine::Postgres, &["DROP TABLE orders;"]));
    lab.rollbook(&trace(&lab, &[])).expect(2).says("is not plainly a scratch database").says("shop_scratch");
    assert!(lab.has_table("orders"));

    let lab = Lab::scratch(Engine::Postgres);
    lab.sql(ORDERS);
    lab.write("book.md", &one_way(Engine::Postgres, &["DROP TABLE orders;"]));
    lab.rollbook(&["check", "book.md", "--trace"]).expect(2).says("--scratch");
    lab.rollbook(&["check", "book.md", "--scratch", &lab.url]).expect(2).says("--trace");
    lab.rollbook(&trace(&lab, &["book.md"])).expect(2).says("--trace takes one runbook");
    lab.rollbook(&["check", ".", "--trace", "--scratch", &lab.url])
        .expect(2)
        .says("--trace takes one runbook");

    let mut other = lab.shell("SELECT 'here', pg_sleep(60)").stdout(Stdio::piped()).spawn().unwrap();
    until("the other session", || {
        lab.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()") == "1"
    });
    lab.rollbook(&trace(&lab, &[])).expect(2).says("others are connected to it").says("psql");
    lab.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()");
    other.wait().unwrap();

    lab.sql("CREATE EXTENSION IF NOT EXISTS postgres_fdw");
    lab.sql("CREATE SERVER billing FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'prod')");
    lab.sql("CREATE USER MAPPING FOR postgres SERVER billing OPTIONS (user 'ann')");
    lab.rollbook(&trace(&lab, &[])).expect(2).says("leads into another database: foreign server billing");
    lab.sql("DROP USER MAPPING FOR postgres SERVER billing");

    lab.write(
        "first.md",
        &one_way(Engine::Postgres, &["CREATE TABLE first (id int);"]).replace("id: book", "id: first"),
    );
    let end = lab.rollbook(&["run", "first.md", "--db", &lab.url]).expect(3);
    lab.rollbook(&["run", "first.md", "--db", &lab.url, "--confirm", &end.consent()]).expect(0);
    lab.rollbook(&trace(&lab, &[])).expect(2).says("its journal has runs of first");
    assert!(lab.has_table("orders"), "nothing was dropped while it was refused");
    lab.sql("DROP SCHEMA rollbook CASCADE");
    lab.rollbook(&trace(&lab, &[])).expect(0);
    assert!(!lab.has_table("orders"));
}

#[test]
fn a_runbook_with_errors_is_not_measured() {
    let lab = Lab::scratch(Engine::Postgres);
    lab.write("book.md", "---\nrollbook: 1\n");
    lab.rollbook(&trace(&lab, &[])).expect(1).says("nothing is measured, because the runbook has errors");
    lab.write("book.md", &one_way(Engine::Sqlite, &["DROP TABLE orders;"]));
    lab.rollbook(&trace(&lab, &[])).expect(2).says("written for sqlite, not for postgres");
    let asks = one_way(Engine::Postgres, &["CREATE TABLE {{ name | ident }} (id int);"])
        .replace("phases:", "params:\n  name: {type: identifier}\nphases:");
    lab.write("book.md", &asks);
    lab.rollbook(&trace(&lab, &[])).expect(2).says("give it: `--set name=");
    lab.rollbook(&trace(&lab, &["--set", "name=made"])).expect(0).says("1 of 1 statement measured");
    assert!(lab.has_table("made"));
}
