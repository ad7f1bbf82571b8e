//! Pure facts about database engines and their SQL: lexing, splitting, quoting, classifying.
//!
//! Nothing here talks to a server, and nothing outside names a SQL parser: `squawk-syntax` and
//! `sqlite3-parser` stay behind [`classify`] and its own types.

mod canonical;
mod classify;
mod definition;
mod facts;
mod lexer;
pub mod mysql_differences;
mod name;
mod quote;
mod renamed;
mod splitter;
mod table;
mod trace;
mod waiting;
mod words;

pub use canonical::canonical;
pub use classify::{Sequence, classify, lock_modes};
pub use definition::{ColumnDefinition, Definition, Key, KeyKind, Reference};
pub use facts::{Action, Blocks, Clause, ClauseKind, Facts, Lock, Object, ObjectKind, Transactional};
pub use lexer::{Token, TokenKind, lex};
pub use name::Dialect;
pub use quote::{NameUnit, QuoteError, identifier, literal};
pub use renamed::Renamed;
pub use splitter::{Fault, FaultKind, Split, split};
pub use table::{Column, Surroundings, Table};
pub use trace::Trace;
pub use waiting::{Limits, Waiting};
pub use words::{AlterTable, Words, last_part, same_name};
