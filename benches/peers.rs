//! Whole commands against a peer that does the same work, in the same run; every figure is a ratio
//! or stands beside the issue's limit. `cargo bench` prints the table.
//!
//! Needs `psql`, `initdb` and `postgres` (Debian: `postgresql`) and `sqlite3`. PostgreSQL runs with
//! its defaults, durable: the time of a commit is part of what is compared.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROLLBOOK: &str = env!("CARGO_BIN_EXE_rollbook");
/// Runs of each, of which the median counts.
const ROUNDS: usize = 5;

fn main() {
    let lab = Lab::new();
    println!("{:<58} {:>10} {:>10} {:>8} {:>8}", "what", "rollbook", "peer", "figure", "limit");
    lab.thousand_steps_postgres();
    lab.thousand_steps_sqlite();
    lab.three_migrations();
    lab.check();
    lab.memory();
}

fn row(what: &str, ours: Duration, peer: Option<Duration>, limit: &str) {
    let ms = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    let figure =
        peer.map_or_else(String::new, |peer| format!("{:.2}", ours.as_secs_f64() / peer.as_secs_f64()));
    println!("{what:<58} {:>10} {:>10} {figure:>8} {limit:>8}", ms(ours), peer.map_or_else(String::new, ms));
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn timed(command: &mut Command) -> Duration {
    let started = Instant::now();
    let output = command.output().expect("the command starts");
    let time = started.elapsed();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    time
}

struct Lab {
    folder: PathBuf,
    port: u16,
    server: Child,
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Lab {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("rollbook-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let data = folder.join("data");
        std::fs::create_dir(&data).expect("a temporary folder");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        drop(listener);
        // Servers refuse root.
        let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        let as_user = |program: &Path| {
            if !root {
                return Command::new(program);
            }
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
            command
        };
        if root {
            let owned = Command::new("chown").arg("nobody:nogroup").arg(&data).status();
            assert!(owned.is_ok_and(|status| status.success()), "chown");
        }
        let bin = binaries();
        timed(as_user(&bin.join("initdb")).args(["-U", "postgres", "-A", "trust", "-D"]).arg(&data));
        let server = as_user(&bin.join("postgres"))
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-p",
                &port.to_string(),
                "-D",
            ])
            .arg(&data)
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres starts");
        let lab = Self { folder, port, server };
        let ready = Instant::now();
        while !lab.psql("postgres", &["-c", "SELECT 1"]).output().is_ok_and(|o| o.status.success()) {
            assert!(ready.elapsed() < Duration::from_secs(20), "postgres does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        lab
    }

    fn psql(&self, database: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("psql");
        command
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-p"])
            .arg(self.port.to_string())
            .args(["-d", database])
            .args(arguments);
        command
    }

    fn database(&self, name: &str) -> String {
        timed(&mut self.psql("postgres", &["-c", &format!("CREATE DATABASE {name}")]));
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    fn rollbook(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(ROLLBOOK);
        command.args(arguments).current_dir(&self.folder);
        command
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("the folder is writable");
        path.display().to_string()
    }

    fn thousand_steps_postgres(&self) {
        let runbook = self.write("steps-pg.md", &steps("postgres", 1_000));
        let peer = self.write("steps-pg.sql", &peer_sql(1_000));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let url = self.database(&format!("steps_ours_{round}"));
            ours.push(timed(&mut self.rollbook(&["run", &runbook, "--db", &url])));
            let name = format!("steps_peer_{round}");
            self.database(&name);
            theirs.push(timed(&mut self.psql(&name, &["-f", &peer])));
        }
        row("1,000 steps on PostgreSQL / psql -f", median(ours), Some(median(theirs)), "1.25");
    }

    fn thousand_steps_sqlite(&self) {
        let runbook = self.write("steps-sqlite.md", &steps("sqlite", 1_000));
        let peer = self.write("steps-sqlite.sql", &peer_sql(1_000));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let url = format!("sqlite:ours-{round}.db");
            ours.push(timed(&mut self.rollbook(&["run", &runbook, "--create", "--db", &url])));
            let file = self.folder.join(format!("peer-{round}.db"));
            let input = std::fs::File::open(&peer).expect("the peer's SQL");
            theirs.push(timed(Command::new("sqlite3").arg(&file).stdin(input)));
        }
        row("1,000 steps on SQLite / sqlite3", median(ours), Some(median(theirs)), "1.25");
    }

    fn three_migrations(&self) {
        let runbook = self.write("three.md", &steps("postgres", 3));
        // What the disk alone costs on this machine: four commits.
        let peer = self.write("three.sql", &peer_sql(3));
        let (mut fresh, mut nothing, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..ROUNDS {
            let url = self.database(&format!("three_{round}"));
            fresh.push(timed(&mut self.rollbook(&["run", &runbook, "--db", &url])));
            nothing.push(timed(&mut self.rollbook(&["run", &runbook, "--db", &url])));
            let name = format!("three_peer_{round}");
            self.database(&name);
            theirs.push(timed(&mut self.psql(&name, &["-f", &peer])));
        }
        row(
            "three small migrations on a fresh PostgreSQL / psql -f",
            median(fresh),
            Some(median(theirs)),
            "40 ms",
        );
        row("the same with nothing left to do", median(nothing), None, "20 ms");
    }

    fn check(&self) {
        for count in [500, 2_000] {
            let folder = self.folder.join(format!("check-{count}"));
            std::fs::create_dir(&folder).expect("the folder is writable");
            for n in 0..count {
                let text = steps("postgres", 5).replace("id: bench", &format!("id: bench-{n}"));
                std::fs::write(folder.join(format!("{n}.md")), text).expect("the folder is writable");
            }
            let name = folder.display().to_string();
            let times = (0..ROUNDS).map(|_| timed(&mut self.rollbook(&["check", &name]))).collect();
            let limit = if count == 2_000 { "1 s" } else { "" };
            row(&format!("check of {count} runbooks of 10 cells"), median(times), None, limit);
        }
        let one = self.write("one.md", &steps("postgres", 5));
        let times = (0..ROUNDS).map(|_| timed(&mut self.rollbook(&["check", &one]))).collect();
        row("check of one runbook", median(times), None, "20 ms");
        let times = (0..ROUNDS).map(|_| timed(&mut self.rollbook(&["--version"]))).collect();
        row("--version", median(times), None, "20 ms");
    }

    /// Peak resident memory of a replay whose one verify cell returns 5 million rows.
    fn memory(&self) {
        let url = self.database("memory");
        let text = runbook(
            "postgres",
            "```sql {id=a phase=apply role=forward}\n--| irreversible: nothing to undo\nSELECT 1;\n```\n\n```sql {of=a phase=apply role=verify expect=rows:5000000}\nSELECT g, md5(g::text) FROM generate_series(1, 5000000) g;\n```\n",
        );
        let path = self.write("memory.md", &text);
        let mut child = self
            .rollbook(&["verify", "--all", &path, "--db", &url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("rollbook starts");
        let started = Instant::now();
        let mut peak = 0;
        let status = loop {
            if let Some(kib) = high_water(child.id()) {
                peak = kib.max(peak);
            }
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                break status;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "the replay failed");
        let took = format!("{:.1} s", started.elapsed().as_secs_f64());
        println!(
            "{:<58} {took:>10} {:>10} {:>8} {:>8}",
            "peak memory of a verify cell with 5,000,000 rows",
            "",
            format!("{} MB", peak / 1024),
            "64 MB"
        );
    }
}

/// `VmHWM` of a process, in KiB.
fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn runbook(dialect: &str, cells: &str) -> String {
    format!(
        "---\nrollbook: 1\nid: bench\ntitle: Benchmark\ndialect: {dialect}\nstrategy: direct\n---\n\n# Benchmark\n\n{cells}"
    )
}

/// A forward and a rollback cell for each of `count` tables.
fn steps(dialect: &str, count: usize) -> String {
    let mut cells = String::new();
    for n in 0..count {
        let _ = write!(
            cells,
            "```sql {{id=make-{n} phase=apply role=forward}}\nCREATE TABLE t{n} (id integer PRIMARY KEY, name text NOT NULL);\n```\n\n\
             ```sql {{of=make-{n} phase=apply role=rollback .destructive}}\nDROP TABLE t{n};\n```\n\n"
        );
    }
    runbook(dialect, &cells)
}

/// The same statements, each in its own transaction with one ledger insert.
fn peer_sql(count: usize) -> String {
    let mut sql = String::from(
        "CREATE TABLE ledger (pos integer PRIMARY KEY, step text NOT NULL, at text NOT NULL, hash text NOT NULL);\n",
    );
    for n in 0..count {
        let _ = write!(
            sql,
            "BEGIN;\nCREATE TABLE t{n} (id integer PRIMARY KEY, name text NOT NULL);\n\
             INSERT INTO ledger VALUES ({n}, 'make-{n}', '2026-01-01T00:00:00Z', '{:064x}');\nCOMMIT;\n",
            n
        );
    }
    sql
}

fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("install PostgreSQL: apt-get install postgresql sqlite3")
}
