//! Backfills as pure planning: which keys a batch takes, how many, whether it may run, and how far they
//! have come.
//!
//! A backfill walks a table along a unique key, between two ends that are fixed at the start. Each
//! batch is a transaction that changes the rows of the next keys and says how far the walk is. What is
//! here decides and runs nothing.

mod company;
mod key;
mod lag;
mod pace;
mod place;
mod progress;
mod range;
#[cfg(test)]
mod simulation;
mod suspects;
mod throttle;
mod walk;

pub use company::Company;
pub use key::Key;
pub use pace::{Pace, Pacing, Portion, Took};
pub use progress::{Estimator, Progress};
pub use range::{Range, Start, placeholder, predicate};
pub use suspects::{Suspects, Verdict};
pub use throttle::{Cause, Dead, Judgement, Reading, Readings, Reason, Replica, Throttler, Unread};
pub use walk::{Backfill, Misfit, Walk};
