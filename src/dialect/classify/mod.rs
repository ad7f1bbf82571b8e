//! What a statement is and does, as far as its text tells.
//!
//! PostgreSQL is read through `squawk-syntax`, SQLite through `sqlite3-parser`; neither type leaves
//! this module. What a parser refuses is `unknown` and counts as destructive. Whatever depends on
//! the catalogue (the old type of a column, a valid `CHECK`, a default partition) is left open.
//!
//! What counts as destructive, in both engines:
//!
//! | statement | destructive | because |
//! | --- | --- | --- |
//! | `DROP TABLE`, `COLUMN`, `SCHEMA`, `DATABASE`, `OWNED` …, `TRUNCATE`, `DELETE`, `MERGE … DELETE` | yes | data is gone |
//! | `UPDATE` without `WHERE` or with one that always holds | yes | every row's old value is gone |
//! | SQLite's `REPLACE`, `INSERT OR REPLACE`, `UPDATE OR REPLACE` | yes | rows in the way are deleted |
//! | `DROP` of a view, function, type, sequence, extension, role … | yes | whoever uses it breaks |
//! | rename or `SET SCHEMA` of a table, column, view, type, function, schema … | yes | whoever uses the old name breaks |
//! | `DETACH PARTITION`, `NO INHERIT` | yes | readers of the parent lose the rows |
//! | change of a column's type, unless to `text`, `varchar`, `bigint`, `numeric` or `timestamptz` | yes | the text does not show that every value survives |
//! | `DO`, `CALL`, `EXECUTE`, `COPY` to or from a server file or program | yes | what it does is not in its text |
//! | `DROP INDEX`, `CONSTRAINT`, `TRIGGER`, `RULE`, `POLICY`, `STATISTICS`, `DEFAULT`, `NOT NULL` | no | no data and no name that SQL reads by is lost |
//! | rename of an index, constraint, trigger, rule or policy | no | the same |
//! | `INSERT`, also `ON CONFLICT DO UPDATE`; `UPDATE … WHERE` | no | what a migration is for; `verify` cells check it |
//! | `CREATE` and `CREATE OR REPLACE`, `GRANT`, `REVOKE`, `SET`, `COMMENT`, maintenance | no | |
//!
//! `EXPLAIN ANALYZE`, `PREPARE` and a `WITH` clause are as destructive as the statements in them.

mod draft;
mod entry;
mod mysql;
mod postgres;
mod sqlite;

pub use entry::classify;
