//! Splitting and classifying against the parser that it stands on, side by side on the same text.
//!
//! The text is the suite of PostgreSQL statements, again and again until it is a megabyte. `squawk-syntax`
//! only parses it, at once and a statement at a time; Rollbook splits it, parses every statement and says what
//! it does.
//! `cargo bench --bench classify` prints the table.

use std::time::{Duration, Instant};

use rollbook::dialect::{Dialect, classify, split};
use squawk_syntax::SourceFile;

const SUITES: [&str; 2] = [
    include_str!("../tests/cases/classify/postgres.md"),
    include_str!("../tests/cases/classify/verdicts_postgres.md"),
];
const SIZE: usize = 1 << 20;
/// Runs of each, of which the median counts.
const ROUNDS: usize = 7;

fn main() {
    let sql = text();
    let (mut ours, mut peer, mut lexed, mut each) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut statements = 0;
    for _ in 0..ROUNDS {
        lexed.push(timed(|| statements = split(Dialect::Postgres, &sql).statements.len()));
        ours.push(timed(|| {
            for span in split(Dialect::Postgres, &sql).statements {
                std::hint::black_box(classify(Dialect::Postgres, &sql[span.start..span.end]));
            }
        }));
        each.push(timed(|| {
            for span in split(Dialect::Postgres, &sql).statements {
                std::hint::black_box(SourceFile::parse(&sql[span.start..span.end]));
            }
        }));
        peer.push(timed(|| {
            std::hint::black_box(SourceFile::parse(&sql));
        }));
    }
    let rate = |times: Vec<Duration>| {
        let time = median(times);
        (time, sql.len() as f64 / 1e6 / time.as_secs_f64())
    };
    assert_eq!(statements, sql.lines().count(), "a statement a line");
    println!("{statements} statements, {:.2} MB", sql.len() as f64 / 1e6);
    println!("{:<40} {:>10} {:>8}", "what", "time", "MB/s");
    for (what, (time, rate)) in [
        ("split", rate(lexed)),
        ("split and classify", rate(ours)),
        ("squawk-syntax, a statement at a time", rate(each)),
        ("squawk-syntax, all at once", rate(peer)),
    ] {
        println!("{what:<40} {:>7.1} ms {rate:>8.2}", time.as_secs_f64() * 1e3);
    }
}

/// Statements that both read, a line each. The rows of a `COPY` would be data.
fn text() -> String {
    let statements: Vec<&str> = SUITES
        .iter()
        .flat_map(|suite| suite.lines())
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` | ")?.0))
        .filter(|sql| !sql.contains("\\|") && !sql.to_ascii_lowercase().contains("stdin"))
        .filter(|sql| SourceFile::parse(sql).errors().is_empty())
        .collect();
    let mut text = String::new();
    for sql in statements.iter().cycle() {
        text.push_str(sql);
        text.push_str(";\n");
        if text.len() >= SIZE {
            break;
        }
    }
    text
}

fn timed(mut work: impl FnMut()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
