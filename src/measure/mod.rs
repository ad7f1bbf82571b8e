//! A runbook measured instead of predicted: its statements run on a scratch database, and what the server did is held
//! to what `dialect` says of them.
//!
//! `backend::measure` runs one statement and reads; this module says which database may be used so, which statements
//! stay in it, in what order they run, and where measurement and prediction part.

mod admit;
mod compare;
mod findings;
mod reach;
mod walk;

pub use admit::{NoScratch, admit, is_scratch_name};
pub use compare::{Aspect, Comparison, Verdict, compare};
pub use findings::findings;
pub use walk::{Outcome, Traced, walk};
