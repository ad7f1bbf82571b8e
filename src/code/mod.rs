//! Where the application's files still name what a runbook drops or renames.
//!
//! [`Search`] looks through one text and is pure; [`read_folder`] gives it every file that is chosen. The
//! files are read with the crates of ripgrep, which stay inside.

mod findings;
mod folder;
mod search;
mod spelling;

pub use findings::findings;
pub use folder::{Chosen, Look, PatternError, read_folder};
pub use search::{Certainty, Place, Search};
