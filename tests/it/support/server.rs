use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use super::account;
use super::engine::Engine;
use super::guard::Guard;
use super::outcome::{Outcome, PATIENCE};
use super::programs::Programs;
use super::template;

/// What a server writes before it says that a commit is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing: quick, and enough unless the server or the machine dies.
    None,
    /// Likewise, with the log that a replica reads.
    Replicated,
    /// Its own defaults, for a test that kills it.
    Full,
}

/// A private server: on a free loopback port, in a temporary folder, never as root. It ends when it
/// is dropped, and however this process ends.
pub struct Server {
    programs: Box<dyn Programs>,
    durability: Durability,
    folder: PathBuf,
    port: u16,
    process: Mutex<Option<Process>>,
}

struct Process {
    child: Child,
    guard: Guard,
}

impl Server {
    /// The one that all tests share, started at the first call.
    pub fn shared(engine: Engine) -> Arc<Self> {
        type Shared = LazyLock<Arc<Server>>;
        // One that did not start is not tried again by the next test.
        static POSTGRES: Shared = LazyLock::new(|| Server::start(Engine::Postgres, Durability::None));
        static POSTGRES18: Shared = LazyLock::new(|| Server::start(Engine::Postgres18, Durability::None));
        static MARIADB: Shared = LazyLock::new(|| Server::start(Engine::Mariadb, Durability::None));
        static MYSQL: Shared = LazyLock::new(|| Server::start(Engine::Mysql, Durability::None));
        let shared: &Shared = match engine {
            Engine::Sqlite => unreachable!("it has no server"),
            Engine::Postgres => &POSTGRES,
            Engine::Postgres18 => &POSTGRES18,
            Engine::Mariadb => &MARIADB,
            Engine::Mysql => &MYSQL,
        };
        Arc::clone(shared)
    }

    /// One for the caller alone.
    pub fn start(engine: Engine, durability: Durability) -> Arc<Self> {
        Self::start_on(engine, durability, |programs, data| template::copy(engine, programs, data))
    }

    /// A replica of this one, which is of `engine`.
    pub fn replica(&self, engine: Engine) -> Arc<Self> {
        let replica = Self::start_on(engine, Durability::Replicated, |programs, data| {
            match programs.copy_of(self.port, data) {
                Some(mut copy) => {
                    let output = copy.output().unwrap();
                    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
                }
                None => template::copy(engine, programs, data),
            }
        });
        if let Some(follow) = replica.programs.follow(self.port) {
            replica.sql(replica.programs.home(), &follow);
        }
        replica
    }

    fn start_on(
        engine: Engine,
        durability: Durability,
        make: impl FnOnce(&dyn Programs, &Path),
    ) -> Arc<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let programs = engine.programs().expect("an engine with a server");
        let name = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(format!("rollbook-server-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        account::hand_over(&folder);
        make(&*programs, &folder.join("data"));
        let port = free_port();
        let server = Self { programs, durability, folder, port, process: Mutex::new(None) };
        server.start_again();
        Arc::new(server)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts what was killed, on the same data and port, and waits until it answers.
    pub fn start_again(&self) {
        let mut process = self.process.lock().unwrap();
        assert!(process.is_none(), "it is running");
        let started = Instant::now();
        let mut running = self.launch();
        while !self.answers() {
            if running.child.try_wait().unwrap().is_some() {
                // Processes of the server before it may hold its memory for a moment longer.
                running.guard.dismiss();
                running = self.launch();
            }
            assert!(started.elapsed() < PATIENCE, "the server does not start:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        *process = Some(running);
    }

    fn launch(&self) -> Process {
        let log = File::options().create(true).append(true).open(self.folder.join("log")).unwrap();
        let mut command = self.programs.serve(&self.folder.join("data"), self.port, self.durability);
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let guard = Guard::over(child.id(), self.programs.farewell(), &self.folder);
        Process { child, guard }
    }

    fn answers(&self) -> bool {
        let shell = self.shell(self.programs.home(), "SELECT 1").output();
        shell.is_ok_and(|output| output.status.success())
    }

    /// What the server said about itself.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The server and its children die at once, and can put nothing in order.
    pub fn kill_9(&self) {
        let Process { mut child, guard } = self.process.lock().unwrap().take().expect("it is running");
        let children =
            std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id())).unwrap_or_default();
        let mut kill = Command::new("kill");
        kill.args(["-KILL", &child.id().to_string()]).args(children.split_whitespace());
        // A child may have ended in between, which `kill` then reports.
        let _ = kill.output();
        child.wait().unwrap();
        guard.dismiss();
    }

    /// The engine's own shell.
    pub fn shell(&self, database: &str, sql: &str) -> Command {
        self.programs.shell(self.port, database, sql)
    }

    /// Rows as lines, columns between `|`.
    #[track_caller]
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let end = Outcome::of(&mut self.shell(database, sql));
        assert_eq!(end.code, 0, "{sql}: {}", end.err);
        self.programs.rows(end.out)
    }

    /// Makes an empty database.
    pub fn create(&self, name: &str) {
        self.sql(self.programs.home(), &format!("CREATE DATABASE {name}"));
    }

    /// The database's URL at a port, which may be that of something in front of the server.
    pub fn url_at(&self, port: u16, database: &str) -> String {
        self.programs.url(port, database)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(Process { mut child, guard }) = self.process.get_mut().ok().and_then(Option::take) {
            let _ =
                Command::new("kill").args(["-s", self.programs.farewell(), &child.id().to_string()]).status();
            let started = Instant::now();
            while child.try_wait().is_ok_and(|end| end.is_none()) {
                if started.elapsed() > PATIENCE {
                    let _ = child.kill();
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            guard.dismiss();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// One that nothing listens on now.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
