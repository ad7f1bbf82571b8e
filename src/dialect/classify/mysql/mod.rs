//! MySQL's and MariaDB's statements, read from their tokens.
//!
//! There is no parser behind this: each file knows the grammar of a family of statements as far as
//! the facts need it (MySQL 9 manual §15; MariaDB, "SQL Statements"), takes what it knows from left to
//! right, and gives up where anything else stands. What it gives up on is unknown. Nothing here knows
//! which of the two servers it is for: where they differ, the answer is what holds on both.
//!
//! Locks are metadata locks, by the names of `performance_schema.metadata_locks`. Those of rows are
//! left out: which rows, only the data tells.

mod account;
mod alter;
mod alter_table;
mod column;
mod condition;
mod cost;
mod create;
mod cursor;
mod data;
mod drop;
mod maintenance;
mod partition;
mod reading;
mod routine;
mod session;
mod statement;
mod table_option;
mod tables;
mod transaction;

pub(super) use routine::routine;
pub(super) use statement::{read, unknown};
