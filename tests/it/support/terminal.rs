use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::lab::Lab;
use super::outcome::until;

/// What a person presses, as a terminal sends it.
pub mod key {
    pub const ENTER: &str = "\r";
    pub const ESC: &str = "\x1b";
    pub const TAB: &str = "\t";
    pub const DOWN: &str = "\x1b[B";
    pub const CTRL_C: &str = "\x03";
    /// The end of the input, where the terminal itself edits the line.
    pub const CTRL_D: &str = "\x04";
}

/// A terminal in which the program runs as it does for a person, who types and reads a screen.
pub struct Terminal {
    child: Child,
    /// The person's end: what is written is typed.
    keyboard: File,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Reads until nobody has the program's end open.
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts the program in a screen of so many columns.
    pub fn open(lab: &Lab, columns: u16, arguments: &[&str]) -> Self {
        Self::with(lab, columns, arguments, |_| ())
    }

    /// The same, with more in its environment.
    pub fn with(lab: &Lab, columns: u16, arguments: &[&str], more: impl FnOnce(&mut Command)) -> Self {
        // High enough that nothing of a test scrolls away.
        let (rows, cols) = (200, columns);
        let side = |length| NonZero::new(length).unwrap();
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
        let program = File::options().read(true).write(true).open(name).unwrap();
        tcsetwinsize(&program, Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        // Ctrl-C is a signal to whom the terminal controls.
        let mut command = lab.outside("setsid");
        command
            .args(["--ctty", env!("CARGO_BIN_EXE_rollbook")])
            .args(arguments)
            .env("TERM", "xterm-256color");
        more(&mut command);
        let again = || program.try_clone().unwrap();
        let child = command.stdin(again()).stdout(again()).stderr(program).spawn().unwrap();
        // The command holds the program's end open for as long as it is there.
        drop(command);
        let mut output = File::from(person);
        let keyboard = output.try_clone().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(side(rows), side(cols), 0)));
        let seen = Arc::clone(&screen);
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                seen.lock().unwrap().process(&bytes[..read]);
            }
        });
        Self { child, keyboard, screen, reader: Some(reader) }
    }

    pub fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// The screen as a person sees it.
    pub fn screen(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Whether anything on the screen has a colour of its own.
    pub fn is_coloured(&self) -> bool {
        let parser = self.screen.lock().unwrap();
        let (rows, columns) = parser.screen().size();
        let (rows, columns) = (rows.get(), columns.get());
        let mut cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        cells.any(|(row, column)| {
            parser.screen().cell(row, column).is_some_and(|cell| cell.fgcolor() != vt100::Color::Default)
        })
    }

    /// What stands before the cursor, in its line.
    fn prompt(&self) -> String {
        let parser = self.screen.lock().unwrap();
        let (row, column) = parser.screen().cursor_position();
        parser.screen().contents_between(row, 0, row, column)
    }

    /// Waits until a text is there, wherever a narrow screen breaks its lines.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        self.wait(&format!("`{text}`"), || run_together(&self.screen()).contains(&run_together(text)));
    }

    /// Waits until the cursor stands behind a question.
    #[track_caller]
    pub fn asks(&self, question: &str) {
        self.wait(&format!("the question `{question}`"), || self.prompt().contains(question));
    }

    #[track_caller]
    fn wait(&self, what: &str, seen: impl Fn() -> bool) {
        let there = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| until(what, seen)));
        assert!(there.is_ok(), "{what} is not on the screen:\n{}", self.screen());
    }

    /// Waits for the end, and returns the last screen. The terminal is as it was before.
    #[track_caller]
    pub fn ends(mut self, code: i32) -> String {
        let mut ended = None;
        let child = &mut self.child;
        let there = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            until("the end of the program", || {
                ended = child.try_wait().unwrap();
                ended.is_some()
            });
        }));
        assert!(there.is_ok(), "the program does not end:\n{}", self.screen());
        let modes = tcgetattr(&self.keyboard).unwrap().local_modes;
        self.reader.take().unwrap().join().unwrap();
        let screen = self.screen();
        assert_eq!(ended.unwrap().code(), Some(code), "\n{screen}");
        assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG), "{modes:?}");
        assert!(!self.screen.lock().unwrap().screen().hide_cursor(), "the cursor stays hidden");
        screen
    }
}

fn run_together(text: &str) -> String {
    text.split_whitespace().collect()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
