//! `tests/cases/classify/<dialect>.md`: one row per statement, one column per fact.
//!
//! With `ROLLBOOK_BLESS=1` in the environment the rows are rewritten; read the diff.

use rollbook::dialect::{Blocks, Dialect, Facts, Transactional, classify};
use rollbook::source::Span;

const SUITES: [(Dialect, &str); 3] = [
    (Dialect::Postgres, include_str!("../cases/classify/postgres.md")),
    (Dialect::Sqlite, include_str!("../cases/classify/sqlite.md")),
    (Dialect::Mysql, include_str!("../cases/classify/mysql.md")),
];

#[test]
fn every_row_of_the_postgres_suite_holds() {
    check(Dialect::Postgres, include_str!("../cases/classify/postgres.md"), 250);
}

#[test]
fn every_row_of_the_sqlite_suite_holds() {
    check(Dialect::Sqlite, include_str!("../cases/classify/sqlite.md"), 75);
}

#[test]
fn every_row_of_the_mysql_suite_holds() {
    check(Dialect::Mysql, include_str!("../cases/classify/mysql.md"), 250);
}

const VERDICTS: [(Dialect, &str); 3] = [
    (Dialect::Postgres, include_str!("../cases/classify/verdicts_postgres.md")),
    (Dialect::Sqlite, include_str!("../cases/classify/verdicts_sqlite.md")),
    (Dialect::Mysql, include_str!("../cases/classify/verdicts_mysql.md")),
];

#[test]
fn every_verdict_holds() {
    let (mut bad, mut good) = (0, 0);
    for (dialect, suite) in VERDICTS {
        check_rows(dialect, suite, &format!("verdicts_{dialect}"), verdict);
        for row in rows(suite) {
            let [destructive, blocks, rewrites, ..] = &row.expected[..] else { panic!("{}", row.statement) };
            let waits = dialect != Dialect::Sqlite && ["writes", "everything"].contains(&blocks.as_str());
            if destructive == "yes" || waits || rewrites == "yes" { bad += 1 } else { good += 1 }
        }
    }
    eprintln!("verdicts: {bad} destructive, blocking or rewriting, {good} neither");
    assert!(bad >= 150 && good >= 150, "{bad} and {good}");
}

#[test]
fn every_measured_commit_is_known() {
    let mut count = 0;
    for Row { statement, expected } in rows(include_str!("../cases/classify/mysql_commits.md")) {
        count += 1;
        let commits = match classify(Dialect::Mysql, &statement).transactional {
            Transactional::Yes | Transactional::Never(_) => "rolled back",
            Transactional::Commits(_) => "committed",
            Transactional::Control => continue,
        };
        assert_eq!([commits.to_owned()], expected[..], "{statement}");
    }
    assert_eq!(count, 32);
}

#[test]
fn what_is_destructive_never_counts_as_reading() {
    for (dialect, suite) in SUITES {
        for row in rows(suite) {
            let facts = classify(dialect, &row.statement);
            assert!(!(facts.reads_only && facts.destructive.is_some()), "{}", row.statement);
            assert!(!(facts.kind == "unknown" && facts.destructive.is_none()), "{}", row.statement);
        }
    }
}

#[test]
fn the_clause_that_destroys_is_told() {
    for (sql, clause) in [
        ("ALTER TABLE t ADD COLUMN a int, DROP COLUMN b", Some("DROP COLUMN b")),
        ("ALTER TABLE t ALTER COLUMN a TYPE smallint, ALTER b SET NOT NULL", Some("TYPE smallint")),
        ("ALTER TABLE t SET SCHEMA s", Some("SET SCHEMA s")),
        ("ALTER TABLE t ADD COLUMN a int", None),
        ("DROP TABLE t", None),
    ] {
        let at = classify(Dialect::Postgres, sql).destructive_at;
        assert_eq!(at.map(|at| &sql[at.start..at.end]), clause, "{sql}");
    }
}

#[test]
fn comments_and_spaces_change_no_fact() {
    for (dialect, suite) in SUITES {
        for row in rows(suite).filter(|row| row.expected[0] != "unknown") {
            let commented = format!("/* a */ {} -- b", row.statement);
            let mut facts = classify(dialect, &commented);
            let before = "/* a */ ".len();
            let spans = facts.clauses.iter_mut().map(|clause| &mut clause.span);
            for span in spans.chain(&mut facts.destructive_at) {
                *span = Span::new(span.start - before, span.end - before);
            }
            assert_eq!(facts, classify(dialect, &row.statement), "{commented}");
        }
    }
}

#[test]
fn nesting_does_not_overflow_a_stack() {
    for dialect in Dialect::ALL {
        for (open, inner, close) in [
            ("(", "1", ")"),
            ("1+", "1", ""),
            ("NOT ", "1", ""),
            ("- ", "1", ""),
            ("CASE WHEN ", "1", " THEN 1 END"),
            ("(SELECT ", "1", ")"),
            ("f(", "1", ")"),
            ("a.", "1", ""),
            ("", "a", "[1]"),
            ("", "a", "::int"),
            ("", "1", " UNION SELECT 1"),
        ] {
            for depth in [200, 1000, 100_000] {
                let sql = format!("SELECT {}{inner}{}", open.repeat(depth), close.repeat(depth));
                let facts = classify(dialect, &sql);
                assert!(matches!(facts.kind, "unknown" | "select"), "{dialect}: {open}{inner}{close}");
            }
        }
    }
}

#[test]
fn what_the_parser_would_misread_is_unknown() {
    for sql in [
        "UPDATE t SET a = E'x'\n'\\' WHERE id = 1 OR b = '' || ' OR true; --'",
        "UPDATE t SET a = 1 WHERE id = 1 -- one row\rOR true",
    ] {
        assert_eq!(classify(Dialect::Postgres, sql).kind, "unknown", "{sql}");
    }
    let harmless = "UPDATE t SET a = E'\\'' -- one row\r\nWHERE b = 'c\\'";
    assert_eq!(classify(Dialect::Postgres, harmless).kind, "update");
}

#[test]
fn a_long_list_of_rows_is_not_deep() {
    let rows = vec!["(1, 'a', now(), -1.5)"; 20_000].join(", ");
    for dialect in Dialect::ALL {
        assert_eq!(classify(dialect, &format!("INSERT INTO t VALUES {rows}")).kind, "insert");
    }
}

struct Row {
    statement: String,
    expected: Vec<String>,
}

fn rows(suite: &str) -> impl Iterator<Item = Row> + '_ {
    suite.lines().filter_map(|line| {
        let (statement, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let expected = rest.trim_end_matches(" |").split(" | ").map(str::to_owned).collect();
        Some(Row { statement: statement.replace("\\|", "|"), expected })
    })
}

fn check(dialect: Dialect, suite: &str, at_least: usize) {
    check_rows(dialect, suite, dialect.name(), columns);
    let count = rows(suite).count();
    assert!(count >= at_least, "the suite has only {count} rows");
}

fn check_rows(dialect: Dialect, suite: &str, file: &str, columns: fn(Facts) -> Vec<String>) {
    let mut wrong = Vec::new();
    let mut count = 0;
    for Row { statement, expected } in rows(suite) {
        count += 1;
        let found = columns(classify(dialect, &statement));
        if found != expected {
            wrong.push(format!(
                "{statement}\n  expected {}\n  found    {}",
                expected.join(" | "),
                found.join(" | ")
            ));
        }
    }
    if std::env::var_os("ROLLBOOK_BLESS").is_some() {
        bless(dialect, suite, file, columns);
    }
    assert!(wrong.is_empty(), "{} of {count} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn bless(dialect: Dialect, suite: &str, file: &str, columns: fn(Facts) -> Vec<String>) {
    let lines = suite.lines().map(|line| match rows(line).next() {
        Some(row) => {
            let (written, _) = line.split_once("` | ").unwrap();
            format!("{written}` | {} |\n", columns(classify(dialect, &row.statement)).join(" | "))
        }
        None => format!("{line}\n"),
    });
    let file = format!("{}/tests/cases/classify/{file}.md", env!("CARGO_MANIFEST_DIR"));
    std::fs::write(file, lines.collect::<String>()).unwrap();
}

fn verdict(facts: Facts) -> Vec<String> {
    let locks = facts.locks.iter().map(|lock| format!("{} on {}", lock.mode, lock.object));
    let columns = [
        if facts.destructive.is_some() { "yes" } else { "no" }.to_owned(),
        blocks(facts.blocks).to_owned(),
        certainty(facts.rewrites).to_owned(),
        certainty(facts.scans).to_owned(),
        certainty(facts.builds_index).to_owned(),
        locks.collect::<Vec<_>>().join(", "),
        facts.reversible.unwrap_or_default(),
    ];
    columns.into_iter().map(|text| if text.is_empty() { "-".to_owned() } else { text }).collect()
}

fn certainty(fact: Option<bool>) -> &'static str {
    fact.map_or("?", |fact| if fact { "yes" } else { "no" })
}

fn blocks(blocks: Option<Blocks>) -> &'static str {
    match blocks {
        None => "?",
        Some(Blocks::Nothing) => "nothing",
        Some(Blocks::Writes) => "writes",
        Some(Blocks::Everything) => "everything",
    }
}

fn columns(facts: Facts) -> Vec<String> {
    let objects = facts.objects.iter().map(|object| {
        let words = format!("{:?} {:?}", object.action, object.kind).to_lowercase();
        format!("{words} {}", object.name)
    });
    let columns = [
        facts.kind.to_owned(),
        facts.destructive.unwrap_or_default(),
        match facts.transactional {
            Transactional::Yes => "yes",
            Transactional::Never(_) => "never",
            Transactional::Commits(_) => "commits",
            Transactional::Control => "control",
        }
        .to_owned(),
        facts.lock.map_or_else(String::new, |lock| format!("{} on {}", lock.mode, lock.object)),
        blocks(facts.blocks).to_owned(),
        certainty(facts.rewrites).to_owned(),
        certainty(facts.scans).to_owned(),
        if facts.reads_only { "yes" } else { "no" }.to_owned(),
        objects.collect::<Vec<_>>().join(", "),
    ];
    columns.into_iter().map(|text| if text.is_empty() { "-".to_owned() } else { text }).collect()
}
