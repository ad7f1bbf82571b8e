//! minijinja behind two doors: cells of a runbook, and the templates that write runbooks.
//!
//! A cell's body is rendered alone, after the document is parsed, so that a value can never make a
//! cell; what an expression writes is a literal of the target's dialect and must come out as whole
//! tokens, so that it can never make a statement or a comment either.
//!
//! A template is rendered as a whole document. There the values are held to a form first, and the
//! document to its shape afterwards. Templates are made of parts (`include`, `import`), may extend one
//! another, and may be a team's own.

mod admit;
mod cell;
mod fill;
mod fragment;
mod header;
mod library;
mod pattern;
mod shape;
mod shipped;
mod spelling;
mod traced;
mod trail;
mod values;
mod whole;

pub use admit::Unfit;
pub use cell::{RenderError, Rendered, render_cell};
pub use fill::{Fill, FillError, Known};
pub use library::Library;
pub use pattern::{Asked, Form, Origin, Template};
pub use spelling::table as relation;
pub use values::{Given, ParameterError, Values};
pub use whole::{Check, TemplateError, Written};
