//! Where events go while they happen.

use std::io::Write as _;

use super::args::Format;
use crate::engine::{Event, Sink};
use crate::report::{Style, TerminalReport, event_line};

/// Prints each event, as lines for people or as JSON.
pub enum Printer {
    Text(TerminalReport),
    Json,
}

impl Printer {
    pub fn new(format: Format, style: Style) -> Self {
        match format {
            Format::Text => Self::Text(TerminalReport::new(style)),
            Format::Json => Self::Json,
        }
    }
}

impl Sink for Printer {
    fn event(&mut self, at: &str, run: &str, event: &Event) {
        let text = match self {
            Self::Text(report) => report.text(run, event),
            Self::Json => format!("{}\n", event_line(at, run, event)),
        };
        // A reader that went away (`| head`) does not stop a migration half way.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        let _ = out.flush();
    }
}
