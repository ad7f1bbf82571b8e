//! What the catalog says before and after each kind of definition: it must show that it took effect,
//! and say the same when it is asked again.

use rollbook::backend::{self, Address, Mode};
use rollbook::dialect::{Dialect, Facts, Trace, classify};

use crate::support::{Engine, Lab};

/// Every object that the statements below change, made anew for each of them.
const POSTGRES: &str = "CREATE TABLE p (id integer PRIMARY KEY); \
    CREATE TABLE t (id integer PRIMARY KEY, a integer DEFAULT 1, b text NOT NULL, p integer); \
    CREATE INDEX i ON t (a); \
    ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0) NOT VALID; \
    CREATE VIEW v AS SELECT id FROM t; \
    CREATE TYPE e AS ENUM ('x', 'y'); \
    CREATE DOMAIN d AS integer; \
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$; \
    CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); \
    CREATE SCHEMA s; \
    CREATE TABLE parts (k integer) PARTITION BY RANGE (k); \
    CREATE TABLE part1 (k integer); \
    CREATE TABLE part2 PARTITION OF parts FOR VALUES FROM (10) TO (20)";

const ON_POSTGRES: [&str; 47] = [
    "CREATE TABLE n (id integer)",
    "CREATE TABLE s.n (id integer)",
    "CREATE TABLE n AS SELECT 1 AS id",
    "DROP TABLE p",
    "ALTER TABLE t ADD COLUMN c integer",
    "ALTER TABLE t DROP COLUMN a CASCADE",
    "ALTER TABLE p ALTER COLUMN id TYPE bigint",
    "ALTER TABLE t ALTER COLUMN a SET DEFAULT 2",
    "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
    "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN b DROP NOT NULL",
    "ALTER TABLE t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE t RENAME COLUMN b TO c",
    "ALTER TABLE t RENAME TO u",
    "ALTER TABLE t SET SCHEMA s",
    "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES p NOT VALID",
    "ALTER TABLE t VALIDATE CONSTRAINT ck",
    "ALTER TABLE t DROP CONSTRAINT ck",
    "ALTER TABLE t RENAME CONSTRAINT ck TO kc",
    "ALTER TABLE t SET UNLOGGED",
    "ALTER TABLE t SET (fillfactor = 70)",
    "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE t REPLICA IDENTITY FULL",
    "ALTER TABLE t DISABLE TRIGGER tr",
    "ALTER TABLE parts ATTACH PARTITION part1 FOR VALUES FROM (0) TO (10)",
    "ALTER TABLE parts DETACH PARTITION part2",
    "ALTER TABLE parts DETACH PARTITION part2 CONCURRENTLY",
    "CREATE INDEX n ON t (b)",
    "CREATE INDEX CONCURRENTLY n ON t (b)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"N n\" ON t (b)",
    "DROP INDEX i",
    "DROP INDEX CONCURRENTLY i",
    "ALTER INDEX i RENAME TO j",
    "CREATE VIEW n AS SELECT 1 AS one",
    "CREATE OR REPLACE VIEW v AS SELECT id + 0 AS id FROM t",
    "DROP VIEW v",
    "CREATE MATERIALIZED VIEW n AS SELECT id FROM t",
    "CREATE TYPE n AS ENUM ('x')",
    "ALTER TYPE e ADD VALUE 'z'",
    "ALTER TYPE e RENAME VALUE 'x' TO 'w'",
    "DROP TYPE e",
    "ALTER DOMAIN d ADD CONSTRAINT positive CHECK (VALUE > 0)",
    "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$",
    "CREATE TRIGGER n AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()",
    "DROP TRIGGER tr ON t",
    "CREATE SCHEMA n",
    "CREATE SEQUENCE n",
];

const MYSQL: &str = "CREATE TABLE p (id integer PRIMARY KEY); \
    CREATE TABLE t (id integer PRIMARY KEY, a integer DEFAULT 1, b varchar(20) NOT NULL, p integer, e enum('x', 'y'), KEY i (a)); \
    CREATE TABLE k (id integer NOT NULL) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20)); \
    CREATE VIEW v AS SELECT id FROM t; \
    CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1; \
    CREATE PROCEDURE f() SELECT 1";

const ON_MYSQL: [&str; 33] = [
    "CREATE TABLE n (id integer)",
    "CREATE TABLE n AS SELECT 1 AS id",
    "CREATE TABLE n LIKE t",
    "DROP TABLE p",
    "ALTER TABLE t ADD COLUMN c integer",
    "ALTER TABLE t DROP COLUMN a",
    "ALTER TABLE t MODIFY a bigint",
    "ALTER TABLE t CHANGE b c varchar(30)",
    "ALTER TABLE t RENAME COLUMN b TO c",
    "ALTER TABLE t ALTER COLUMN a SET DEFAULT 2",
    "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
    "ALTER TABLE t MODIFY a integer NOT NULL",
    "ALTER TABLE t MODIFY e enum('x', 'y', 'z')",
    "ALTER TABLE t ADD CONSTRAINT ck CHECK (a > 0)",
    "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES p (id)",
    "ALTER TABLE t ADD INDEX n (b)",
    "ALTER TABLE t DROP INDEX i",
    "ALTER TABLE t RENAME INDEX i TO j",
    "ALTER TABLE t DROP PRIMARY KEY",
    "ALTER TABLE t CONVERT TO CHARACTER SET koi8r",
    "ALTER TABLE t COMMENT = 'seen'",
    "ALTER TABLE t RENAME TO u",
    "RENAME TABLE t TO u",
    "ALTER TABLE k DROP PARTITION p0",
    "CREATE INDEX n ON t (b)",
    "CREATE UNIQUE INDEX n ON t (b)",
    "DROP INDEX i ON t",
    "CREATE VIEW n AS SELECT 1 AS one",
    "CREATE OR REPLACE VIEW v AS SELECT id + 0 AS id FROM t",
    "DROP VIEW v",
    "CREATE TRIGGER n AFTER DELETE ON t FOR EACH ROW SET @x = 1",
    "DROP TRIGGER tr",
    "CREATE PROCEDURE n() SELECT 1",
];

const SQLITE: &str = "CREATE TABLE t (id integer PRIMARY KEY, a integer, b text); CREATE INDEX i ON t (a); \
    CREATE VIEW v AS SELECT id FROM t; CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM t WHERE 0; END";

const ON_SQLITE: [&str; 11] = [
    "CREATE TABLE n (id integer)",
    "DROP TABLE t",
    "ALTER TABLE t ADD COLUMN c integer",
    "ALTER TABLE t DROP COLUMN b",
    "ALTER TABLE t RENAME COLUMN b TO c",
    "ALTER TABLE t RENAME TO u",
    "CREATE INDEX n ON t (b)",
    "DROP INDEX i",
    "CREATE VIEW n AS SELECT 1",
    "DROP VIEW v",
    "DROP TRIGGER tr",
];

fn definition(url: &str, facts: &Facts) -> Option<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let address: Address = url.parse().unwrap();
        let mut session = backend::open(&address, Mode::ReadWrite).await.unwrap();
        let lines = session.definition(&facts.objects).await.unwrap();
        session.close().await;
        lines
    })
}

fn shown(engine: Engine, dialect: Dialect, made: &str, statements: &[&str]) {
    let mut wrong = Vec::new();
    for sql in statements {
        let lab = Lab::new(engine);
        lab.sql(made);
        let url = if engine == Engine::Sqlite {
            format!("sqlite:{}", lab.folder.join("app.db").display())
        } else {
            lab.url.clone()
        };
        let facts = classify(dialect, sql);
        if facts.trace() != Trace::Catalog {
            wrong.push(format!("{sql}: {:?}", facts.trace()));
            continue;
        }
        let before = definition(&url, &facts);
        if definition(&url, &facts) != before {
            wrong.push(format!("{sql}: the same question has two answers"));
        }
        lab.sql(sql);
        let after = definition(&url, &facts);
        match (&before, &after) {
            (Some(before), Some(after)) if before != after => {}
            _ => wrong.push(format!("{sql}: {before:?} → {after:?}")),
        }
    }
    assert!(wrong.is_empty(), "{engine:?}, {} of {}:\n{}", wrong.len(), statements.len(), wrong.join("\n"));
}

#[test]
fn of_postgres() {
    shown(Engine::Postgres, Dialect::Postgres, POSTGRES, &ON_POSTGRES);
}

#[test]
fn of_postgres18() {
    shown(Engine::Postgres18, Dialect::Postgres, POSTGRES, &ON_POSTGRES);
}

#[test]
fn of_mariadb() {
    shown(Engine::Mariadb, Dialect::Mysql, MYSQL, &ON_MYSQL);
}

#[test]
fn of_mysql() {
    shown(Engine::Mysql, Dialect::Mysql, MYSQL, &ON_MYSQL);
}

#[test]
fn of_sqlite() {
    shown(Engine::Sqlite, Dialect::Sqlite, SQLITE, &ON_SQLITE);
}
