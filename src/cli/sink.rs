//! Where events go while they happen.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::args::Format;
use crate::engine::{Event, Sink};
use crate::report::{Style, TerminalReport, event_line};

/// Prints each event, as lines for people or as JSON.
///
/// At a terminal each line is seen at once. Into a pipe or a file lines go ten times a second: a reader
/// that is woken for each of them costs a short step more than its statement does.
pub struct Printer {
    report: Option<TerminalReport>,
    gathered: Arc<Mutex<String>>,
    /// Prints what is gathered until its channel closes; none at a terminal.
    writer: Option<(Sender<()>, JoinHandle<()>)>,
}

const GATHERING: Duration = Duration::from_millis(100);

impl Printer {
    pub fn new(format: Format, style: Style) -> Self {
        let report = (format == Format::Text).then(|| TerminalReport::new(style));
        let gathered = Arc::new(Mutex::new(String::new()));
        let writer = (!std::io::stdout().is_terminal()).then(|| {
            let (open, closed) = channel();
            let text = Arc::clone(&gathered);
            let work = move || {
                while closed.recv_timeout(GATHERING) == Err(RecvTimeoutError::Timeout) {
                    print(&text);
                }
            };
            (open, std::thread::spawn(work))
        });
        Self { report, gathered, writer }
    }
}

/// Prints what is gathered, in order. A reader that went away (`| head`) does not stop a migration half
/// way.
fn print(gathered: &Mutex<String>) {
    let mut text = gathered.lock().unwrap_or_else(PoisonError::into_inner);
    if !text.is_empty() {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        let _ = out.flush();
        text.clear();
    }
}

impl Sink for Printer {
    fn event(&mut self, at: &str, run: &str, event: &Event) {
        let text = match &mut self.report {
            Some(report) => report.text(run, event),
            None => format!("{}\n", event_line(at, run, event)),
        };
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        if self.writer.is_none() {
            self.flush();
        }
    }

    fn flush(&mut self) {
        print(&self.gathered);
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        if let Some((open, writer)) = self.writer.take() {
            drop(open);
            let _ = writer.join();
        }
        self.flush();
    }
}
