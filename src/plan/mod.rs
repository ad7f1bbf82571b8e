//! Document → [`Plan`]: ordered steps of rendered, split and classified statements, with digests.
//!
//! A plan is pure: it is made from the file, the parameters and a dialect, and knows no server. It
//! is also where a runbook's SQL is held against its tags, because only here both are at hand.

mod build;
mod check;
mod digest;
mod model;
mod portion;
mod separate;

pub(crate) use build::show_duration;
pub use build::{build, build_to_replay};
pub use digest::Digest;
pub use model::{Action, Check, Gate, Overrides, Phase, Plan, Statement, Step, Unit};
pub use portion::{Portion, Together};
