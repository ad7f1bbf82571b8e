//! PostgreSQL statements, read from the concrete syntax tree of `squawk-syntax`.
//!
//! Locks, rewrites and scans are those of the manual (sql-altertable, explicit-locking,
//! sql-createindex …) as measured on servers 15 and 18 with `pg_locks`.

mod alter;
mod alter_column;
mod alter_table;
mod create;
mod data;
mod drop;
mod maintenance;
mod routine;
mod statement;
mod tree;
mod undo;

pub(super) use routine::routine;
pub(super) use statement::read;
