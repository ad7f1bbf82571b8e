//! Clients of a release: inserts, updates, reads and deletes, one statement after the other, and what each row must hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, MySqlConnection, PgConnection, Row as _};

use super::patterns::{Shape, Statement, Values, When};
use crate::support::Lab;

/// Rows in the table before anybody begins.
pub const ROWS: i64 = 100_000;
/// No statement of a client may take longer. A definition gives up its lock after 2 seconds.
const LONGEST: Duration = Duration::from_secs(5);
/// Clients of each release.
const CLIENTS: i64 = 2;
/// A client changes rows of its own residue alone; `ROWS` is a multiple of it.
const RESIDUES: i64 = 16;

/// What a row must hold, as SQL shows it.
pub type Model = BTreeMap<i64, Option<String>>;

enum Client {
    Postgres(PgConnection),
    Mysql(MySqlConnection),
}

impl Client {
    async fn open(url: &str) -> Self {
        match url.starts_with("postgres") {
            true => Self::Postgres(PgConnection::connect(url).await.unwrap()),
            false => Self::Mysql(MySqlConnection::connect(url).await.unwrap()),
        }
    }

    async fn execute(&mut self, sql: String) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Postgres(connection) => connection.execute(sql).await.map(drop),
            Self::Mysql(connection) => connection.execute(sql).await.map(drop),
        }
    }

    /// The one text of the one row.
    async fn text(&mut self, sql: String) -> Result<Option<String>, sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Postgres(connection) => sql.fetch_one(connection).await?.try_get(0),
            Self::Mysql(connection) => sql.fetch_one(connection).await?.try_get(0),
        }
    }
}

impl Values {
    /// What a row that was there before anybody began holds.
    pub fn first(self, id: i64) -> Option<String> {
        Some(match self {
            Self::Text | Self::Required => format!("v{id}"),
            Self::Number => id.to_string(),
            Self::Word => ["low", "mid", "high"][(id % 3) as usize].to_owned(),
            Self::Pair | Self::Parts => format!("l{id}/r{id}"),
        })
    }

    /// A value that a client writes, another one with each `turn` and `salt`.
    fn next(self, number: i64, turn: i64, salt: i64) -> Option<String> {
        let none = (turn + salt) % 5 == 0;
        let text = format!("c{number}-{turn}-{salt}");
        match self {
            Self::Parts => {
                let left = if none { "-" } else { &text };
                let right = if (turn + salt) % 3 == 0 { "-" } else { &text };
                Some(format!("{left}/{right}"))
            }
            Self::Required => Some(text),
            _ if none => None,
            Self::Text => Some(text),
            Self::Number => Some((1 + (turn * 7 + salt * 13 + number) % ROWS).to_string()),
            Self::Word => Some(["low", "mid", "high"][((turn + salt) % 3) as usize].to_owned()),
            Self::Pair => Some(format!("{text}/{turn}")),
        }
    }

    /// The parts of a value, or the value itself as the first.
    fn parts(self, value: Option<&str>) -> [Option<&str>; 2] {
        match (self, value.and_then(|value| value.split_once('/'))) {
            (Self::Pair | Self::Parts, Some((left, right))) => {
                [left, right].map(|part| Some(part).filter(|part| *part != "-"))
            }
            _ => [value, None],
        }
    }

    fn literal(self, value: Option<&str>) -> String {
        match value {
            None => "NULL".to_owned(),
            Some(number) if self == Self::Number => number.to_owned(),
            Some(text) => format!("'{text}'"),
        }
    }

    /// What is sent of `statements` to write `value`.
    fn written(self, statements: &[Statement], id: i64, value: Option<&str>) -> Vec<String> {
        let parts = self.parts(value);
        let sent = statements.iter().filter(|statement| match statement.when {
            When::Always => true,
            When::There(part) => parts[part].is_some(),
            When::Null(part) => parts[part].is_none(),
        });
        sent.map(|statement| {
            statement
                .sql
                .replace("{id}", &id.to_string())
                .replace("{v}", &self.literal(value))
                .replace("{a}", &self.literal(parts[0]))
                .replace("{b}", &self.literal(parts[1]))
        })
        .collect()
    }
}

/// What a client did, when it has ended.
#[derive(Default)]
struct Work {
    model: Model,
    deleted: Vec<i64>,
    statements: u64,
    longest: Duration,
    errors: Vec<String>,
}

impl Work {
    async fn write(&mut self, client: &mut Client, statements: Vec<String>) {
        for sql in statements {
            let started = Instant::now();
            let said = client.execute(sql.clone()).await;
            self.sent(started, said.err().map(|error| format!("{sql}: {error}")));
        }
    }

    async fn read(&mut self, client: &mut Client, shape: &Shape, id: i64, expected: Option<&str>) {
        let sql = format!("SELECT {} FROM {} WHERE i.id = {id}", shape.value, shape.from);
        let started = Instant::now();
        let wrong = match client.text(sql.clone()).await {
            Err(error) => Some(format!("{sql}: {error}")),
            Ok(said) if said.as_deref() != expected => {
                Some(format!("{sql}: {said:?} in place of {expected:?}"))
            }
            Ok(_) => None,
        };
        self.sent(started, wrong);
    }

    fn sent(&mut self, started: Instant, wrong: Option<String>) {
        self.longest = self.longest.max(started.elapsed());
        self.statements += 1;
        self.errors.extend(wrong);
    }
}

pub struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Work>>,
}

impl Clients {
    /// Starts clients that see the data in `shape`, on rows that no other generation touches.
    pub fn start(lab: &Lab, shape: &Shape, values: Values, generation: i64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..CLIENTS)
            .map(|client| {
                let (url, shape, stop) = (lab.url.clone(), shape.clone(), Arc::clone(&stop));
                let number = generation * CLIENTS + client;
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(work(&url, &shape, values, number, &stop))
                })
            })
            .collect();
        Self { stop, threads }
    }

    pub fn end(self, all: &mut All) {
        self.stop.store(true, Ordering::SeqCst);
        for thread in self.threads {
            let work = thread.join().unwrap();
            all.model.extend(work.model);
            for id in work.deleted {
                all.model.remove(&id);
            }
            all.statements += work.statements;
            all.longest = all.longest.max(work.longest);
            all.errors.extend(work.errors);
        }
    }
}

async fn work(url: &str, shape: &Shape, values: Values, number: i64, stop: &AtomicBool) -> Work {
    let mut client = Client::open(url).await;
    let mut work = Work::default();
    let mut turn = 0_i64;
    while !stop.load(Ordering::SeqCst) && work.errors.is_empty() {
        turn += 1;
        let own = 10_000_000 * (number + 1) + turn;
        // A row that was there before: each client has its own residue.
        let there = 1 + (turn * 97 * RESIDUES + number) % ROWS;
        let inserted = values.next(number, turn, 1);
        let mut updated = values.next(number, turn, 2);
        work.write(&mut client, values.written(&shape.insert, own, inserted.as_deref())).await;
        work.write(&mut client, values.written(&shape.update, there, updated.as_deref())).await;
        if turn % 3 == 0 && matches!(values, Values::Text | Values::Required) {
            // A change that a collation may not see.
            updated = updated.map(|text| text.to_uppercase());
            work.write(&mut client, values.written(&shape.update, there, updated.as_deref())).await;
        }
        work.read(&mut client, shape, there, updated.as_deref()).await;
        work.read(&mut client, shape, own, inserted.as_deref()).await;
        work.model.insert(own, inserted);
        work.model.insert(there, updated);
        if turn % 4 == 0 {
            let dead = own - 3;
            work.write(&mut client, values.written(&shape.delete, dead, None)).await;
            work.model.remove(&dead);
            work.deleted.push(dead);
        }
    }
    work
}

/// What all clients together did, and what the rows must hold.
#[derive(Default)]
pub struct All {
    pub model: Model,
    pub statements: u64,
    pub longest: Duration,
    pub errors: Vec<String>,
}

impl All {
    /// Nobody met an error or waited for too long, and every row is what it must be. Answers how many there are.
    pub fn check(&self, lab: &Lab, shape: &Shape, what: &str) -> usize {
        assert!(self.errors.is_empty(), "{what}: {:#?}", self.errors);
        assert!(self.longest < LONGEST, "{what}: a statement took {:?}", self.longest);
        assert!(self.statements > 100, "{what}: the clients did next to nothing");
        let value = format!("coalesce({}, '(null)')", shape.value);
        let found = lab.sql(&format!("SELECT i.id, {value} FROM {} ORDER BY i.id", shape.from));
        let found: Vec<(i64, Option<String>)> = found
            .lines()
            .map(|line| {
                let (id, value) = line.split_once('|').unwrap();
                (id.parse().unwrap(), (value != "(null)").then(|| value.to_owned()))
            })
            .collect();
        let wanted: Vec<(i64, Option<String>)> = self.model.clone().into_iter().collect();
        let lost = wanted.iter().filter(|row| found.binary_search(row).is_err()).take(5).collect::<Vec<_>>();
        let alien = found.iter().filter(|row| wanted.binary_search(row).is_err()).take(5).collect::<Vec<_>>();
        assert!(lost.is_empty() && alien.is_empty(), "{what}: missing {lost:?}, found {alien:?}");
        assert_eq!(wanted.len(), found.len(), "{what}");
        found.len()
    }
}
