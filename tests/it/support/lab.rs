use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::engine::Engine;
use super::outcome::Outcome;
use super::server::Server;

/// A temporary folder with one empty database, on one engine.
pub struct Lab {
    pub folder: PathBuf,
    pub engine: Engine,
    pub url: String,
    database: String,
    server: Option<Arc<Server>>,
}

impl Lab {
    /// On the server that all tests share.
    pub fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite(),
            _ => Self::on_server(engine, Server::shared(engine)),
        }
    }

    /// On the same, with a database whose name says that nobody needs it.
    pub fn scratch(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => Self::sqlite(),
            _ => Self::named(engine, Server::shared(engine), "_scratch"),
        }
    }

    /// On a server of the test's own.
    pub fn on_server(engine: Engine, server: Arc<Server>) -> Self {
        Self::named(engine, server, "")
    }

    fn named(engine: Engine, server: Arc<Server>, ending: &str) -> Self {
        let (name, folder) = Self::place();
        let name = name + ending;
        server.create(&name);
        let url = server.url_at(server.port(), &name);
        Self { folder, engine, url, database: name, server: Some(server) }
    }

    fn sqlite() -> Self {
        let (name, folder) = Self::place();
        let made = Command::new("sqlite3").arg(folder.join("app.db")).arg("VACUUM").status();
        assert!(made.is_ok_and(|s| s.success()), "no sqlite3: run ./tests/run, which installs it");
        Self { folder, engine: Engine::Sqlite, url: "sqlite:app.db".to_owned(), database: name, server: None }
    }

    /// A name for a database, and an empty folder.
    fn place() -> (String, PathBuf) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("t{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(format!("rollbook-test-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        (name, folder)
    }

    /// The database's URL at the port of something in front of its server.
    pub fn url_at(&self, port: u16) -> String {
        self.server.as_ref().expect("an engine with a server").url_at(port, &self.database)
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

    /// The program in the folder, without a terminal.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.outside(env!("CARGO_BIN_EXE_rollbook"));
        command.args(arguments).env("COLUMNS", "120").stdin(Stdio::null());
        command
    }

    /// A command in the folder, that sees nothing of this machine's environment but the path.
    pub fn outside(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.folder)
            .env("ROLLBOOK_OPERATOR", "ann@lab");
        command
    }

    #[track_caller]
    pub fn rollbook(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(&mut self.command(arguments))
    }

    /// `verb file --db … more`.
    #[track_caller]
    pub fn on(&self, verb: &str, more: &[&str]) -> Outcome {
        let mut arguments = vec![verb, "book.md", "--db", &self.url];
        arguments.extend(more);
        self.rollbook(&arguments)
    }

    /// Runs, and gives every consent that is asked for.
    pub fn through(&self, verb: &str, more: &[&str]) -> Outcome {
        let mut end = self.on(verb, more);
        let mut consent = None;
        for _ in 0..20 {
            match end.code {
                3 => consent = Some(end.consent()),
                // A server under load may not have noticed yet that the process before this one is gone.
                5 => std::thread::sleep(Duration::from_millis(200)),
                _ => break,
            }
            let mut arguments = more.to_vec();
            arguments.extend(consent.iter().flat_map(|consent| ["--confirm", consent]));
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
        let answer = match &self.server {
            Some(server) => server.sql(&self.database, sql),
            None => {
                let output = self.shell(sql).output().unwrap();
                assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
                String::from_utf8(output.stdout).unwrap()
            }
        };
        answer.trim_end().to_owned()
    }

    /// The engine's own shell, to be started with a statement.
    pub fn shell(&self, sql: &str) -> Command {
        if let Some(server) = &self.server {
            return server.shell(&self.database, sql);
        }
        let mut command = Command::new("sqlite3");
        command.args(["-batch", "-cmd", ".timeout 5000"]).arg(self.folder.join("app.db")).arg(sql);
        command
    }

    /// The database's tables, a line each.
    fn tables(&self) -> String {
        self.sql(match self.engine {
            Engine::Sqlite => "SELECT name FROM sqlite_schema",
            Engine::Postgres | Engine::Postgres18 => {
                "SELECT schemaname || '.' || tablename FROM pg_tables \
                 WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            }
            Engine::Mariadb | Engine::Mysql => {
                "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"
            }
        })
    }

    pub fn has_table(&self, name: &str) -> bool {
        self.tables().lines().any(|table| table.trim_start_matches("public.") == name)
    }

    pub fn journal(&self) -> &'static str {
        match self.engine {
            Engine::Postgres | Engine::Postgres18 => "rollbook.journal",
            Engine::Sqlite | Engine::Mariadb | Engine::Mysql => "rollbook_journal",
        }
    }

    /// How many journal entries hold `text`; none where there is no journal yet.
    pub fn entries(&self, text: &str) -> u64 {
        if !self.has_table(self.journal()) {
            return 0;
        }
        self.sql(&format!("SELECT count(*) FROM {} WHERE entry LIKE '%{text}%'", self.journal()))
            .parse()
            .unwrap()
    }

    /// How many batches the last backfill has committed so far, and their keys.
    pub fn last_batch(&self) -> (u64, u64) {
        if !self.has_table(self.journal()) {
            return (0, 0);
        }
        let journal = self.journal();
        let sql = format!(
            "SELECT entry FROM {journal} WHERE entry LIKE '%\"event\":\"batch_done\"%' ORDER BY pos DESC LIMIT 1"
        );
        let entry = self.sql(&sql);
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(&entry) else { return (0, 0) };
        (entry["batch"].as_u64().unwrap(), entry["sum"]["keys"].as_u64().unwrap())
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
