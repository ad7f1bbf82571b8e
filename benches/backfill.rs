//! Backfills beside what people write by hand, on PostgreSQL and MariaDB, in one run.
//!
//! ROLLBOOK_BENCH_ROWS is how many rows the table has (5,000,000); ROLLBOOK_BENCH_SECONDS how long the
//! foreground is measured without a backfill (20). Words on the command line are the parts to run, all of
//! them without any: `postgres`, `mariadb`, `pace`, `resume`, `foreground`; `beside` is `foreground` with
//! Rollbook alone. Servers are durable, with the settings
//! below: the time of a commit is part of what is compared.

#[path = "../tests/it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "it is the tests' own, and a bench needs only its servers")]
mod support;

use std::ops::Range;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use support::{Durability, Engine, Lab, Server};

/// Keys of a batch for those who do not look at the clock.
const FIXED: u64 = 1_000;
/// Keys of a batch of about 500 ms, where it was not measured before.
const LONG: u64 = 60_000;
/// How long the foreground may take to do what it could not do during a backfill.
const BACKLOG: Duration = Duration::from_secs(15);
/// Foreground clients.
const CLIENTS: &str = "4";

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

fn main() {
    let rows = number("ROLLBOOK_BENCH_ROWS", 5_000_000);
    let seconds = number("ROLLBOOK_BENCH_SECONDS", 20);
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    println!("{rows} rows, one text column computed");
    let mut size = LONG;
    for (part, engine) in [("mariadb", Engine::Mariadb), ("postgres", Engine::Postgres)] {
        if wanted(part) {
            size = Table::new(engine, rows).times();
        }
    }
    if ["pace", "resume", "foreground", "beside"].into_iter().any(wanted) {
        let postgres = Table::new(Engine::Postgres, rows);
        if wanted("pace") {
            postgres.pace();
        }
        if wanted("resume") {
            postgres.resume();
        }
        if wanted("foreground") {
            postgres.foreground(size, seconds, 5);
        }
        if words.iter().any(|word| word == "beside") {
            postgres.foreground(size, seconds, 1);
        }
    }
}

/// A server with one table, and what is done to it.
struct Table {
    lab: Lab,
    server: Arc<Server>,
    rows: u64,
}

/// A backfill under way.
struct Running {
    child: Child,
    started: Instant,
    /// KiB.
    memory: u64,
}

impl Table {
    fn new(engine: Engine, rows: u64) -> Self {
        let server = Server::start(engine, Durability::Full);
        let lab = Lab::on_server(engine, Arc::clone(&server));
        if engine == Engine::Postgres {
            // Otherwise the checkpoints of one contender fall into the time of the next, and each makes
            // anew the files of the log that the one before has left.
            for setting in [
                "max_wal_size = '8GB'",
                "min_wal_size = '6GB'",
                "checkpoint_timeout = '30min'",
                "autovacuum = off",
            ] {
                lab.sql(&format!("ALTER SYSTEM SET {setting}"));
            }
            lab.sql("SELECT pg_reload_conf()");
        } else {
            for setting in ["innodb_buffer_pool_size = 1073741824", "innodb_log_file_size = 1073741824"] {
                lab.sql(&format!("SET GLOBAL {setting}"));
            }
        }
        let table = Self { lab, server, rows };
        // Whoever comes first makes the files of the log, which the others use again.
        table.fresh();
        table.giant().end();
        table
    }

    fn is_postgres(&self) -> bool {
        self.lab.engine == Engine::Postgres
    }

    /// The table as it was before anybody came.
    fn fresh(&self) {
        let rows = self.rows;
        let drop = "DROP TABLE IF EXISTS users";
        self.lab.sql(drop);
        let table = "CREATE TABLE users (id bigint PRIMARY KEY, email varchar(60) NOT NULL, email_lower varchar(60), seen integer NOT NULL)";
        self.lab.sql(table);
        if self.is_postgres() {
            self.lab.sql(&format!(
                "INSERT INTO users SELECT n, 'User' || n || '@Example.ORG', NULL, 0 FROM generate_series(1, {rows}) n"
            ));
            self.lab.sql("DROP SCHEMA IF EXISTS rollbook CASCADE");
            self.lab.sql("VACUUM ANALYZE users");
            self.lab.sql("CHECKPOINT");
        } else {
            self.lab.sql(&format!(
                "INSERT INTO users SELECT seq, concat('User', seq, '@Example.ORG'), NULL, 0 FROM seq_1_to_{rows}"
            ));
            self.lab.sql("DROP TABLE IF EXISTS rollbook_journal, rollbook_lease");
            self.lab.sql("ANALYZE TABLE users");
        }
    }

    fn check(&self) {
        let left = self
            .lab
            .sql("SELECT count(*) FROM users WHERE email_lower IS NULL OR email_lower <> lower(email)");
        assert_eq!(left, "0", "rows are left");
    }

    fn rollbook(&self, batch: &str) -> Running {
        let dialect = self.lab.engine.dialect();
        self.lab.write(
            "book.md",
            &format!(
                "---\nrollbook: 1\nid: book\ntitle: A bench\ndialect: {dialect}\nstrategy: direct\n---\n\n\
                 ```sql {{id=fill phase=apply role=forward}}\n--| batch: {{table: users, key: id{batch}}}\n--| irreversible: a bench\n\
                 UPDATE users SET email_lower = lower(email) WHERE {{{{ batch }}}} AND email_lower IS NULL;\n```\n"
            ),
        );
        let events = std::fs::File::create(self.lab.folder.join("events")).expect("a file");
        let started = Instant::now();
        let child = self
            .lab
            .command(&["run", "book.md", "--db", &self.lab.url, "--format", "json"])
            .stdout(events)
            .stderr(Stdio::null())
            .spawn()
            .expect("rollbook starts");
        Running { child, started, memory: 0 }
    }

    /// The events of the last run that are batches.
    fn batches(&self) -> Vec<serde_json::Value> {
        let events = self.lab.read("events");
        let events = events.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        events.filter(|event| event["event"] == "batch_done").collect()
    }

    /// One statement for everything.
    fn giant(&self) -> Running {
        self.shell("UPDATE users SET email_lower = lower(email) WHERE email_lower IS NULL")
    }

    /// What somebody who knows the engine would write inside the server: keys from the index, a commit after
    /// each batch.
    fn by_hand(&self, size: u64) -> Running {
        let end = self.rows;
        if self.is_postgres() {
            self.lab.sql(&format!(
                "CREATE OR REPLACE PROCEDURE backfill() LANGUAGE plpgsql AS $$ DECLARE at bigint := 0; upto bigint; BEGIN LOOP \
                 SELECT id INTO upto FROM users WHERE id > at ORDER BY id LIMIT 1 OFFSET {size} - 1; \
                 upto := coalesce(upto, {end}); \
                 UPDATE users SET email_lower = lower(email) WHERE id > at AND id <= upto AND email_lower IS NULL; \
                 COMMIT; at := upto; EXIT WHEN at >= {end}; END LOOP; END $$"
            ));
        } else {
            self.lab.sql("DROP PROCEDURE IF EXISTS backfill");
            self.lab.sql(&format!(
                "DELIMITER //\nCREATE PROCEDURE backfill() BEGIN DECLARE at BIGINT DEFAULT 0; DECLARE upto BIGINT; \
                 WHILE at < {end} DO SET upto = (SELECT id FROM users WHERE id > at ORDER BY id LIMIT 1 OFFSET {offset}); \
                 SET upto = COALESCE(upto, {end}); START TRANSACTION; \
                 UPDATE users SET email_lower = lower(email) WHERE id > at AND id <= upto AND email_lower IS NULL; \
                 COMMIT; SET at = upto; END WHILE; END//",
                offset = size - 1
            ));
        }
        self.shell("CALL backfill()")
    }

    fn shell(&self, sql: &str) -> Running {
        let started = Instant::now();
        let mut command = self.lab.shell(sql);
        let child = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().expect("the shell starts");
        Running { child, started, memory: 0 }
    }

    /// The times of each, alone on the server. Returns the size of the batches that Rollbook took.
    fn times(&self) -> u64 {
        println!("\n{:<12} {:<46} {:>9} {:>8} {:>8}", "engine", "what", "time", "figure", "limit");
        let engine = format!("{:?}", self.lab.engine);
        let row = |what: &str, time: Duration, figure: String, limit: &str| {
            println!("{engine:<12} {what:<46} {:>8.1}s {figure:>8} {limit:>8}", time.as_secs_f64());
        };
        let ratio = |a: Duration, b: Duration| format!("{:.2}", a.as_secs_f64() / b.as_secs_f64());
        self.fresh();
        let (adaptive, memory) = self.rollbook("").end();
        self.check();
        let entries = self.lab.sql(&format!("SELECT count(*) FROM {}", self.lab.journal()));
        let batches = self.batches();
        let size = (self.rows / batches.len().max(1) as u64).max(1);
        self.fresh();
        let (by_hand, _) = self.by_hand(size).end();
        self.check();
        self.fresh();
        let (giant, _) = self.giant().end();
        self.check();
        row("one giant UPDATE", giant, String::new(), "");
        row(&format!("a loop inside the server, batches of {size}"), by_hand, String::new(), "");
        row(&format!("rollbook, {} batches of about 500 ms", batches.len()), adaptive, String::new(), "");
        row("  beside the loop", adaptive, ratio(adaptive, by_hand), "1.15");
        row("  beside the giant", adaptive, ratio(adaptive, giant), "2");
        let (near, _) = settled(&batches);
        println!(
            "{engine:<12} {:<46} {:>9} {near:>7.1}% {:>8}",
            "  settled batches within 20 % of 500 ms", "", "95 %"
        );
        println!(
            "{engine:<12} {:<46} {:>9} {:>8} {:>8}",
            "  peak memory",
            "",
            format!("{} MB", memory / 1024),
            "32 MB"
        );
        println!("{engine:<12} {:<46} {:>9} {entries:>8}", "  entries in the journal", "");
        size
    }

    /// Killed in the middle, and run again.
    fn resume(&self) {
        self.fresh();
        let mut running = self.rollbook("");
        while self.lab.last_batch().1 < self.rows / 3 {
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = running.child.kill();
        let _ = running.child.wait();
        let kept = self.lab.last_batch().1;
        while self.lab.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'rollbook%'")
            != "0"
        {
            std::thread::sleep(Duration::from_millis(100));
        }
        self.rollbook("").end();
        self.check();
        let walked: u64 = self.batches().iter().filter_map(|batch| batch["keys"].as_u64()).sum();
        println!(
            "killed after {kept} keys; the next run walked {walked}: {} in all, of {}",
            kept + walked,
            self.rows
        );
        assert_eq!(kept + walked, self.rows);
    }

    /// Whether batches take the time that they are asked to take while clients of the same table come and go.
    fn pace(&self) {
        let script = self.foreground_script();
        self.fresh();
        let mut running = self.rollbook(", pause: 0s, max_waiting: off");
        while running.child.try_wait().expect("a child").is_none() {
            self.pgbench(&script, 3, None).wait();
            std::thread::sleep(Duration::from_secs(3));
        }
        self.check();
        let (near, batches) = settled(&self.batches());
        println!(
            "\nclients at full speed for 3 s, none for 3 s, and so on; rollbook with pause: 0s, max_waiting: off"
        );
        println!("{near:.1} % of {batches} settled batches within 20 % of 500 ms (limit 95 %)");
    }

    fn foreground_script(&self) -> std::path::PathBuf {
        let script = self.lab.folder.join("foreground.sql");
        let text = format!(
            "\\set id random(1, {})\nUPDATE users SET seen = seen + 1 WHERE id = :id;\nSELECT email FROM users WHERE id = :id;\n",
            self.rows
        );
        std::fs::write(&script, text).expect("a file");
        script
    }

    /// What clients of the same table notice.
    fn foreground(&self, size: u64, seconds: u64, most: usize) {
        let script = self.foreground_script();
        self.fresh();
        let capacity = self.pgbench(&script, 5, None).wait().rate;
        let rate = capacity / 2.0;
        println!("foreground: {CLIENTS} clients at {rate:.0} transactions a second, half of {capacity:.0}");
        println!(
            "{:<46} {:>9} {:>9} {:>9} {:>8} {:>8} {:>7}",
            "beside it", "backfill", "p50", "p99", "p99 by", "limit", "failed"
        );
        let alone = || {
            self.fresh();
            let alone = self.pgbench(&script, seconds, Some(rate)).wait();
            println!("{:<46} {:>9} {:>7.1}ms {:>7.1}ms", "nothing", "", alone.p50, alone.p99);
            alone.p99
        };
        let mut before = alone();
        let contenders: [(&str, &str, &dyn Fn() -> Running); 5] = [
            ("rollbook", "1.5", &|| self.rollbook("")),
            ("rollbook, pause: 0s", "", &|| self.rollbook(", pause: 0s")),
            ("a loop inside the server", "", &|| self.by_hand(size)),
            ("fixed batches of 1,000 without a pause", "", &|| {
                self.rollbook(&format!(", size: {FIXED}, pause: 0s"))
            }),
            ("one giant UPDATE", "", &|| self.giant()),
        ];
        for (what, limit, start) in contenders.into_iter().take(most) {
            self.fresh();
            let bench = self.pgbench(&script, 3_600, Some(rate));
            std::thread::sleep(Duration::from_secs(1));
            let from = now();
            let (time, _) = start().end();
            // Clients that were kept waiting have to be seen, and what was due meanwhile.
            let during = from..now();
            std::thread::sleep(time.min(BACKLOG));
            let seen = bench.stop(during);
            self.check();
            // What is there without a backfill changes with whoever else uses the machine.
            let after = alone();
            let ratio = seen.p99 / f64::midpoint(before, after);
            before = after;
            println!(
                "{what:<46} {:>8.1}s {:>7.1}ms {:>7.1}ms {ratio:>8.2} {limit:>8} {:>7}",
                time.as_secs_f64(),
                seen.p50,
                seen.p99,
                seen.failed
            );
        }
    }

    fn pgbench(&self, script: &Path, seconds: u64, rate: Option<f64>) -> Foreground {
        for entry in std::fs::read_dir(&self.lab.folder).expect("the lab").flatten() {
            if entry.file_name().to_string_lossy().starts_with("pgbench_log") {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        let mut command = Command::new("pgbench");
        command
            .current_dir(&self.lab.folder)
            .args(["-n", "-l", "-c", CLIENTS, "-j", "2", "-h", "127.0.0.1", "-U", "postgres", "-p"])
            .arg(self.server.port().to_string())
            .args(["-T", &seconds.to_string(), "-f"])
            .arg(script);
        if let Some(rate) = rate {
            command.args(["-R", &format!("{rate:.0}")]);
        }
        command.arg(self.lab.database());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("pgbench starts");
        Foreground { child, folder: self.lab.folder.clone() }
    }
}

impl Running {
    fn end(mut self) -> (Duration, u64) {
        let status = loop {
            self.memory = high_water(self.child.id()).unwrap_or_default().max(self.memory);
            match self.child.try_wait().expect("a child") {
                Some(status) => break status,
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        assert!(status.success(), "the backfill failed");
        (self.started.elapsed(), self.memory)
    }
}

/// Clients at work.
struct Foreground {
    child: Child,
    folder: std::path::PathBuf,
}

/// What they noticed.
struct Seen {
    /// Milliseconds.
    p50: f64,
    p99: f64,
    /// Transactions a second.
    rate: f64,
    failed: usize,
}

impl Foreground {
    fn stop(self, during: Range<f64>) -> Seen {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        self.seen(during)
    }

    fn wait(self) -> Seen {
        self.seen(0.0..f64::MAX)
    }

    /// Each line of the log is a transaction: client, number, microseconds since it was due, script, and
    /// when it was done (PostgreSQL manual, pgbench, "Per-Transaction Logging"). Those that were due
    /// in the time count.
    fn seen(self, during: Range<f64>) -> Seen {
        let output = self.child.wait_with_output().expect("pgbench ends");
        let errors = String::from_utf8_lossy(&output.stderr);
        let failed = errors.lines().filter(|line| line.contains("ERROR") || line.contains("aborted")).count();
        let (mut times, mut first, mut last) = (Vec::new(), f64::MAX, 0.0_f64);
        for entry in std::fs::read_dir(&self.folder).expect("the lab").flatten() {
            if !entry.file_name().to_string_lossy().starts_with("pgbench_log") {
                continue;
            }
            for line in std::fs::read_to_string(entry.path()).expect("a log").lines() {
                let fields: Vec<f64> = line.split(' ').filter_map(|field| field.parse().ok()).collect();
                let (Some(time), Some(at), Some(micros)) = (fields.get(2), fields.get(4), fields.get(5))
                else {
                    continue;
                };
                let at = at + micros / 1e6;
                if !during.contains(&(at - time / 1e6)) {
                    continue;
                }
                (first, last) = (first.min(at), last.max(at));
                times.push(*time / 1e3);
            }
        }
        times.sort_by(f64::total_cmp);
        let part = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(f64::NAN);
        Seen { p50: part(50), p99: part(99), rate: times.len() as f64 / (last - first).max(0.001), failed }
    }
}

/// The part of the batches, in percent, that took 500 ms within a fifth, and how many they are. The first
/// ones grow towards it, and the last takes what is left.
fn settled(batches: &[serde_json::Value]) -> (f64, usize) {
    let millis = |batch: &serde_json::Value| batch["micros"].as_u64().unwrap_or_default() as f64 / 1e3;
    let off = |time: &f64| (time / 500.0 - 1.0).abs();
    let times: Vec<f64> = batches.iter().map(millis).collect();
    let settled = times.iter().position(|time| off(time) <= 0.2).unwrap_or(times.len());
    let times = &times[settled..times.len().saturating_sub(1).max(settled)];
    let near = times.iter().filter(|time| off(time) <= 0.2).count();
    (100.0 * near as f64 / times.len().max(1) as f64, times.len())
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// `VmHWM` of a process, in KiB.
fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
