//! The one type in which everything that is wrong with an input is said, and its renderers.
//!
//! A [`Diagnostic`] points at bytes of a [`Source`](crate::source::Source) and carries its cause as
//! a stable rule name. Failures of a *run* are events of the engine, not diagnostics.

mod diagnostic;
mod fix;
pub mod render;
mod rule_page;
mod suggest;

pub use diagnostic::{Diagnostic, Diagnostics, Level};
pub use fix::{Edit, Fix};
pub use rule_page::{Pages, RulePage, explain_command};
pub use suggest::did_you_mean;
