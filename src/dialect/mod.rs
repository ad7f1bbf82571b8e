//! Pure facts about database engines and their SQL: lexing, splitting, quoting, classifying.
//!
//! Nothing here talks to a server, and nothing outside names a SQL parser: `squawk-syntax` and
//! `sqlite3-parser` stay behind [`classify`] and its own types.

mod facts;
mod name;

pub use facts::{Action, Blocks, Facts, Lock, Object, ObjectKind, Transactional};
pub use name::Dialect;
