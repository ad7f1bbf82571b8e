//! Markdown ⇄ [`Document`]: front matter, cells and everything between them, without loss.
//!
//! Parsing never fails and never reads SQL: it returns a document and diagnostics. A document with
//! an error among its diagnostics must not be planned.

mod batch;
mod cell;
mod declaration;
mod duration;
mod encoding;
mod expectation;
mod fence;
pub mod fields;
pub mod findings;
mod front_matter;
mod header;
mod info_string;
mod info_value;
mod model;
mod options;
mod outline;
mod pairing;
mod parameter;
mod parse;
mod slug;
mod throttle;
pub mod yaml;

pub use declaration::read_parameters;
pub use duration::parse_duration;
pub use front_matter::{Defaults, FrontMatter, Hold, Strategy};
pub use model::{
    Allow, Amount, Batch, Block, BlockKind, Cell, Document, Expect, OnError, Options, Order, OutputLimit,
    Pause, Role, Size, Tx, When,
};
pub use parameter::{ParamError, ParamSpec, ParamType};
pub use parse::{Parsed, parse};
pub use throttle::{Limit, Load, Throttle, show_bytes, show_ratio};
