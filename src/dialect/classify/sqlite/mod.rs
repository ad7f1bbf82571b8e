//! SQLite statements, read from the syntax tree of `sqlite3-parser`.
//!
//! There are no table locks: every write takes the RESERVED lock of the whole database, which keeps
//! other writers out and lets readers in (sqlite.org/lockingv3.html; in WAL mode likewise).

mod alter_table;
mod data;
mod pragma;
mod statement;

pub(super) use statement::read;
