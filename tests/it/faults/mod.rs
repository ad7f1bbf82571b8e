//! Faults, as SQLite and steno do it: fail at the Nth operation for every N until the run completes,
//! with each kind of fault, then again while it resumes. What counts afterwards is the database alone:
//! every effect is there exactly once, no success was told without its effect, the journal folds, and
//! the record verifies.

mod book;
mod drive;
mod engines;
mod fake;
mod fake_sql;
mod kill;
mod network;
mod resumed;
mod scripted;
mod server;
mod tally;
mod world;
mod wrapper;

pub use scripted::whole_journal;
