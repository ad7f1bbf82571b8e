//! Diagnostics as text: one file for each way in which somebody reads them.
//!
//! Each renderer is a function from findings to a string. Nothing here prints, and a summary
//! (`2 errors, 1 warning`) is the caller's.

mod concise;
mod full;
mod github;
mod json;
mod printable;
mod sarif;

pub use concise::concise;
pub use full::full;
pub use github::github;
pub use json::json;
pub use printable::printable;
pub use sarif::sarif;
