use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::server;

/// How long a condition may take to come true before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A temporary folder with one empty database, on one engine.
pub struct Lab {
    pub folder: PathBuf,
    pub dialect: &'static str,
    pub url: String,
    database: String,
}

/// What a command came to.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Outcome {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
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

impl Lab {
    pub fn new(dialect: &'static str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(format!("rollbook-test-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        let url = match dialect {
            "sqlite" => {
                let made = Command::new("sqlite3").arg(folder.join("app.db")).arg("VACUUM").status();
                assert!(made.is_ok_and(|s| s.success()), "the tests need sqlite3: apt-get install sqlite3");
                "sqlite:app.db".to_owned()
            }
            _ => server().create(&name),
        };
        Self { folder, dialect, url, database: name }
    }

    pub fn database(&self) -> &str {
        &self.database
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    pub fn read(&self, path: impl AsRef<Path>) -> String {
        std::fs::read_to_string(self.folder.join(path)).unwrap()
    }

    /// A command in the folder, that sees nothing of this machine's environment but the path.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollbook"));
        command
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .env("ROLLBOOK_OPERATOR", "ann@lab")
            .env("COLUMNS", "120")
            .stdin(Stdio::null());
        command
    }

    pub fn rollbook(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(&mut self.command(arguments))
    }

    /// `verb file --db … more`.
    pub fn on(&self, verb: &str, more: &[&str]) -> Outcome {
        let mut arguments = vec![verb, "book.md", "--db", &self.url];
        arguments.extend(more);
        self.rollbook(&arguments)
    }

    /// Runs, and gives every consent that is asked for.
    pub fn through(&self, verb: &str, more: &[&str]) -> Outcome {
        let mut end = self.on(verb, more);
        for _ in 0..10 {
            if end.code != 3 {
                break;
            }
            let consent = end.consent();
            let mut arguments = more.to_vec();
            arguments.extend(["--confirm", &consent]);
            end = self.on(verb, &arguments);
        }
        end
    }

    pub fn spawn(&self, verb: &str, more: &[&str]) -> Child {
        let mut arguments = vec![verb, "book.md", "--db", &self.url];
        arguments.extend(more);
        self.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What the engine's own shell answers: rows as lines, columns between `|`.
    #[track_caller]
    pub fn sql(&self, sql: &str) -> String {
        let output = match self.dialect {
            "sqlite" => Command::new("sqlite3")
                .args(["-batch", "-cmd", ".timeout 5000"])
                .arg(self.folder.join("app.db"))
                .arg(sql)
                .output(),
            _ => server().psql(&self.database, sql).output(),
        };
        let output = output.unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub fn journal(&self) -> &'static str {
        if self.dialect == "sqlite" { "rollbook_journal" } else { "rollbook.journal" }
    }

    /// How many journal entries hold `text`; none where there is no journal yet.
    pub fn entries(&self, text: &str) -> u64 {
        let exists = match self.dialect {
            "sqlite" => "SELECT count(*) FROM sqlite_schema WHERE name = 'rollbook_journal'",
            _ => "SELECT count(*) FROM pg_tables WHERE schemaname = 'rollbook' AND tablename = 'journal'",
        };
        if self.sql(exists) == "0" {
            return 0;
        }
        self.sql(&format!("SELECT count(*) FROM {} WHERE entry LIKE '%{text}%'", self.journal()))
            .parse()
            .unwrap()
    }

    /// Every record's path, Markdown and events.
    pub fn records(&self) -> Vec<PathBuf> {
        let mut found: Vec<PathBuf> = std::fs::read_dir(self.folder.join("records"))
            .into_iter()
            .flatten()
            .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
            .map(|file| file.unwrap().path())
            .collect();
        found.sort();
        found
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
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
