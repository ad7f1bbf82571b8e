//! Markdown ⇄ [`Document`]: front matter, cells and everything between them, without loss.
//!
//! Parsing never fails and never reads SQL: it returns a document and diagnostics. A document with
//! an error among its diagnostics must not be planned.

mod front_matter;
mod model;
mod parameter;

pub use front_matter::{Defaults, FrontMatter, Hold, Strategy};
pub use model::{Amount, Batch, Cell, Document, Expect, Options, OutputLimit, Role, Tx, When};
pub use parameter::{ParamSpec, ParamType};
