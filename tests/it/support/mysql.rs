use std::path::{Path, PathBuf};
use std::process::Command;

use super::account;
use super::folder::laboratory;
use super::programs::Programs;
use super::rows;
use super::server::Durability;

/// The account that every test uses. It has no password: `caching_sha2_password` wants TLS for one.
const ACCOUNT: &str = "CREATE USER root@'127.0.0.1';\nGRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n\
                       GRANT PROXY ON ''@'' TO root@'127.0.0.1' WITH GRANT OPTION;\n";

/// MySQL itself, as `tests/lab/mysql` unpacks it.
pub struct Mysql {
    bin: PathBuf,
}

impl Mysql {
    pub fn unpacked() -> Self {
        let bin = laboratory().join("mysql/bin");
        assert!(bin.exists(), "no MySQL in {}: run ./tests/run, which installs it", bin.display());
        Self { bin }
    }
}

impl Programs for Mysql {
    fn server(&self) -> PathBuf {
        self.bin.join("mysqld")
    }

    fn initialise(&self, data: &Path) -> Command {
        let account = data.with_extension("sql");
        std::fs::write(&account, ACCOUNT).unwrap();
        let mut command = account::ordinary(&self.server());
        command.arg("--initialize-insecure").arg(format!("--datadir={}", data.display()));
        command.arg(format!("--init-file={}", account.display())).arg("--innodb-redo-log-capacity=32M");
        command
    }

    fn serve(&self, data: &Path, port: u16, durability: Durability) -> Command {
        // Left over, the template's number of this server would be every server's.
        let _ = std::fs::remove_file(data.join("auto.cnf"));
        let mut command = account::ordinary(&self.server());
        listen(&mut command, data, port);
        command.args(["--mysqlx=OFF", "--innodb-redo-log-capacity=32M", &format!("--server-id={port}")]);
        command.arg(if durability == Durability::Replicated { "--log-bin=log" } else { "--skip-log-bin" });
        settings(&mut command, durability);
        command
    }

    fn follow(&self, primary: u16) -> Option<String> {
        Some(format!(
            "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {primary}, SOURCE_USER = 'root'; \
             START REPLICA"
        ))
    }

    fn farewell(&self) -> &'static str {
        "KILL"
    }

    fn home(&self) -> &'static str {
        "mysql"
    }

    fn shell(&self, port: u16, database: &str, sql: &str) -> Command {
        let mut command = Command::new(self.bin.join("mysql"));
        command.args(["--ssl-mode=DISABLED", "--xml"]);
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

/// Where the server listens: MariaDB's words are the same.
pub fn listen(command: &mut Command, data: &Path, port: u16) {
    command
        .arg(format!("--datadir={}", data.display()))
        // A server that starts clears its folder of what it takes for leftovers: another one's temporary tables.
        .arg(format!("--tmpdir={}", data.display()))
        .arg(format!("--socket={}", data.join("socket").display()))
        .args([&format!("--port={port}"), "--bind-address=127.0.0.1", "--skip-name-resolve"]);
}

pub fn settings(command: &mut Command, durability: Durability) {
    command.arg("--innodb-buffer-pool-size=32M");
    if durability != Durability::Full {
        command.args([
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-flush-method=nosync",
            "--innodb-doublewrite=OFF",
        ]);
    }
}

pub fn speak(command: &mut Command, port: u16, database: &str, sql: &str) {
    command.args(["--protocol=tcp", "--host=127.0.0.1", &format!("--port={port}"), "--user=root"]).args([
        "--default-character-set=utf8mb4",
        &format!("--database={database}"),
        "--execute",
        sql,
    ]);
}

pub fn url(port: u16, database: &str) -> String {
    format!("mysql://root@127.0.0.1:{port}/{database}")
}
