//! What a terminal or a machine sees of plans and events. Pure text in, text out: who prints is the
//! caller's business.

mod control;
mod json;
mod measured;
mod outline;
mod plan;
mod replay;
mod status;
mod style;
mod survey;
mod terminal;
mod walk;
mod words;

pub use control::{ControlView, control_json, control_text};
pub use json::{event_line, plan_json, progress_line, rollback_json, status_json};
pub use measured::{Measurement, measured_json, measured_table};
pub use outline::outline;
pub use plan::{plan_table, rollback_table};
pub use replay::replay_table;
pub use status::{StatusRow, holding, status_table, step_table};
pub use style::Style;
pub use survey::survey_text;
use terminal::holding_back;
pub use terminal::{TerminalReport, doubt_text, gate_text, shown};
pub use walk::walk_lines;
pub use words::duration;
