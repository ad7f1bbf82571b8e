use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule, Site};
use std::ops::Range;

pub static RULE: Rule = Rule {
    id: "alter-may-copy",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("alter_may_copy.md"),
    covers: &[
        ("atlas", "MY110"),
        ("atlas", "MY111"),
        ("atlas", "MY112"),
        ("atlas", "MY113"),
        ("atlas", "MY120"),
        ("atlas", "MY121"),
        ("atlas", "MY122"),
        ("atlas", "MY123"),
        ("strong_migrations", "change_column"),
        ("strong_migrations", "change_column_null_mysql"),
        ("django-migration-linter", "ALTER_COLUMN"),
        ("waypoint", "W003"),
        ("gh-ost", "alter-charset"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let facts = &site.statement.facts;
        let Some(alter) = site.alter_table().filter(|alter| !context.is_new(&alter.table, site)) else {
            continue;
        };
        // Of a change of engine or partitions the clause proves nothing.
        let says = site.words.find_flat(site.words.all(), &["algorithm"]).is_some();
        if facts.blocks.is_some() || (says && facts.rewrites != Some(true)) {
            continue;
        }
        let costly = alter.clauses.iter().find_map(|clause| Some((clause.clone(), cost(site, clause)?)));
        let (at, label) =
            costly.unwrap_or((site.words.all(), "what it costs depends on the server and the table"));
        findings.push(
            site.finding(&RULE, at, format!("the server decides whether `{}` is copied", alter.table))
                .label(label)
                .help(match says {
                    true => "MariaDB takes the clause and copies all the same: do it in a window",
                    false => "add `ALGORITHM=INSTANT`, or `ALGORITHM=INPLACE, LOCK=NONE`: the server then refuses to copy",
                }),
        );
    }
    findings
}

/// What a clause may cost.
fn cost(site: &Site<'_>, clause: &Range<usize>) -> Option<&'static str> {
    let words = &site.words;
    let within = |at: &Range<usize>| clause.start <= at.start && at.end <= clause.end;
    let column = site.defines.iter().flat_map(|defines| &defines.columns).find(|column| within(&column.at));
    let flat = |texts: &[&str]| words.find_flat(clause.clone(), texts).is_some();
    let at = clause.start;
    if let Some(column) = column.filter(|column| column.redefines) {
        return Some(if column.is_of(&["enum", "set"]) {
            "only a value behind the last one is free; rows that hold one that is taken out lose it"
        } else if flat(&["character", "set"]) || flat(&["charset"]) {
            "another character set copies the table, and an index of another one is not used in joins"
        } else if column.is_of(&["varchar", "char", "varbinary"]) {
            "shorter, or past 255 bytes, it copies the table"
        } else if column.not_null {
            "NOT NULL writes the table anew; without strict mode NULLs become 0 or an empty text"
        } else {
            "another type copies the table, and writers wait"
        });
    }
    if let Some(column) = column {
        let expression = column.default.as_ref().is_some_and(|at| words.find(at.clone(), &["("]).is_some());
        return if flat(&["first"]) || flat(&["after"]) {
            Some("in a table with generated columns this place copies it")
        } else if expression {
            Some("an expression such as uuid() copies the table; others give every row the same value")
        } else if flat(&["check"]) || flat(&["references"]) {
            Some("the check of each row copies the table on one of the servers")
        } else {
            None
        };
    }
    let moves = ["engine", "partition", "remove", "reorganize", "coalesce", "add", "convert", "rebuild"];
    moves.iter().any(|word| words.is(at, word)).then_some("the table, or a part of it, is written anew")
}
