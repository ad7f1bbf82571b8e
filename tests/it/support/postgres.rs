use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::until;

/// The suite's own PostgreSQL: on a free loopback port, in a temporary folder, never as root.
pub struct Postgres {
    port: u16,
}

/// Starts it at the first call.
pub fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

impl Postgres {
    #[expect(clippy::zombie_processes, reason = "the server outlives every test and its guard stops it")]
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("rollbook-pg-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let data = folder.join("data");
        std::fs::create_dir(&data).unwrap();
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        if root {
            let owned = Command::new("chown").arg("nobody:nogroup").arg(&data).status();
            assert!(owned.is_ok_and(|status| status.success()), "chown of the data folder");
        }
        let bin = binaries();
        let made = as_user(root, &bin.join("initdb"))
            .args(["--no-sync", "-U", "postgres", "-A", "trust", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = as_user(root, &bin.join("postgres"));
        server.args(["-p", &port.to_string(), "-D"]).arg(&data);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "full_page_writes=off",
            "synchronous_commit=off",
        ] {
            server.args(["-c", setting]);
        }
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        stop_with_this_process(child.id(), &folder);
        let server = Self { port };
        until("the start of PostgreSQL", || {
            server.psql("postgres", "SELECT 1").output().is_ok_and(|output| output.status.success())
        });
        server
    }

    pub fn psql(&self, database: &str, sql: &str) -> Command {
        let mut command = Command::new("psql");
        command
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
                "-p",
            ])
            .arg(self.port.to_string())
            .args(["-d", database, "-c", sql]);
        command
    }

    /// Makes a database and returns its URL.
    pub fn create(&self, name: &str) -> String {
        let made = self.psql("postgres", &format!("CREATE DATABASE {name}")).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        self.url(name)
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }
}

fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("the tests need PostgreSQL: apt-get install postgresql")
}

fn as_user(root: bool, program: &Path) -> Command {
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
    command
}

/// A shell that waits for its standard input to close, which happens however this process ends.
#[expect(clippy::zombie_processes, reason = "the guard outlives this process")]
fn stop_with_this_process(pid: u32, folder: &Path) {
    let script =
        format!("trap '' INT TERM; cat >/dev/null; kill -INT {pid}; sleep 1; rm -rf '{}'", folder.display());
    let mut guard = Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = guard.stdin.take().unwrap();
    input.flush().unwrap();
    // Kept open until the process is gone.
    std::mem::forget(input);
}
