//! Backfills on real engines: keys of every kind, ends that stay where they are, and keys that fail.

use serde_json::json;

use crate::json_schema::{Strict, conforms};
use crate::schemas::schema;
use crate::support::{Engine, Lab};

/// A runbook with one batched cell.
fn book(engine: Engine, batch: &str, flags: &str, sql: &str) -> String {
    format!(
        "---\nrollbook: 1\nid: book\ntitle: A test\ndialect: {}\n---\n\n\
         ```sql {{id=fill phase=apply role=forward{flags}}}\n--| batch: {batch}\n--| irreversible: a test\n{sql};\n```\n",
        engine.dialect()
    )
}

fn lab(engine: Engine, batch: &str, sql: &str) -> Lab {
    let lab = Lab::new(engine);
    lab.write("book.md", &book(engine, batch, "", sql));
    lab
}

/// `n` numbers from 1, as a query with one column, `n`.
fn numbers(n: u32) -> String {
    format!("WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {n}) SELECT n FROM s")
}

const ENGINES: [Engine; 4] = [Engine::Sqlite, Engine::Postgres, Engine::Mariadb, Engine::Mysql];

/// A key's type, and a value of it for the number `n`. Neither is in the order of the numbers.
struct Kind {
    name: &'static str,
    column: &'static str,
    value: &'static str,
}

const fn kind(name: &'static str, column: &'static str, value: &'static str) -> Kind {
    Kind { name, column, value }
}

fn kinds(engine: Engine) -> Vec<Kind> {
    match engine {
        Engine::Postgres | Engine::Postgres18 => vec![
            kind("bigint", "bigint", "n::bigint * 40000000000 - 2000000000000"),
            kind("uuid", "uuid", "md5(n::text)::uuid"),
            kind("text", "text", "chr(65 + n % 60) || '''\\\\é\n' || n"),
            kind("collated", "text COLLATE \"C\"", "chr(65 + n % 60) || n"),
            kind("char", "char(8)", "'x' || n"),
            kind(
                "timestamptz",
                "timestamptz",
                "timestamptz '2026-03-29 00:00:00.000001+01' + n * interval '1.000001 s'",
            ),
            kind("timestamp", "timestamp", "timestamp '1999-12-31' + n * interval '1 microsecond'"),
            kind("date", "date", "date '0044-03-15 BC' + n"),
            kind("numeric", "numeric", "(n - 50) * 1.00000000000000000001"),
            kind("double", "double precision", "(n - 50) / 7.0::float8"),
            kind("bytea", "bytea", "decode(md5(n::text), 'hex')"),
            kind("boolean and more", "inet", "('10.0.0.0'::inet + n)"),
        ],
        Engine::Mariadb | Engine::Mysql => vec![
            kind("bigint", "bigint unsigned", "18446744073709551615 - n"),
            kind("decimal", "decimal(38,6)", "(n - 50) * 10000000000000000000000000000.000001"),
            kind("binary", "binary(16)", "unhex(left(sha2(n, 256), 32))"),
            kind("varbinary", "varbinary(20)", "concat(char(39, 92, 0, 255), n)"),
            kind("text", "varchar(40)", "concat(char(65 + n % 60), '''\\\\é\\n', n)"),
            kind("bin", "varchar(40) COLLATE utf8mb4_bin", "concat(char(65 + n % 60 USING utf8mb4), n)"),
            kind("latin1", "varchar(40) CHARACTER SET latin1", "concat('é', char(65 + n % 60), n)"),
            kind("datetime", "datetime(6)", "date_add('2026-03-29 01:59:59.999999', INTERVAL n MICROSECOND)"),
            kind(
                "timestamp",
                "timestamp(6)",
                "date_add('2026-03-29 01:59:59.999999', INTERVAL n * 1001 MICROSECOND)",
            ),
            kind("bit", "bit(20)", "n * 7"),
            kind("year", "date", "date_add('0999-12-31', INTERVAL n DAY)"),
        ],
        Engine::Sqlite => vec![
            kind("integer", "integer", "n * 4000000000 - 200000000000"),
            kind("text", "text", "char(65 + n % 60) || '''é' || n"),
            kind("nocase", "text COLLATE NOCASE", "char(65 + n % 26) || n"),
            kind("blob", "blob", "cast(char(39, 65 + n % 60) || n AS blob)"),
            kind("real", "real", "(n - 50) / 7.0"),
            kind("mixed", "", "CASE n % 3 WHEN 0 THEN n WHEN 1 THEN 'x' || n ELSE n / 7.0 END"),
        ],
    }
}

/// Every row is changed once, in batches of the size that was asked for.
fn every_row_once(lab: &Lab, label: &str, rows: u32, batches: u64) {
    lab.on("run", &[]).expect(0);
    assert_eq!(lab.sql("SELECT n, count(*) FROM t GROUP BY n"), format!("1|{rows}"), "{label}");
    assert_eq!(lab.last_batch().0, batches, "{label}");
}

#[test]
fn a_key_may_be_of_any_type_that_is_compared_as_it_is_sorted() {
    for engine in ENGINES {
        for kind in kinds(engine) {
            for order in ["asc", "desc"] {
                let batch = format!("{{table: t, key: k, size: 7, order: {order}}}");
                let lab = lab(engine, &batch, "UPDATE t SET n = n + 1 WHERE {{ batch }}");
                lab.sql(&format!("CREATE TABLE t (k {} NOT NULL PRIMARY KEY, n integer)", kind.column));
                lab.sql(&format!("INSERT INTO t SELECT {}, 0 FROM ({}) q", kind.value, numbers(100)));
                every_row_once(&lab, &format!("{engine:?}, {}, {order}", kind.name), 100, 15);
            }
        }
    }
}

#[test]
fn a_key_may_have_several_columns() {
    for engine in ENGINES {
        for order in ["asc", "desc"] {
            let batch = format!("{{table: t, key: [a, b, c], size: 7, order: {order}}}");
            let lab = lab(engine, &batch, "UPDATE t SET n = n + 1 WHERE {{ batch }}");
            lab.sql(
                "CREATE TABLE t (c integer NOT NULL, a varchar(20) NOT NULL, n integer, b integer NOT NULL, PRIMARY KEY (a, b, c))",
            );
            // A few values of the first column hold nearly every row.
            lab.sql(&format!(
                "INSERT INTO t SELECT n, CASE n % 10 WHEN 0 THEN 'x' WHEN 5 THEN 'z' ELSE 'y' END, 0, n % 4 FROM ({}) q",
                numbers(100)
            ));
            every_row_once(&lab, &format!("{engine:?}, {order}"), 100, 15);
        }
    }
}

#[test]
fn names_may_need_quotes_and_a_schema() {
    let lab = lab(
        Engine::Postgres,
        r#"{table: 'odd."Big Table"', key: '"Id"', size: 40}"#,
        r#"UPDATE odd."Big Table" SET n = n + 1 WHERE {{ batch }}"#,
    );
    lab.sql(r#"CREATE SCHEMA odd; CREATE TABLE odd."Big Table" ("Id" integer PRIMARY KEY, n integer)"#);
    lab.sql(r#"INSERT INTO odd."Big Table" SELECT n, 0 FROM generate_series(1, 100) n"#);
    lab.on("run", &[]).expect(0);
    assert_eq!(lab.sql(r#"SELECT n, count(*) FROM odd."Big Table" GROUP BY n"#), "1|100");
    for engine in [Engine::Mariadb, Engine::Mysql, Engine::Sqlite] {
        let lab = self::lab(
            engine,
            "{table: '`big table`', key: '`key`', size: 40}",
            "UPDATE `big table` SET n = n + 1 WHERE {{ batch }}",
        );
        lab.sql("CREATE TABLE `big table` (`key` integer NOT NULL PRIMARY KEY, n integer)");
        lab.sql(&format!("INSERT INTO `big table` SELECT n, 0 FROM ({}) q", numbers(100)));
        lab.on("run", &[]).expect(0);
        assert_eq!(lab.sql("SELECT n, count(*) FROM `big table` GROUP BY n"), "1|100", "{engine:?}");
    }
}

#[test]
fn a_table_that_cannot_be_walked_is_refused_with_what_can() {
    for engine in ENGINES {
        let update = "UPDATE t SET n = n + 1 WHERE {{ batch }}";
        let with = |key: &str| {
            let lab = lab(engine, &format!("{{table: t, key: {key}}}"), update);
            lab.sql(
                "CREATE TABLE t (id integer NOT NULL PRIMARY KEY, a integer NOT NULL, b integer NOT NULL, n integer, UNIQUE (a, b))",
            );
            lab.sql("INSERT INTO t VALUES (1, 1, 1, 0)");
            lab
        };
        let half = with("a").on("run", &[]).expect(1).says("a is not unique in t");
        half.says("`key: id`").says("`key: [a, b]`").says("no batch has run");
        with("idd").on("run", &[]).expect(1).says("t has no column idd").says("did you mean `key: id`?");
        let lab = with("id");
        lab.sql("DROP TABLE t");
        lab.on("run", &[]).expect(1).says("there is no table t");
    }
    let lab = lab(Engine::Mysql, "{table: t, key: k}", "UPDATE t SET n = 1 WHERE {{ batch }}");
    lab.sql("CREATE TABLE t (k enum('b', 'a') NOT NULL PRIMARY KEY, n integer)");
    lab.on("run", &[]).expect(1).says("not compared in the order they are sorted in");
}

#[test]
fn an_empty_table_has_no_batch() {
    for engine in ENGINES {
        let lab = lab(engine, "{table: t, key: id}", "UPDATE t SET n = n + 1 WHERE {{ batch }}");
        lab.sql("CREATE TABLE t (id integer NOT NULL PRIMARY KEY, n integer)");
        lab.on("run", &[]).expect(0).says("the table is empty");
        assert_eq!(lab.entries("batch_done"), 0);
    }
}

#[test]
fn rows_are_deleted_and_copied_in_batches_too() {
    for engine in ENGINES {
        let delete = Lab::new(engine);
        let sql = "DELETE FROM t WHERE {{ batch }} AND n = 1";
        delete.write("book.md", &book(engine, "{table: t, key: id, size: 9}", " .destructive", sql));
        delete.sql("CREATE TABLE t (id integer NOT NULL PRIMARY KEY, n integer)");
        delete.sql(&format!("INSERT INTO t SELECT n, n % 2 FROM ({}) q", numbers(100)));
        delete.on("run", &[]).expect(3);
        delete.through("run", &[]).expect(0);
        assert_eq!(delete.sql("SELECT n, count(*) FROM t GROUP BY n"), "0|50");
        // 45 rows are left of the first 9, and so on: what is gone is not walked, and nothing is missed.
        let copy = lab(
            engine,
            "{table: t, key: id, size: 9}",
            "INSERT INTO u SELECT id, n FROM t WHERE {{ batch }}",
        );
        copy.sql("CREATE TABLE t (id integer NOT NULL PRIMARY KEY, n integer)");
        copy.sql("CREATE TABLE u (id integer NOT NULL PRIMARY KEY, n integer)");
        copy.sql(&format!("INSERT INTO t SELECT n * n, 1 FROM ({}) q", numbers(100)));
        copy.on("run", &[]).expect(0);
        assert_eq!(copy.sql("SELECT count(*), sum(id) FROM u"), copy.sql("SELECT count(*), sum(id) FROM t"));
    }
}

#[test]
fn rows_beyond_the_ends_are_not_walked() {
    // Each batch adds a row behind the last: a walk without a fixed end would never come to one.
    let lab = lab(
        Engine::Postgres,
        "{table: t, key: id, size: 10}",
        "WITH more AS (INSERT INTO t SELECT max(id) + 1000, 0 FROM t) UPDATE t SET n = n + 1 WHERE {{ batch }}",
    );
    lab.sql("CREATE TABLE t (id integer PRIMARY KEY, n integer); INSERT INTO t SELECT n, 0 FROM generate_series(1, 50) n");
    lab.on("run", &[]).expect(0);
    assert_eq!(lab.sql("SELECT n, count(*) FROM t GROUP BY n ORDER BY n"), "0|5\n1|50");
}

/// A table with two rows that the statement cannot change.
fn with_bad_rows(engine: Engine, on_error: &str) -> Lab {
    let batch = format!("{{table: t, key: id, size: 40, on_error: {on_error}}}");
    let lab = lab(engine, &batch, "UPDATE t SET n = n + 1 WHERE {{ batch }}");
    lab.sql("CREATE TABLE t (id integer NOT NULL PRIMARY KEY, n integer, CHECK (n < 1 OR n > 1 OR id NOT IN (17, 93)))");
    lab.sql(&format!("INSERT INTO t SELECT n, 0 FROM ({}) q", numbers(100)));
    lab
}

#[test]
fn a_key_that_fails_is_found_named_and_left_where_it_is() {
    for engine in ENGINES {
        let lab = with_bad_rows(engine, "stop");
        lab.on("run", &[]).expect(1).says("at id = 17").says("no row of id = 17 is changed").says("skip: ");
        // What stands before it is committed, and nothing behind it.
        assert_eq!(lab.sql("SELECT count(*), max(id) FROM t WHERE n = 1"), "16|16", "{engine:?}");
        lab.on("run", &[]).expect(1).says("at id = 17");
        lab.sql("UPDATE t SET n = 1 WHERE id = 17 AND 1 = 0");
        lab.sql("DELETE FROM t WHERE id IN (17, 93)");
        lab.on("run", &[]).expect(0);
        assert_eq!(lab.sql("SELECT n, count(*) FROM t GROUP BY n"), "1|98", "{engine:?}");
    }
}

#[test]
fn keys_that_fail_are_left_out_where_the_cell_says_so_and_told_at_the_end() {
    for engine in ENGINES {
        let lab = with_bad_rows(engine, "{skip: 2}");
        lab.on("run", &[])
            .expect(0)
            .says("left out: id = 17")
            .says("left out: id = 93")
            .says("2 keys were left out");
        assert_eq!(lab.sql("SELECT n, count(*) FROM t GROUP BY n ORDER BY n"), "0|2\n1|98", "{engine:?}");
        lab.on("status", &[]).expect(0).says("2 keys left out");
        let page = lab.read(&lab.records()[1]);
        assert!(page.contains("**Left out: 2 keys**") && page.contains("id = `93`"), "{page}");
        let lab = with_bad_rows(engine, "{skip: 1}");
        lab.on("run", &[])
            .expect(1)
            .says("left out: id = 17")
            .says("at id = 93")
            .says("1 key is left out already");
        lab.write("book.md", &lab.read("book.md").replace("{skip: 1}", "{skip: 2}"));
        lab.on("run", &[]).expect(0);
        assert_eq!(lab.sql("SELECT n, count(*) FROM t GROUP BY n ORDER BY n"), "0|2\n1|98", "{engine:?}");
    }
}

#[test]
fn a_statement_that_is_wrong_is_not_looked_for_in_the_rows() {
    for engine in ENGINES {
        let lab = lab(engine, "{table: t, key: id}", "UPDATE t SET nope = 1 WHERE {{ batch }}");
        lab.sql("CREATE TABLE t (id integer NOT NULL PRIMARY KEY, n integer)");
        lab.sql(&format!("INSERT INTO t SELECT n, 0 FROM ({}) q", numbers(100)));
        let end = lab.on("run", &[]).expect(1).says("nope");
        assert!(!end.err.contains("at id ="), "{engine:?}: {}", end.err);
    }
}

#[test]
fn a_batch_without_a_size_takes_what_fits_and_every_row_once() {
    for engine in ENGINES {
        let lab = lab(
            engine,
            "{table: t, key: id, target: 20ms, max: 700}",
            "UPDATE t SET n = n + 1 WHERE {{ batch }}",
        );
        lab.sql("CREATE TABLE t (id integer NOT NULL PRIMARY KEY, n integer)");
        lab.sql(&format!(
            "INSERT INTO t SELECT n * 100 + m, 0 FROM ({}) a CROSS JOIN ({}) b",
            numbers(50),
            numbers(90).replace("SELECT n FROM s", "SELECT n AS m FROM s")
        ));
        lab.on("run", &[]).expect(0).says("batches of about 20 ms, from key 101 to 5090");
        assert_eq!(lab.sql("SELECT n, count(*) FROM t GROUP BY n"), "1|4500", "{engine:?}");
        let (batches, keys) = lab.last_batch();
        assert!(batches >= 7 && keys == 4500, "{engine:?}: {batches} batches of {keys} keys");
    }
}

/// Rows are moved to a table that has no key yet: how they come back is looked at before they go.
#[test]
fn a_way_back_that_cannot_be_walked_is_found_before_the_step() {
    for engine in ENGINES {
        let lab = Lab::new(engine);
        lab.sql("CREATE TABLE t (k integer NOT NULL PRIMARY KEY)");
        lab.sql("CREATE TABLE kept (k integer NOT NULL)");
        lab.sql("INSERT INTO t VALUES (1)");
        lab.sql("INSERT INTO kept VALUES (1)");
        let text =
            book(engine, "{table: t, key: k, size: 7}", " .destructive", "DELETE FROM t WHERE {{ batch }}");
        let back = "```\n```sql {of=fill phase=apply role=rollback}\n--| batch: {table: kept, key: k, size: 7}\n\
                    INSERT INTO t (k) SELECT k FROM kept WHERE {{ batch }};\n```\n";
        let text = text.replace("--| irreversible: a test\n", "").trim_end_matches("```\n").to_owned() + back;
        lab.write("book.md", &text);
        let end = lab
            .on("run", &[])
            .expect(1)
            .says("this step could not be undone")
            .says("nothing of this step has run");
        end.says("make a unique index first");
        assert_eq!(lab.sql("SELECT count(*) FROM t"), "1", "{engine:?}");
        lab.sql("CREATE UNIQUE INDEX kept_k ON kept (k)");
        lab.through("run", &[]).expect(0);
        assert_eq!(lab.sql("SELECT count(*) FROM t"), "0", "{engine:?}");
        lab.through("rollback", &[]).expect(0);
        assert_eq!(lab.sql("SELECT count(*) FROM t"), "1", "{engine:?}");
    }
}

#[test]
fn a_plan_on_a_live_database_tells_where_the_walk_is_and_what_is_left() {
    for engine in ENGINES {
        let lab = with_bad_rows(engine, "stop");
        let plan = || lab.rollbook(&["plan", "book.md", "--db", &lab.url, "--format", "json"]).expect(0).out;
        let walk = || {
            let plan: serde_json::Value = serde_json::from_str(&plan()).unwrap();
            conforms(&plan, &schema("plan"), Strict::OurOwn);
            plan["steps"][0]["statements"][0]["live"]["walk"].clone()
        };
        lab.sql("CREATE TABLE kept AS SELECT * FROM t");
        lab.sql("DELETE FROM t");
        lab.rollbook(&["plan", "book.md", "--db", &lab.url]).expect(0).says("there is nothing to walk");
        lab.sql("INSERT INTO t SELECT * FROM kept");
        if matches!(engine, Engine::Postgres) {
            lab.sql("ANALYZE t");
            assert_eq!((&walk()["keys"], &walk()["batches"]), (&json!(100), &json!([3, 3])));
        }
        assert_eq!((&walk()["from"], &walk()["to"]), (&json!("1"), &json!("100")), "{engine:?}");
        lab.on("run", &[]).expect(1).says("at id = 17");
        let left = walk();
        assert_eq!((&left["from"], &left["to"], &left["walked"]), (&json!("16"), &json!("100"), &json!(16)));
        lab.rollbook(&["plan", "book.md", "--db", &lab.url]).expect(0).says("from behind key 16 to 100");
    }
}

#[test]
fn a_statement_of_several_tables_says_which_of_them_is_walked() {
    for engine in ENGINES {
        let (update, alias) = match engine {
            Engine::Mysql | Engine::Mariadb => {
                ("UPDATE t JOIN names ON names.id = t.id SET t.name = names.name WHERE {{ batch }}", "t")
            }
            _ => {
                ("UPDATE t AS x SET name = names.name FROM names WHERE names.id = x.id AND {{ batch }}", "x")
            }
        };
        let lab = lab(engine, "{table: t, key: id, size: 10}", update);
        for table in ["t", "names"] {
            lab.sql(&format!("CREATE TABLE {table} (id integer NOT NULL PRIMARY KEY, name varchar(10))"));
        }
        lab.sql(&format!("INSERT INTO t SELECT n, NULL FROM ({}) q", numbers(25)));
        lab.sql(&format!("INSERT INTO names SELECT n, 'ann' FROM ({}) q", numbers(25)));
        lab.on("run", &[])
            .expect(1)
            .says("ambiguous")
            .says("no batch is committed")
            .says("`as: <its name or alias>`");
        lab.write("book.md", &book(engine, "{table: t, as: u, key: id, size: 10}", "", update));
        lab.rollbook(&["check", "book.md"]).expect(1).says("nothing here is called `u`");
        lab.write(
            "book.md",
            &book(engine, &format!("{{table: t, as: {alias}, key: id, size: 10}}"), "", update),
        );
        lab.on("run", &[]).expect(0);
        assert_eq!(lab.sql("SELECT name, count(*) FROM t GROUP BY name"), "ann|25", "{engine:?}");
    }
}
