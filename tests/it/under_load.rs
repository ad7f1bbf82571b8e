//! Patterns while applications work: clients of the old release and of the new one write and read, each
//! through its own shape of the data, while a runbook is run through its holds and taken back.
//!
//! Every client owns the rows whose ids it chooses, and keeps what they must hold, so that at the end each
//! row of the table can be compared. A pattern is a line in [`PATTERNS`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection, Row as _};

use crate::support::{Engine, Lab};

/// Rows in the table before anybody begins.
const ROWS: i64 = 100_000;
/// No statement of a client may take longer. A definition gives up its lock after 2 seconds.
const LONGEST: Duration = Duration::from_secs(3);
/// Clients of each release.
const CLIENTS: i64 = 2;
/// A client changes rows of its own residue alone; `ROWS` is a multiple of it.
const RESIDUES: i64 = 16;
/// How long clients of both releases work side by side.
const TOGETHER: Duration = Duration::from_millis(1500);

struct Pattern {
    template: &'static str,
    set: &'static [&'static str],
    old: Shape,
    new: Shape,
    values: Kind,
}

/// What a release calls the table and the column that it works with.
#[derive(Clone, Copy)]
struct Shape {
    table: &'static str,
    column: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Texts and NULL.
    Text,
    /// Texts in a column that refuses NULL.
    Required,
    /// Whole numbers and NULL.
    Number,
}

const PATTERNS: [Pattern; 4] = [
    Pattern {
        template: "rename-column",
        set: &["column=value", "new_name=worth"],
        old: Shape { table: "items", column: "value" },
        new: Shape { table: "items", column: "worth" },
        values: Kind::Text,
    },
    Pattern {
        template: "rename-column",
        set: &["column=value", "new_name=worth"],
        old: Shape { table: "items", column: "value" },
        new: Shape { table: "items", column: "worth" },
        values: Kind::Required,
    },
    Pattern {
        template: "change-column-type",
        set: &["column=value", "new_name=worth", "new_type=bigint"],
        old: Shape { table: "items", column: "value" },
        new: Shape { table: "items", column: "worth" },
        values: Kind::Number,
    },
    Pattern {
        template: "rename-table",
        set: &["new_name=goods"],
        old: Shape { table: "items", column: "value" },
        new: Shape { table: "goods", column: "value" },
        values: Kind::Text,
    },
];

/// What a row must hold, as SQL shows it.
type Model = BTreeMap<i64, Option<String>>;

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
            Self::Postgres(connection) => sql.execute(connection).await.map(drop),
            Self::Mysql(connection) => sql.execute(connection).await.map(drop),
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

/// What a client did, when it has ended.
struct Work {
    model: Model,
    deleted: Vec<i64>,
    statements: u64,
    longest: Duration,
    errors: Vec<String>,
}

struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Work>>,
}

impl Clients {
    /// Starts clients that see the data in `shape`, on rows that no other generation touches.
    fn start(lab: &Lab, shape: Shape, values: Kind, generation: i64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..CLIENTS)
            .map(|client| {
                let (url, stop) = (lab.url.clone(), Arc::clone(&stop));
                let number = generation * CLIENTS + client;
                std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(work(&url, shape, values, number, &stop))
                })
            })
            .collect();
        Self { stop, threads }
    }

    fn end(self, all: &mut All) {
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

/// Inserts, updates, reads and deletes, one statement after the other.
async fn work(url: &str, shape: Shape, values: Kind, number: i64, stop: &AtomicBool) -> Work {
    let Shape { table, column } = shape;
    let mut client = Client::open(url).await;
    let mut work = Work {
        model: Model::new(),
        deleted: Vec::new(),
        statements: 0,
        longest: Duration::ZERO,
        errors: Vec::new(),
    };
    let cast = if url.starts_with("postgres") { "text" } else { "char" };
    let mut turn = 0_i64;
    while !stop.load(Ordering::SeqCst) && work.errors.is_empty() {
        turn += 1;
        let value = |salt: i64| match values {
            Kind::Text if (turn + salt) % 5 == 0 => None,
            Kind::Number if (turn + salt) % 5 == 0 => None,
            Kind::Number => Some((number * 10_000_000 + turn * 10 + salt).to_string()),
            Kind::Text | Kind::Required => Some(format!("c{number}-{turn}-{salt}")),
        };
        let literal = |value: &Option<String>| match value {
            None => "NULL".to_owned(),
            Some(text) if values == Kind::Number => text.clone(),
            Some(text) => format!("'{text}'"),
        };
        let own = 10_000_000 * (number + 1) + turn;
        // A row that was there before: each client has its own residue.
        let there = 1 + (turn * 97 * RESIDUES + number) % ROWS;
        let (inserted, updated) = (value(1), value(2));
        let dead = own - 3;
        let mut steps = vec![
            (format!("INSERT INTO {table} (id, {column}) VALUES ({own}, {})", literal(&inserted)), None),
            (format!("UPDATE {table} SET {column} = {} WHERE id = {there}", literal(&updated)), None),
            (
                format!("SELECT CAST({column} AS {cast}) FROM {table} WHERE id = {there}"),
                Some(updated.clone()),
            ),
            (
                format!("SELECT CAST({column} AS {cast}) FROM {table} WHERE id = {own}"),
                Some(inserted.clone()),
            ),
        ];
        if turn % 4 == 0 {
            steps.push((format!("DELETE FROM {table} WHERE id = {dead}"), None));
        }
        for (sql, expected) in steps {
            let started = Instant::now();
            let said = match &expected {
                None => client.execute(sql.clone()).await.map(|()| None),
                Some(_) => client.text(sql.clone()).await,
            };
            work.longest = work.longest.max(started.elapsed());
            work.statements += 1;
            match (said, expected) {
                (Err(error), _) => work.errors.push(format!("{sql}: {error}")),
                (Ok(said), Some(expected)) if said != expected => {
                    work.errors.push(format!("{sql}: {said:?} in place of {expected:?}"));
                }
                _ => {}
            }
        }
        work.model.insert(own, inserted);
        work.model.insert(there, updated);
        if turn % 4 == 0 {
            work.model.remove(&dead);
            work.deleted.push(dead);
        }
    }
    work
}

/// What all clients together did.
#[derive(Default)]
struct All {
    model: Model,
    statements: u64,
    longest: Duration,
    errors: Vec<String>,
}

impl All {
    /// Nobody met an error or waited for too long, and every row is what it must be.
    fn check(&self, lab: &Lab, shape: Shape, what: &str) -> usize {
        assert!(self.errors.is_empty(), "{what}: {:#?}", self.errors);
        assert!(self.longest < LONGEST, "{what}: a statement took {:?}", self.longest);
        assert!(self.statements > 100, "{what}: the clients did next to nothing");
        let Shape { table, column } = shape;
        let found = lab.sql(&format!("SELECT id, {} FROM {table} ORDER BY id", text_of(lab, column)));
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

fn text_of(lab: &Lab, column: &str) -> String {
    match lab.engine {
        Engine::Postgres | Engine::Postgres18 => format!("coalesce({column}::text, '(null)')"),
        _ => format!("coalesce(CAST({column} AS char), '(null)')"),
    }
}

/// A table with rows, and what they hold.
fn filled(engine: Engine, values: Kind) -> (Lab, All) {
    let lab = Lab::new(engine);
    let kind = match values {
        Kind::Text => "varchar(60)",
        Kind::Required => "varchar(60) NOT NULL",
        Kind::Number => "int",
    };
    lab.sql(&format!("CREATE TABLE items (id bigint PRIMARY KEY, value {kind})"));
    let value = if values == Kind::Number { "n" } else { "concat('v', n)" };
    lab.sql(&match engine {
        Engine::Postgres | Engine::Postgres18 => {
            format!("INSERT INTO items SELECT n, {value} FROM generate_series(1, {ROWS}) n; ANALYZE items")
        }
        _ => format!(
            "INSERT INTO items WITH RECURSIVE d AS (SELECT 0 AS x UNION ALL SELECT x + 1 FROM d WHERE x < 9) \
             SELECT n, {value} FROM (SELECT 1 + a.x + 10 * b.x + 100 * c.x + 1000 * e.x + 10000 * f.x AS n \
             FROM d a, d b, d c, d e, d f) t"
        ),
    });
    let text = |id: i64| if values == Kind::Number { id.to_string() } else { format!("v{id}") };
    let all = All { model: (1..=ROWS).map(|id| (id, Some(text(id)))).collect(), ..All::default() };
    (lab, all)
}

fn write_book(lab: &Lab, pattern: &Pattern) {
    let mut arguments =
        vec!["new", pattern.template, "--db", &lab.url, "-o", "book.md", "--set", "table=items"];
    for value in pattern.set {
        arguments.extend(["--set", value]);
    }
    lab.rollbook(&arguments).expect(0);
}

/// Runs until the hold before the contract, through the gates before it.
fn to_the_hold(lab: &Lab) {
    let mut end = lab.on("run", &[]).expect(3);
    while !end.consent().starts_with("before-contract@") {
        end = lab.on("run", &["--confirm", &end.consent()]).expect(3);
    }
}

/// Forward through the hold, with the old release before it, both at it, and the new one after it.
fn forward(engine: Engine, pattern: &Pattern) -> String {
    let (lab, mut all) = filled(engine, pattern.values);
    write_book(&lab, pattern);
    let old = Clients::start(&lab, pattern.old, pattern.values, 0);
    to_the_hold(&lab);
    let new = Clients::start(&lab, pattern.new, pattern.values, 1);
    std::thread::sleep(TOGETHER);
    lab.on("verify", &[]).expect(0);
    old.end(&mut all);
    lab.through("run", &[]).expect(0).says("completed");
    std::thread::sleep(TOGETHER / 3);
    new.end(&mut all);
    lab.on("verify", &[]).expect(0);
    let rows = all.check(&lab, pattern.new, "forward");
    line(engine, pattern, "forward", &all, rows)
}

/// Back from the phases before the hold, and back from the end, with the writes made meanwhile.
fn back(engine: Engine, pattern: &Pattern) -> Vec<String> {
    let (lab, mut all) = filled(engine, pattern.values);
    write_book(&lab, pattern);
    let old = Clients::start(&lab, pattern.old, pattern.values, 0);
    lab.on("run", &["--until", "expand"]).expect(0);
    lab.through("rollback", &[]).expect(0);
    old.end(&mut all);
    let rows = all.check(&lab, pattern.old, "back from expand");
    let first = line(engine, pattern, "back from expand", &all, rows);

    // The new release is taken back before the runbook is.
    let old = Clients::start(&lab, pattern.old, pattern.values, 2);
    to_the_hold(&lab);
    let new = Clients::start(&lab, pattern.new, pattern.values, 3);
    std::thread::sleep(TOGETHER);
    new.end(&mut all);
    lab.through("rollback", &[]).expect(0);
    old.end(&mut all);
    let rows = all.check(&lab, pattern.old, "back from the hold");
    let second = line(engine, pattern, "back from the hold", &all, rows);

    // From the end: the new release works while its names are given back, and the old one after that.
    to_the_hold(&lab);
    let new = Clients::start(&lab, pattern.new, pattern.values, 4);
    lab.through("run", &[]).expect(0).says("completed");
    let last = if pattern.template == "rename-table" { "expand" } else { "migrate" };
    lab.through("rollback", &["--to", last]).expect(0);
    let old = Clients::start(&lab, pattern.old, pattern.values, 5);
    std::thread::sleep(TOGETHER);
    new.end(&mut all);
    lab.through("rollback", &[]).expect(0);
    old.end(&mut all);
    let rows = all.check(&lab, pattern.old, "back from the end");
    vec![first, second, line(engine, pattern, "back from the end", &all, rows)]
}

/// A line of the table that the suite prints.
fn line(engine: Engine, pattern: &Pattern, way: &str, all: &All, rows: usize) -> String {
    let kind = match pattern.values {
        Kind::Text => "",
        Kind::Required => ", NOT NULL",
        Kind::Number => ", to bigint",
    };
    format!(
        "load: {:<30} {:<9} {way:<19} longest {:>5} ms, {} errors, {rows} rows compared, {} statements",
        format!("{}{kind}", pattern.template),
        format!("{engine:?}"),
        all.longest.as_millis(),
        all.errors.len(),
        all.statements
    )
}

fn proven(engine: Engine) {
    for pattern in &PATTERNS {
        let mut lines = vec![forward(engine, pattern)];
        lines.extend(back(engine, pattern));
        for line in lines {
            // Past the capture of the test's output.
            let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), format!("{line}\n").as_bytes());
        }
    }
}

#[test]
fn dual_writes_lose_nothing_under_load_on_postgres() {
    proven(Engine::Postgres);
}

#[test]
fn dual_writes_lose_nothing_under_load_on_mariadb() {
    proven(Engine::Mariadb);
}
