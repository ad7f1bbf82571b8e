//! Backfills as pure planning: which keys a batch takes, and how many.
//!
//! A backfill walks a table along a unique key, between two ends that are fixed at the start. Each
//! batch is a transaction that changes the rows of the next keys and says how far the walk is. What is
//! here decides and runs nothing.

mod key;
mod pace;
mod range;
#[cfg(test)]
mod simulation;
mod suspects;
mod walk;

pub use key::Key;
pub use pace::{Pace, Pacing, Portion, Took};
pub use range::{Range, Start, placeholder, predicate};
pub use suspects::{Suspects, Verdict};
pub use walk::{Backfill, Misfit, Walk};
