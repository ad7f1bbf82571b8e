//! The executed runbook: entries of one run → a page for people, and the lines beside it.
//!
//! Pure: nothing here reads a file, a clock or a database, so that a record can be made again at
//! any time, on any machine, byte for byte. What is not in the entries is not in the record. That
//! is also why tables are aligned here and by character count: a library's idea of a character's
//! width changes with its version.

mod cells;
mod error;
mod figures;
mod lines;
mod name;
mod output;
mod page;
mod proof;
mod story;
mod text;

#[cfg(test)]
mod tests;

pub use error::RecordError;
pub use lines::{jsonl, read_jsonl};
pub use name::{RecordName, paths};
pub use page::markdown;
pub use proof::verify;
