use std::path::{Path, PathBuf};
use std::process::Command;

use super::account;
use super::mysql::{listen, settings, speak, url};
use super::programs::Programs;
use super::rows;
use super::server::Durability;

/// Debian's MariaDB.
pub struct Mariadb;

impl Programs for Mariadb {
    fn server(&self) -> PathBuf {
        let server = PathBuf::from("/usr/sbin/mariadbd");
        assert!(server.exists(), "no MariaDB in {}: run ./tests/run, which installs it", server.display());
        server
    }

    fn initialise(&self, data: &Path) -> Command {
        let mut command = account::ordinary("mariadb-install-db".as_ref());
        command
            .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
            .args(["--skip-name-resolve", "--innodb-log-file-size=32M"])
            .arg(format!("--datadir={}", data.display()));
        command
    }

    fn serve(&self, data: &Path, port: u16, durability: Durability) -> Command {
        let mut command = account::ordinary(&self.server());
        command.args(["--no-defaults", "--innodb-log-file-size=32M"]);
        listen(&mut command, data, port);
        settings(&mut command, durability);
        if durability == Durability::Replicated {
            command.args(["--log-bin=log", &format!("--server-id={port}")]);
        }
        command
    }

    fn follow(&self, primary: u16) -> Option<String> {
        Some(format!(
            "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {primary}, MASTER_USER = 'root', \
             MASTER_USE_GTID = no; START SLAVE"
        ))
    }

    fn farewell(&self) -> &'static str {
        "KILL"
    }

    fn home(&self) -> &'static str {
        "mysql"
    }

    fn shell(&self, port: u16, database: &str, sql: &str) -> Command {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--skip-ssl", "--xml"]);
        speak(&mut command, port, database, sql);
        command
    }

    fn rows(&self, printed: String) -> String {
        rows::from_xml(&printed)
    }

    fn url(&self, port: u16, database: &str) -> String {
        url(port, database)
    }
}
