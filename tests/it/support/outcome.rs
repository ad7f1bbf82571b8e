use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How long a condition may take to come true before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a command may take: more than any does, so that one that hangs fails its test alone.
const LIMIT: Duration = Duration::from_secs(120);

/// What a command came to.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Outcome {
    #[track_caller]
    pub fn of(command: &mut Command) -> Self {
        Self::end(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// Waits for a command that was started. One that does not end is killed, and its test fails with
    /// what it said until then.
    #[track_caller]
    pub fn end(child: Child) -> Self {
        let pid = child.id().to_string();
        let (ended, end) = mpsc::channel();
        std::thread::spawn(move || ended.send(Self::new(&child.wait_with_output().unwrap())));
        end.recv_timeout(LIMIT).unwrap_or_else(|_| {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
            panic!("a command does not end: {:?}", end.recv_timeout(PATIENCE))
        })
    }

    fn new(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails with everything that was printed.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let all = format!("{}{}", self.out, self.err);
        assert!(all.contains(text), "`{text}` is not in\n{all}");
        self
    }

    /// The consent that a gate asks for.
    #[track_caller]
    pub fn consent(&self) -> String {
        let next =
            self.out.lines().find(|line| line.starts_with("next: ")).unwrap_or_else(|| panic!("{self:?}"));
        let (_, consent) = next.rsplit_once("--confirm ").unwrap_or_else(|| panic!("{next}"));
        consent.split(' ').next().unwrap().to_owned()
    }
}

/// Waits for a condition, not for a time.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}
