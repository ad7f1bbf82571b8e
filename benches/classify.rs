//! Splitting and classifying against the parser that it stands on, side by side on the same text.
//!
//! The text is `migrations.sql`, a mix of what PostgreSQL migrations hold, again and again until it is a megabyte; the
//! suite of statements, each of another kind; and, if a folder is named, the `.sql` files under it. `squawk-syntax` only
//! parses it, at once and a statement at a time; Rollbook splits it and says of every statement what it does.
//! `cargo bench --bench classify [-- <folder>]` prints the tables.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rollbook::dialect::{Dialect, classify, split};
use squawk_syntax::SourceFile;

const MIGRATIONS: &str = include_str!("migrations.sql");
const SUITES: [&str; 2] = [
    include_str!("../tests/cases/classify/postgres.md"),
    include_str!("../tests/cases/classify/verdicts_postgres.md"),
];
const SIZE: usize = 1 << 20;
/// Runs of each, of which the median counts.
const ROUNDS: usize = 7;

fn main() {
    measure("migrations.sql", &[repeated(MIGRATIONS)]);
    measure("the suite of statements", &[suite()]);
    for folder in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        let mut files = Vec::new();
        collect(Path::new(&folder), &mut files);
        let texts: Vec<String> = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
        measure(&format!("{} files of {folder}", texts.len()), &texts);
    }
}

fn measure(name: &str, texts: &[String]) {
    let (mut ours, mut peer, mut lexed, mut each) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut statements, mut unknown) = (0, 0);
    for _ in 0..ROUNDS {
        (statements, unknown) = (0, 0);
        lexed.push(timed(texts, |sql| statements += split(Dialect::Postgres, sql).statements.len()));
        ours.push(timed(texts, |sql| {
            for span in split(Dialect::Postgres, sql).statements {
                let facts = classify(Dialect::Postgres, &sql[span.start..span.end]);
                unknown += usize::from(facts.kind == "unknown");
                std::hint::black_box(facts);
            }
        }));
        each.push(timed(texts, |sql| {
            for span in split(Dialect::Postgres, sql).statements {
                std::hint::black_box(SourceFile::parse(&sql[span.start..span.end]));
            }
        }));
        peer.push(timed(texts, |sql| {
            std::hint::black_box(SourceFile::parse(sql));
        }));
    }
    let size = texts.iter().map(String::len).sum::<usize>() as f64 / 1e6;
    println!("{name}: {statements} statements, {unknown} unknown, {size:.2} MB");
    println!("{:<40} {:>10} {:>8}", "what", "time", "MB/s");
    for (what, times) in [
        ("split", lexed),
        ("split and classify", ours),
        ("squawk-syntax, a statement at a time", each),
        ("squawk-syntax, a file at once", peer),
    ] {
        let time = median(times).as_secs_f64();
        println!("{what:<40} {:>7.1} ms {:>8.2}", time * 1e3, size / time);
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
}

fn repeated(text: &str) -> String {
    text.repeat(SIZE.div_ceil(text.len()))
}

/// Statements that both read, a line each. The rows of a `COPY` would be data.
fn suite() -> String {
    let statements: Vec<&str> = SUITES
        .iter()
        .flat_map(|suite| suite.lines())
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` | ")?.0))
        .filter(|sql| !sql.contains("\\|") && !sql.to_ascii_lowercase().contains("stdin"))
        .filter(|sql| SourceFile::parse(sql).errors().is_empty())
        .collect();
    repeated(&(statements.join(";\n") + ";\n"))
}

fn timed(texts: &[String], mut work: impl FnMut(&str)) -> Duration {
    let started = Instant::now();
    texts.iter().for_each(|sql| work(sql));
    started.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
