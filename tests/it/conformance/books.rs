//! Runbooks for the scenarios, in SQL that every engine takes where there is such SQL.

use crate::support::Engine;

/// A runbook around some cells.
pub fn book(engine: Engine, head: &str, cells: &str) -> String {
    let dialect = engine.dialect();
    format!(
        "---\nrollbook: 1\nid: book\ntitle: A test\ndialect: {dialect}\nphases: [expand, migrate, contract]\n{head}---\n\n# A test\n\n{cells}"
    )
}

/// The type of a text of any length: MySQL's `text` ends at 64 KiB.
pub fn long_text(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite | Engine::Postgres | Engine::Postgres18 => "text",
        Engine::Mariadb | Engine::Mysql => "longtext",
    }
}

/// Expand, backfill, hold, destructive contract: the whole life of a change.
pub fn whole(engine: Engine) -> String {
    book(
        engine,
        "holds:\n  before-contract: The new release is everywhere.\n",
        r#"```sql {id=make phase=expand role=forward}
CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL);
INSERT INTO users WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 250) SELECT n, concat('User', n, '@X.org') FROM s;
```
```sql {of=make phase=expand role=rollback .destructive}
DROP TABLE users;
```
```sql {of=make phase=expand role=verify expect=value:250}
SELECT count(*) FROM users;
```

```sql {id=add phase=expand role=forward}
ALTER TABLE users ADD COLUMN email_lower text;
```
```sql {of=add phase=expand role=rollback .destructive}
ALTER TABLE users DROP COLUMN email_lower;
```

```sql {id=fill phase=migrate role=forward}
--| batch: {table: users, key: id, size: 100}
UPDATE users SET email_lower = lower(email) WHERE {{ batch }} AND email_lower IS NULL;
```
```sql {of=fill phase=migrate role=rollback}
UPDATE users SET email_lower = NULL WHERE email_lower IS NOT NULL;
```
```sql {of=fill phase=migrate role=verify expect=empty}
SELECT id FROM users WHERE email_lower IS NULL LIMIT 5;
```
```sql {of=fill phase=migrate role=verify expect=unchanged}
SELECT count(*) FROM users;
```

```sql {id=drop-email phase=contract role=forward .destructive}
--| why: Nothing reads it.
ALTER TABLE users DROP COLUMN email;
```
```sql {of=drop-email phase=contract role=rollback}
ALTER TABLE users ADD COLUMN email text;
```
"#,
    )
}

/// A counter that each batch raises by one: SQL that must not run twice.
pub fn counting(engine: Engine) -> String {
    book(
        engine,
        "",
        r#"```sql {id=make phase=expand role=forward}
CREATE TABLE counts (id integer PRIMARY KEY, n integer NOT NULL);
INSERT INTO counts WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 400) SELECT n * 3, 0 FROM s;
```
```sql {of=make phase=expand role=rollback .destructive}
DROP TABLE counts;
```

```sql {id=raise phase=migrate role=forward}
--| batch: {table: counts, key: id, size: 10, pause: 30ms}
--| irreversible: a count cannot be taken back
UPDATE counts SET n = n + 1 WHERE {{ batch }};
```
"#,
    )
}

/// A statement that takes seconds, between two that do not.
pub fn slow(engine: Engine) -> String {
    let wait = match engine {
        Engine::Sqlite => {
            "INSERT INTO marks SELECT 2 FROM (WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {{ work }}) SELECT max(n) AS m FROM s) q WHERE m > 0;"
        }
        Engine::Postgres | Engine::Postgres18 => {
            "INSERT INTO marks SELECT 2 FROM (SELECT pg_sleep({{ work }} / 50000000.0)) q;"
        }
        Engine::Mariadb | Engine::Mysql => {
            "INSERT INTO marks SELECT 2 FROM (SELECT sleep({{ work }} / 50000000.0)) q;"
        }
    };
    book(
        engine,
        "params:\n  work: {type: integer, default: 200000000}\n",
        &format!(
            "```sql {{id=make phase=expand role=forward}}\nCREATE TABLE marks (n integer PRIMARY KEY);\n```\n\
             ```sql {{of=make phase=expand role=rollback .destructive}}\nDROP TABLE marks;\n```\n\n\
             ```sql {{id=mark phase=expand role=forward}}\nINSERT INTO marks VALUES (1);\n{wait}\nINSERT INTO marks VALUES (3);\n```\n\
             ```sql {{of=mark phase=expand role=rollback .destructive}}\nDELETE FROM marks;\n```\n"
        ),
    )
}
