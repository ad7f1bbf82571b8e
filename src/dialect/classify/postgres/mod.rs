//! PostgreSQL statements, read from their words where they are plain, else from the concrete syntax tree of
//! `squawk-syntax`.
//!
//! Locks, rewrites and scans are those of the manual (sql-altertable, explicit-locking,
//! sql-createindex …) as measured on servers 15 and 18 with `pg_locks`.

mod alter;
mod alter_column;
mod alter_table;
mod column;
mod constraint;
mod create;
mod create_index;
mod create_plain;
mod create_query;
mod create_table;
mod data;
mod drop;
mod expression;
mod maintenance;
mod query;
mod reader;
mod routine;
mod rows;
mod session;
mod stable;
mod statement;
mod tree;
mod type_name;
mod undo;

pub(super) use routine::routine;
pub(super) use statement::read;
