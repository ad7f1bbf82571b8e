//! minijinja behind two doors: cells of a runbook, and the templates that write runbooks.
//!
//! A cell's body is rendered alone, after the document is parsed, so that a value can never make a
//! cell; what an expression writes is a literal of the target's dialect and must come out as whole
//! tokens, so that it can never make a statement or a comment either.

mod cell;
mod fragment;
mod values;

pub use cell::{RenderError, Rendered, render_cell};
pub use values::{Given, ParameterError, Values};
