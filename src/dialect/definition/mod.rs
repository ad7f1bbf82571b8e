//! What a statement says that a table consists of: its columns, keys and references.
//!
//! `CREATE TABLE`, `ALTER TABLE … ADD` and `CREATE INDEX` are alike enough in all engines to be read
//! from their words. What is not understood is left out: nothing may be destroyed by what is said
//! here, it is for advice alone.

mod column;
mod key;
mod read;

use std::ops::Range;

pub use column::ColumnDefinition;
pub use key::{Key, KeyKind, Reference};

/// Ranges are positions in the statement's [`Words`](super::Words).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    pub table: String,
    /// The table's name.
    pub at: Range<usize>,
    /// Whether the statement makes the table and lists what it consists of.
    pub makes: bool,
    /// Whether the table ends with the session.
    pub temporary: bool,
    pub columns: Vec<ColumnDefinition>,
    pub keys: Vec<Key>,
    pub references: Vec<Reference>,
    /// What a new table's list is followed by.
    pub options: Range<usize>,
}
