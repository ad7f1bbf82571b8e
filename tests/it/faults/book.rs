//! The runbook of the matrix: every way in which the engine commits, and what can be seen of each.
//!
//! No statement of it is harmless when it runs twice, unless the database itself refuses that.

use std::collections::BTreeMap;

use rollbook::diagnostics::render::full;
use rollbook::document::parse;
use rollbook::plan::{self, Plan};
use rollbook::source::Source;
use rollbook::template::Values;

use crate::support::Engine;

/// Keys of `counts`, in the order in which batches walk over them.
pub const KEYS: usize = 7;

pub const WORDS: [&str; 5] = ["five", "four", "one", "three", "two"];

/// What the rollback cells leave in `marks`.
pub const UNWORDS: [&str; 3] = ["not five", "not one", "not three"];

const BOOK: &str = r#"---
rollbook: 1
id: faults
title: Every unit of commit
dialect: DIALECT
phases: [expand, migrate, contract]
defaults: {retry: 1}
holds:
  before-contract: The world is ready.
---

# Every unit of commit

```sql {id=make phase=expand role=forward}
CREATE TABLE counts (id integer PRIMARY KEY, n integer NOT NULL, m integer NOT NULL, old integer);
INSERT INTO counts VALUES (1, 0, 0, 1), (2, 0, 0, 1), (3, 0, 0, 1), (4, 0, 0, 1), (5, 0, 0, 1), (6, 0, 0, 1), (7, 0, 0, 1);
CREATE TABLE marks (word varchar(20) NOT NULL);
```
```sql {of=make phase=expand role=rollback .destructive}
DROP TABLE marks;
DROP TABLE counts;
```
```sql {of=make phase=expand role=verify expect=value:7}
SELECT count(*) FROM counts;
```

```sql {id=mark phase=expand role=forward}
INSERT INTO marks VALUES ('one');
INSERT INTO marks VALUES ('two');
```
```sql {of=mark phase=expand role=rollback .destructive}
DELETE FROM marks WHERE word = 'one';
DELETE FROM marks WHERE word = 'two';
INSERT INTO marks VALUES ('not one');
```
```sql {of=mark phase=expand role=verify when=before expect=empty}
SELECT word FROM marks WHERE word = 'one';
```

```sql {id=mark-each phase=expand role=forward}
--| tx: statement
INSERT INTO marks VALUES ('three');
INSERT INTO marks VALUES ('four');
```
```sql {of=mark-each phase=expand role=rollback .destructive}
--| tx: statement
DELETE FROM marks WHERE word = 'three';
INSERT INTO marks VALUES ('not three');
DELETE FROM marks WHERE word = 'four';
```
```sql {of=mark-each phase=expand role=verify expect=value:2}
SELECT count(*) FROM marks WHERE word <> 'one' AND word <> 'two';
```

```sql {id=index phase=migrate role=forward}
BUILD;
```
```sql {of=index phase=migrate role=rollback}
REMOVE;
```

```sql {id=raise phase=migrate role=forward}
--| tx: none
UPDATE counts SET m = m + 1 WHERE id > 0;
```
```sql {of=raise phase=migrate role=rollback}
--| tx: none
UPDATE counts SET m = m - 1 WHERE id > 0;
```

```sql {id=sign phase=migrate role=forward}
--| tx: none
INSERT INTO marks VALUES ('five');
UPDATE counts SET m = m + 1 WHERE id > 0;
```
```sql {of=sign phase=migrate role=rollback .destructive}
--| tx: none
UPDATE counts SET m = m - 1 WHERE id > 0;
DELETE FROM marks WHERE word = 'five';
INSERT INTO marks VALUES ('not five');
```
```sql {of=sign phase=migrate role=verify expect=empty}
SELECT id FROM counts WHERE m <> 2;
```

```sql {id=fill phase=migrate role=forward}
--| batch: {table: counts, key: id, size: 2}
UPDATE counts SET n = n + 1 WHERE {{ batch }};
```
```sql {of=fill phase=migrate role=rollback}
UPDATE counts SET n = n - 1 WHERE id > 0;
```
```sql {of=fill phase=migrate role=verify expect=empty}
SELECT id FROM counts WHERE n <> 1;
```
```sql {of=fill phase=migrate role=verify expect=unchanged}
SELECT count(*) FROM counts;
```

```sql {phase=migrate role=verify expect=value:7}
SELECT sum(n) FROM counts;
```

```sql {id=drop-old phase=contract role=forward .destructive}
ALTER TABLE counts DROP COLUMN old;
```
```sql {of=drop-old phase=contract role=rollback}
ALTER TABLE counts ADD COLUMN old integer;
```
"#;

/// The text for an engine; the fake speaks PostgreSQL.
pub fn text(engine: Engine) -> String {
    let (build, remove) = match engine {
        Engine::Postgres | Engine::Postgres18 => {
            ("CREATE INDEX CONCURRENTLY counts_n ON counts (n)", "DROP INDEX CONCURRENTLY counts_n")
        }
        Engine::Sqlite => {
            ("--| tx: none\nCREATE INDEX counts_n ON counts (n)", "--| tx: none\nDROP INDEX counts_n")
        }
        Engine::Mariadb | Engine::Mysql => {
            ("CREATE INDEX counts_n ON counts (n)", "DROP INDEX counts_n ON counts")
        }
    };
    BOOK.replace("DIALECT", engine.dialect()).replace("BUILD", build).replace("REMOVE", remove)
}

pub fn plan(engine: Engine) -> Plan {
    let text = text(engine);
    let parsed = parse(&Source::new("book.md", text));
    assert!(parsed.diagnostics.is_empty(), "{}", full(&parsed.diagnostics, false));
    let values = Values::bind(&[], &BTreeMap::new()).unwrap();
    let (plan, findings) = plan::build(&parsed.document, parsed.document.front.dialects[0], &values);
    plan.unwrap_or_else(|| panic!("{}", full(&findings, false)))
}
