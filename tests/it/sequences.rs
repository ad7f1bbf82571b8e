//! What a statement loses after those that the same runbook ran before it.

use rollbook::dialect::{Dialect, Sequence};

/// What the last of the statements loses.
fn last(dialect: Dialect, statements: &[&str]) -> Option<String> {
    let mut sequence = Sequence::new(dialect);
    statements.iter().map(|sql| sequence.classify(sql).destructive).last().flatten()
}

fn postgres(statements: &[&str]) -> Option<String> {
    last(Dialect::Postgres, statements)
}

fn mysql(statements: &[&str]) -> Option<String> {
    last(Dialect::Mysql, statements)
}

#[test]
fn what_the_runbook_made_itself_nobody_relies_on() {
    let lossless: [&[&str]; 6] = [
        &["ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID", "ALTER TABLE t DROP CONSTRAINT c"],
        &["ALTER TABLE t ADD COLUMN a int NOT NULL DEFAULT 0", "ALTER TABLE t ALTER a DROP DEFAULT"],
        &["ALTER TABLE t ALTER a SET DEFAULT 0", "ALTER TABLE t ALTER COLUMN a DROP DEFAULT"],
        &["CREATE TABLE t (a int NOT NULL UNIQUE)", "ALTER TABLE t DROP CONSTRAINT t_a_key"],
        &["ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY", "ALTER TABLE t ALTER a DROP IDENTITY"],
        &["CREATE DOMAIN d AS int CONSTRAINT c CHECK (VALUE > 0)", "ALTER DOMAIN d DROP CONSTRAINT c"],
    ];
    for statements in lossless {
        assert_eq!(postgres(statements), None, "{statements:?}");
        let alone = &statements[1..];
        assert!(postgres(alone).is_some(), "{alone:?}");
    }
    assert_eq!(
        postgres(&["ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE u DROP CONSTRAINT c"]),
        Some("drops constraint u.c, which no row has to keep any more".into())
    );
    assert_eq!(
        mysql(&["ALTER TABLE t ADD COLUMN a int DEFAULT 1", "ALTER TABLE t ALTER a DROP DEFAULT"]),
        None
    );
    // Rows may be in it by now.
    assert!(postgres(&["CREATE TABLE t (a int)", "DROP TABLE t"]).is_some());
}

#[test]
fn a_function_does_what_its_body_does() {
    let sql = |body: &str| format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ {body} $$");
    let plpgsql =
        |body: &str| format!("CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN {body} END $$");
    for (function, effect) in [
        (sql("DELETE FROM t; SELECT 1"), Some("deletes every row of t")),
        (sql("UPDATE t SET a = 1 WHERE b RETURNING 1"), None),
        (sql("SELECT purge()"), Some("calls purge, whose effect cannot be read")),
        (plpgsql("DELETE FROM t WHERE a < now(); RETURN 1;"), Some("deletes rows of t")),
        (plpgsql("IF x THEN TRUNCATE t; END IF; RETURN 1;"), Some("truncates t")),
        (plpgsql("EXECUTE 'DROP TABLE ' || n; RETURN 1;"), Some("runs SQL that is put together at run time")),
        (plpgsql("WITH d AS (DELETE FROM t RETURNING 1) SELECT 1 INTO x; RETURN 1;"), Some("holds DELETE")),
        (plpgsql("PERFORM purge(); RETURN 1;"), Some("calls purge, whose effect cannot be read")),
        (
            plpgsql("SELECT a INTO x FROM t FOR UPDATE; INSERT INTO u VALUES ('drop table t'); RETURN 1;"),
            None,
        ),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC DELETE FROM t; SELECT 1; END".to_owned(),
            Some("deletes every row of t"),
        ),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS $$ x $$".to_owned(),
            Some("runs a body of plpython3u that cannot be read"),
        ),
    ] {
        assert_eq!(postgres(&[&function]), None, "{function}");
        let expected = effect.map(|effect| format!("calls f, which {effect}"));
        for call in
            ["SELECT f()", "SELECT * FROM f()", "INSERT INTO t SELECT f()", "UPDATE t SET a = f() WHERE b"]
        {
            assert_eq!(postgres(&[&function, call]), expected, "{function}: {call}");
        }
    }
}

#[test]
fn a_select_of_an_unknown_function_is_there_for_what_it_does() {
    for call in
        ["SELECT purge()", "SELECT ops.purge(1)", "SELECT * FROM purge()", "SELECT count(*), purge() FROM t"]
    {
        assert!(postgres(&[call]).is_some_and(|loss| loss.contains("purge, whose effect")), "{call}");
    }
    for call in [
        "SELECT count(*), lower(a), coalesce(b, 1) FROM t",
        "SELECT pg_sleep(1)",
        "UPDATE t SET a = ours(a) WHERE b",
        "SELECT 1",
    ] {
        assert_eq!(postgres(&[call]), None, "{call}");
    }
    assert!(mysql(&["SELECT purge()"]).is_some());
    assert_eq!(
        mysql(&["WITH a (b) AS (SELECT 1) SELECT COUNT(*), IF(b IN (1), CONCAT('a', b), NULL) FROM a"]),
        None
    );
    assert_eq!(last(Dialect::Sqlite, &["SELECT ours(1)"]), None);
}

#[test]
fn a_routine_of_mysql_does_what_its_body_does() {
    let delete = "CREATE FUNCTION f() RETURNS int BEGIN DELETE FROM t; RETURN 1; END";
    assert_eq!(mysql(&[delete, "SELECT f()"]), Some("calls f, which holds DELETE".into()));
    let quiet = "CREATE FUNCTION f(a int) RETURNS int DETERMINISTIC RETURN REPLACE(a, 1, 2)";
    assert_eq!(mysql(&[quiet, "SELECT f(1)"]), None);
}
