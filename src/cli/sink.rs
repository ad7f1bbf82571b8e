//! Where events go while they happen.

use std::io::{IsTerminal as _, Write as _};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::args::Format;
use super::run::width;
use crate::engine::{Event, Progress, Sink};
use crate::report::{Style, TerminalReport, event_line, progress_line};

/// Prints each event, as lines for people or as JSON.
///
/// At a terminal each line is seen at once. Into a pipe or a file lines go ten times a second: a reader
/// that is woken for each of them costs a short step more than its statement does.
pub struct Printer {
    report: Option<TerminalReport>,
    gathered: Arc<Mutex<String>>,
    /// Prints what is gathered until its channel closes; none at a terminal.
    writer: Option<(Sender<()>, JoinHandle<()>)>,
    /// The cursor stands behind a line that the next one takes the place of.
    transient: bool,
    /// When progress was printed as a line that stays.
    progress: Option<Instant>,
}

const GATHERING: Duration = Duration::from_millis(100);
/// Between two lines on progress, where they stay: for people, and for programs.
const PEOPLE: Duration = Duration::from_secs(5);
const PROGRAMS: Duration = Duration::from_secs(1);
/// Goes to the beginning of the line and clears it (ECMA-48, EL).
pub(super) const CLEAR: &str = "\r\x1b[2K";

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
        Self { report, gathered, writer, transient: false, progress: None }
    }

    fn put(&mut self, text: &str) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut self.transient) {
            gathered.push_str(CLEAR);
        }
        gathered.push_str(text);
        drop(gathered);
        if self.writer.is_none() {
            self.flush();
        }
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
        if !text.is_empty() {
            self.put(&text);
        }
    }

    /// In place at a terminal; elsewhere a line now and then.
    fn progress(&mut self, at: &str, run: &str, progress: &Progress) {
        let pause = match &self.report {
            Some(report) if self.writer.is_none() => {
                let line = cut(&report.progress(progress), usize::from(width()).saturating_sub(1));
                self.put(&line);
                self.transient = true;
                return;
            }
            Some(_) => PEOPLE,
            None => PROGRAMS,
        };
        // The first comes when there is something to tell: most cells are done before.
        let now = Instant::now();
        let last = *self.progress.get_or_insert(now);
        if now.duration_since(last) < pause {
            return;
        }
        self.progress = Some(now);
        let text = match &self.report {
            Some(report) => report.progress(progress),
            None => progress_line(at, run, progress),
        };
        self.put(&format!("{text}\n"));
    }

    fn flush(&mut self) {
        print(&self.gathered);
    }
}

/// The line without what would not fit: a line that wraps cannot be taken back. Escape sequences take no
/// room.
fn cut(line: &str, width: usize) -> String {
    let (mut kept, mut room, mut escape) = (String::with_capacity(line.len()), width, false);
    for character in line.chars() {
        escape |= character == '\x1b';
        if !escape {
            if room == 0 {
                continue;
            }
            room -= 1;
        }
        kept.push(character);
        escape &= character != 'm';
    }
    kept
}

impl Drop for Printer {
    fn drop(&mut self) {
        if std::mem::take(&mut self.transient) {
            self.put("\n");
        }
        if let Some((open, writer)) = self.writer.take() {
            drop(open);
            let _ = writer.join();
        }
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_line_is_cut_where_it_is_seen() {
        assert_eq!(cut("abc", 5), "abc");
        assert_eq!(cut("\x1b[32m▸\x1b[0m abcdef", 4), "\x1b[32m▸\x1b[0m ab");
    }
}
