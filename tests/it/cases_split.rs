//! `tests/cases/split/<dialect>.md`: an `sql` fence, then a `text` fence with what it splits into,
//! one statement a line (`⏎` for a line end), and `! <fault>: <text>` for what is no statement.

use std::time::{Duration, Instant};

use rollbook::dialect::{Dialect, TokenKind, canonical, lex, split};
use rollbook::source::Span;
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator as _};
use squawk_syntax::ast::AstNode as _;
use squawk_syntax::{SourceFile, SyntaxKind};

const SUITES: [(Dialect, &str); 3] = [
    (Dialect::Postgres, include_str!("../cases/split/postgres.md")),
    (Dialect::Sqlite, include_str!("../cases/split/sqlite.md")),
    (Dialect::Mysql, include_str!("../cases/split/mysql.md")),
];

#[test]
fn every_case_splits_as_written() {
    for (dialect, suite) in SUITES {
        let mut count = 0;
        for case in cases(suite) {
            count += 1;
            let found = split(dialect, &case.sql);
            let text = |span: Span| {
                case.sql[span.start..span.end].replace('\n', "⏎").replace('\r', "␍").replace('\0', "␀")
            };
            let statements = found.statements.iter().map(|span| text(*span));
            let faults = found.faults.iter().map(|fault| format!("! {fault}: {}", text(fault.span)));
            let lines: Vec<_> = statements.chain(faults).collect();
            assert_eq!(lines, case.expected, "{dialect}: {}", case.title);
        }
        assert!(count >= 30, "the {dialect} suite has only {count} cases");
    }
}

/// Where the text has no fault, the engines' parsers find as many statements.
#[test]
fn other_parsers_count_the_same_statements() {
    for (dialect, suite) in SUITES {
        for case in cases(suite).filter(|case| !case.title.contains("(not for parsers)")) {
            let found = split(dialect, &case.sql);
            if !found.faults.is_empty() {
                continue;
            }
            let count = match dialect {
                Dialect::Postgres => {
                    let parse = SourceFile::parse(&case.sql);
                    assert!(parse.errors().is_empty(), "{}: {:?}", case.title, parse.errors());
                    parse
                        .tree()
                        .syntax()
                        .children()
                        .filter(|node| node.kind() != SyntaxKind::EMPTY_STMT)
                        .count()
                }
                Dialect::Sqlite => {
                    let bump = Bump::new();
                    let mut parser = Parser::new(&bump, case.sql.as_bytes());
                    std::iter::from_fn(|| parser.next().unwrap_or_else(|e| panic!("{}: {e}", case.title)))
                        .count()
                }
                // No parser of its own is at hand.
                Dialect::Mysql => continue,
            };
            assert_eq!(found.statements.len(), count, "{dialect}: {}", case.title);
        }
    }
}

/// What is split off splits into itself, so that a plan can be split again.
#[test]
fn a_statement_is_one_statement() {
    for (dialect, suite) in SUITES {
        for case in cases(suite) {
            for span in split(dialect, &case.sql).statements {
                let sql = &case.sql[span.start..span.end];
                assert_eq!(split(dialect, sql).statements, [Span::new(0, sql.len())], "{sql}");
            }
        }
    }
}

#[test]
fn no_mutation_of_a_case_breaks_an_invariant() {
    // A linear congruential generator: the same inputs on every machine.
    let mut state = 42_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    const PIECES: [&str; 38] = [
        "'",
        "\"",
        "$$",
        "$a$",
        "$1",
        "/*",
        "*/",
        "--",
        "\n",
        ";",
        "(",
        ")",
        "[",
        "`",
        "\\",
        "E'",
        "BEGIN ATOMIC ",
        "CASE ",
        "END",
        ";END",
        "CREATE TRIGGER ",
        "é",
        "\0",
        "\u{FEFF}",
        "COPY t FROM stdin;\n",
        "\\.\n",
        "#",
        "-- ",
        "@",
        "/*!50003 ",
        "/*+",
        "BEGIN ",
        "CREATE PROCEDURE p() ",
        "IF a THEN ",
        "\nDELIMITER //\n",
        "//",
        "1e",
        "x'",
    ];
    for (dialect, suite) in SUITES {
        for case in cases(suite) {
            for _ in 0..60 {
                let mut sql = case.sql.clone();
                for _ in 0..=random(4) {
                    let mut at = random(sql.len() + 1);
                    while !sql.is_char_boundary(at) {
                        at -= 1;
                    }
                    match random(3) {
                        0 => sql.truncate(at),
                        1 if at < sql.len() => drop(sql.remove(at)),
                        _ => sql.insert_str(at, PIECES[random(PIECES.len())]),
                    }
                }
                check_invariants(dialect, &sql);
            }
        }
    }
}

fn check_invariants(dialect: Dialect, sql: &str) {
    let mut end = 0;
    for token in lex(dialect, sql) {
        assert_eq!(token.span.start, end, "{sql:?}");
        assert!(!token.span.is_empty() && sql.is_char_boundary(token.span.end), "{sql:?}");
        end = token.span.end;
    }
    assert_eq!(end, sql.len(), "{sql:?}");
    let found = split(dialect, sql);
    let mut end = 0;
    for span in &found.statements {
        assert!(span.start >= end && span.end <= sql.len() && !span.is_empty(), "{sql:?}");
        assert_eq!(sql[span.start..span.end].trim(), &sql[span.start..span.end], "{sql:?}");
        end = span.end;
    }
    let bad = lex(dialect, sql).iter().any(|token| token.kind == TokenKind::Bad);
    // The line of a delimiter is no SQL, so that it is not lexed where a text is split.
    let bad = bad && !(dialect == Dialect::Mysql && sql.to_ascii_lowercase().contains("delimiter"));
    assert!(!bad || !found.faults.is_empty(), "a bad token must be a fault: {sql:?}");
    canonical(dialect, sql);
}

#[test]
fn time_is_linear_on_hostile_input() {
    for dialect in Dialect::ALL {
        for piece in [
            "(",
            ")",
            "'",
            "\"",
            "$",
            "$a",
            "$a$",
            "$1",
            "/*",
            "*/",
            "--",
            "-",
            "+",
            "=",
            "[",
            "`",
            "\\",
            ";",
            "é",
            ".",
            "E'",
            "e'\n'",
            "BEGIN ATOMIC ",
            "CREATE FUNCTION f BEGIN ATOMIC ",
            "CREATE TRIGGER BEGIN ;END;",
            "\0",
            "COPY t FROM stdin;",
            "0x",
            "1e",
            "U&\"",
            "#",
            "@",
            "@a.",
            "/*!50003",
            "1e1",
            "x'",
            "$a$",
            "CREATE PROCEDURE p() BEGIN CASE IF a THEN ",
            "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR 1, ",
            "a: ",
            "\nDELIMITER //\n",
            "source a\n",
        ] {
            let time = |bytes: usize| {
                let sql = piece.repeat(bytes / piece.len());
                let start = Instant::now();
                split(dialect, &sql);
                start.elapsed()
            };
            // Quadratic time on so much would take minutes; a busy machine takes a second.
            let took = time(1 << 18);
            assert!(took < Duration::from_secs(10), "{dialect}: 256 KiB of {piece:?} took {took:?}");
        }
    }
}

struct Case {
    title: String,
    sql: String,
    expected: Vec<String>,
}

fn cases(suite: &str) -> impl Iterator<Item = Case> + '_ {
    suite.split("\n## ").skip(1).map(|section| {
        let fence = |language: &str| {
            let open = format!("\n````{language}\n");
            let start = section.find(&open).map(|at| at + open.len())?;
            let rest = &section[start..];
            Some(
                rest.strip_prefix("````")
                    .map_or_else(|| rest.split("\n````").next(), |_| Some(""))
                    .unwrap_or(""),
            )
        };
        let title = section.lines().next().unwrap_or_default().to_owned();
        let sql = fence("sql").unwrap_or_else(|| panic!("{title} has no sql fence"));
        let expected = fence("text").unwrap_or_else(|| panic!("{title} has no text fence"));
        Case {
            sql: sql.replace("␍", "\r").replace("␀", "\0"),
            expected: expected.lines().map(str::to_owned).collect(),
            title,
        }
    })
}
