//! The passes of a pattern: back from its first phase, back from the hold, forward to the end, and back from there.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;

use super::clients::{All, Clients, ROWS};
use super::patterns::{Pattern, patterns};
use crate::support::{Engine, Lab};

/// How long clients of both releases work side by side.
const TOGETHER: Duration = Duration::from_millis(600);
/// Patterns that share a server at the same time.
const AT_ONCE: usize = 2;

/// The tables with rows, and what they hold.
fn filled(engine: Engine, pattern: &Pattern) -> (Lab, All) {
    let lab = Lab::new(engine);
    let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
    lab.write("rollbook.toml", &format!("[templates]\nfolders = [\"{templates}\"]\n"));
    let numbers = match engine.dialect() {
        "postgres" => format!("CREATE TABLE numbers AS SELECT n FROM generate_series(1, {ROWS}) n"),
        _ => "CREATE TABLE numbers AS WITH RECURSIVE d AS (SELECT 0 AS x UNION ALL SELECT x + 1 FROM d WHERE x < 9) \
              SELECT 1 + a.x + 10 * b.x + 100 * c.x + 1000 * e.x + 10000 * f.x AS n FROM d a, d b, d c, d e, d f"
            .to_owned(),
    };
    lab.sql(&format!("{}; {numbers}; {}; DROP TABLE numbers", pattern.tables, pattern.rows));
    lab.sql(if engine.dialect() == "postgres" { "ANALYZE items" } else { "ANALYZE TABLE items" });
    let model = (1..=ROWS).map(|id| (id, pattern.values.first(id))).collect();
    (lab, All { model, ..All::default() })
}

fn write_book(lab: &Lab, pattern: &Pattern) {
    let mut arguments = vec!["new", pattern.template, "--db", &lab.url, "-o", "book.md"];
    for value in &pattern.set {
        arguments.extend(["--set", value]);
    }
    lab.rollbook(&arguments).expect(0);
}

/// Runs until the hold at which both releases work, through the gates before it.
fn to_the_hold(lab: &Lab, pattern: &Pattern) {
    let mut end = lab.on("run", &[]).expect(3);
    while !end.consent().starts_with(&format!("{}@", pattern.hold)) {
        end = lab.on("run", &["--confirm", &end.consent()]).expect(3);
    }
}

fn to_the_end(lab: &Lab, pattern: &Pattern) {
    match pattern.until {
        Some(phase) => lab.through("run", &["--until", phase]).expect(0),
        None => lab.through("run", &[]).expect(0).says("completed"),
    };
}

/// A line of the table that the suite prints.
fn tell(engine: Engine, pattern: &Pattern, way: &str, all: &All, rows: usize) {
    let line = format!(
        "load: {:<30} {:<9} {way:<19} longest {:>5} ms, {} errors, {rows} rows compared, {} statements\n",
        pattern.name,
        format!("{engine:?}"),
        all.longest.as_millis(),
        all.errors.len(),
        all.statements
    );
    // Past the capture of the test's output.
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn prove(engine: Engine, pattern: &Pattern) {
    let (lab, mut all) = filled(engine, pattern);
    write_book(&lab, pattern);
    let Pattern { old: before, new: after, values, .. } = pattern;
    let first = if lab.read("book.md").contains("phase=expand") { "expand" } else { "prepare" };

    // The old release alone, and the runbook's first phase.
    let old = Clients::start(&lab, before, *values, 0);
    lab.through("run", &["--until", first]).expect(0);
    lab.through("rollback", &[]).expect(0);
    old.end(&mut all);
    tell(engine, pattern, "back from the first", &all, all.check(&lab, before, "back from the first phase"));

    // The new release is taken back before the runbook is.
    let old = Clients::start(&lab, before, *values, 1);
    to_the_hold(&lab, pattern);
    if pattern.side_by_side {
        let new = Clients::start(&lab, after, *values, 2);
        std::thread::sleep(TOGETHER);
        lab.on("verify", &[]).expect(0);
        new.end(&mut all);
    }
    lab.through("rollback", &[]).expect(0);
    old.end(&mut all);
    tell(engine, pattern, "back from the hold", &all, all.check(&lab, before, "back from the hold"));

    // Forward: the old release before the hold, both at it, and the new one after it.
    let old = Clients::start(&lab, before, *values, 3);
    to_the_hold(&lab, pattern);
    let new = if pattern.side_by_side {
        let new = Clients::start(&lab, after, *values, 4);
        std::thread::sleep(TOGETHER);
        old.end(&mut all);
        to_the_end(&lab, pattern);
        new
    } else {
        to_the_end(&lab, pattern);
        old.end(&mut all);
        Clients::start(&lab, after, *values, 4)
    };
    std::thread::sleep(TOGETHER / 2);
    lab.on("verify", &[]).expect(0);
    new.end(&mut all);
    tell(engine, pattern, "forward", &all, all.check(&lab, after, "forward"));

    // From the end: a release works while its way back is made, and the old one after that.
    let new = Clients::start(&lab, after, *values, 5);
    std::thread::sleep(TOGETHER / 4);
    let old = if pattern.side_by_side {
        lab.through("rollback", &["--to", pattern.back_to]).expect(0);
        let old = Clients::start(&lab, before, *values, 6);
        std::thread::sleep(TOGETHER / 2);
        new.end(&mut all);
        old
    } else {
        new.end(&mut all);
        let old = Clients::start(&lab, before, *values, 6);
        lab.through("rollback", &["--to", pattern.back_to]).expect(0);
        old
    };
    lab.through("rollback", &[]).expect(0);
    old.end(&mut all);
    tell(engine, pattern, "back from the end", &all, all.check(&lab, before, "back from the end"));
}

/// Every pattern, and then all that failed: one broken pattern does not hide another.
fn proven(engine: Engine) {
    let only = std::env::var("ROLLBOOK_PATTERN").ok();
    let mut open = patterns(engine);
    open.retain(|pattern| only.as_ref().is_none_or(|only| *only == pattern.template));
    open.reverse();
    let (open, failed) = (Mutex::new(open), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(pattern) = open.lock().unwrap().pop() else { break };
                    if let Err(why) = catch_unwind(AssertUnwindSafe(|| prove(engine, &pattern))) {
                        let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
                        failed.lock().unwrap().push(format!("{}: {why}", pattern.name));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{engine:?}: {failed:#?}");
}

#[test]
fn dual_writes_lose_nothing_under_load_on_postgres() {
    proven(Engine::Postgres);
}

#[test]
fn dual_writes_lose_nothing_under_load_on_mariadb() {
    proven(Engine::Mariadb);
}

#[test]
fn dual_writes_lose_nothing_under_load_on_mysql() {
    proven(Engine::Mysql);
}
