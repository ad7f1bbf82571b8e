//! Safety rules: what a reviewer who has seen it go wrong would say of a runbook.
//!
//! A rule is a file with data and one pure function, beside its page, which is help text and test at
//! once. What is no runbook at all (a cell without a way back, a verify cell that writes) is found
//! where documents are read and plans are made; such a check has its page here too, and cannot be
//! switched off.

mod any;
mod catalog;
mod check;
mod context;
mod design;
mod gone;
mod history;
mod levels;
mod mysql;
mod page;
mod postgres;
mod rule;
mod runbook;
mod schema;
mod sqlite;

pub use catalog::{UnknownRule, all, find, page_of};
pub use check::check;
pub use context::{Context, Site};
pub use gone::{Gone, How, gone};
pub use levels::{LevelError, Levels};
pub use page::Page;
pub use rule::{Finder, Rule};
pub use runbook::{NOT_MEASURED, PREDICTION_TOO_STRONG, PREDICTION_TOO_WEAK, STILL_IN_CODE};
