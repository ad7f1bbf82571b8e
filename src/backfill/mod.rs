//! Batches as pure planning: the SQL that finds the next key range of a table.

mod range;

pub use range::{KeyWalk, Range};
