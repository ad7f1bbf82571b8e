//! What a statement is and does, as far as its text tells.
//!
//! PostgreSQL is read from words, and through `squawk-syntax` where they are not certain; SQLite is read
//! through `sqlite3-parser`; neither type leaves this module. MySQL and MariaDB are read from the lexer's
//! tokens. What none of them knows is `unknown` and counts as destructive. Whatever depends on the
//! catalogue (the old type of a column, a valid `CHECK`, a default partition) is left open.
//!
//! What counts as destructive, in all engines:
//!
//! | statement | destructive | because |
//! | --- | --- | --- |
//! | `DROP TABLE`, `COLUMN`, `SCHEMA`, `DATABASE`, `OWNED` …, `TRUNCATE`, `DELETE`, `MERGE … DELETE` | yes | data is gone |
//! | `UPDATE` without `WHERE` or with one that always holds | yes | every row's old value is gone |
//! | `REPLACE`, SQLite's `INSERT OR REPLACE`, `UPDATE OR REPLACE`, MySQL's `LOAD DATA … REPLACE` | yes | rows in the way are deleted |
//! | `DROP` of a view, function, type, sequence, extension, role … | yes | whoever uses it breaks |
//! | rename or `SET SCHEMA` of a table, column, view, type, function, schema … | yes | whoever uses the old name breaks |
//! | `DETACH PARTITION`, `NO INHERIT` | yes | readers of the parent lose the rows |
//! | change of a column's type, unless to `text`, `varchar`, `bigint`, `numeric` or `timestamptz` | yes | the text does not show that every value survives |
//! | MySQL's `MODIFY` and `CHANGE` of a column, unless to `bigint`, `longblob` or `longtext` in `utf8mb4` | yes | the text does not show what the column was |
//! | MySQL's `DROP`, `TRUNCATE`, `EXCHANGE`, `DISCARD`, `IMPORT` and `REPAIR` of partitions or tables, `CONVERT PARTITION` | yes | rows are gone, or are others |
//! | MySQL's `CONVERT TO CHARACTER SET`, unless to `utf8mb4`; a change to an engine that may not keep every row | yes | the text does not show that every value survives |
//! | MariaDB's `CREATE OR REPLACE` of a table, database, sequence, user, role or server; `ALTER IGNORE TABLE` | yes | what was there before is gone |
//! | MySQL's `SET sql_mode` or `SET NAMES` to what reads quotes or bytes otherwise | yes | later statements may be others than they were read as |
//! | MySQL's `PREPARE`, `EXECUTE IMMEDIATE`, `DO` with a function, events with a body of several statements, MariaDB's compound statements | yes | what they do is not read from their text |
//! | `DO`, `CALL`, `EXECUTE`, `COPY` to or from a server file or program | yes | what it does is not in its text |
//! | `DROP CONSTRAINT`, `FOREIGN KEY`, `CHECK`, `PRIMARY KEY`, `DEFAULT`, `IDENTITY`, `EXPRESSION`, also of a domain; `NOT ENFORCED` | yes, unless the same runbook made it | what writers leave to it or readers take from it is a contract, and the text does not tell who does |
//! | `DROP INDEX … CASCADE` | yes | the foreign keys that rely on it go as well |
//! | a call, by a runbook, of a function that it created | as its body | `CREATE FUNCTION` does nothing, the call does |
//! | `SELECT` alone, in a forward or rollback cell, of a function that is not the engine's own | yes | it is there for what it does, which is not in its text |
//! | `DROP INDEX`, `TRIGGER`, `RULE`, `POLICY`, `STATISTICS` | no | no data and no name that SQL reads by is lost |
//! | `DROP NOT NULL` | no | it is how a column begins to leave, and `SET NOT NULL` brings it back |
//! | rename of an index, constraint, trigger, rule or policy | no | the same |
//! | `INSERT`, also `ON CONFLICT DO UPDATE` and `ON DUPLICATE KEY UPDATE`; `UPDATE … WHERE` | no | what a migration is for; `verify` cells check it |
//! | `CREATE` and `CREATE OR REPLACE`, `GRANT`, `REVOKE`, `SET`, `COMMENT`, maintenance | no | |
//!
//! `EXPLAIN ANALYZE`, `PREPARE` and a `WITH` clause are as destructive as the statements in them.

mod draft;
mod entry;
mod mysql;
mod postgres;
mod sequence;
mod spelling;
mod sqlite;

pub use draft::lock_modes;
pub use entry::classify;
pub use sequence::Sequence;
