use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, AlterTable, ObjectKind};
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule, Site};
use std::ops::Range;

pub static RULE: Rule = Rule {
    id: "sqlite-refuses",
    level: Level::Error,
    dialects: ONLY,
    page: include_str!("sqlite_refuses.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

const REBUILD: &str = "make a new table with the definition that you want, copy the rows, drop the old one and rename the new one";

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let found = if site.kind() == "unknown" { unknown(site) } else { refused(context, site) };
        let Some((at, label, help)) = found else { continue };
        findings.push(site.finding(&RULE, at, "SQLite does not do this").label(label).help(help));
    }
    findings
}

type Refusal = (Range<usize>, &'static str, &'static str);

/// Of a statement that is no SQL of SQLite's.
fn unknown(site: &Site<'_>) -> Option<Refusal> {
    let words = &site.words;
    if words.is(0, "truncate") {
        return Some((
            0..1,
            "there is no TRUNCATE",
            "write `DELETE FROM …`, which is as fast without triggers",
        ));
    }
    if let Some(at) = words.find_flat(words.all(), &["concurrently"]) {
        return Some((at, "there is no CONCURRENTLY: one writer at a time has the database", "leave it out"));
    }
    if words.starts(0, &["create", "or", "replace"]) {
        return Some((1..3, "there is no OR REPLACE", "drop it first, in the same cell"));
    }
    let alter = AlterTable::read(words)?;
    if let [_, second, ..] = &alter.clauses[..] {
        return Some((second.clone(), "an ALTER TABLE makes one change", "write a statement for each"));
    }
    let clause = alter.clauses.first()?;
    let at = clause.start;
    let guard = ["exists"].iter().find_map(|word| words.find_flat(clause.clone(), &["if", word]));
    let guard = guard.or_else(|| words.find_flat(clause.clone(), &["if", "not", "exists"]));
    if let Some(guard) = guard {
        return Some((guard, "there is no such guard here", "leave it out: Rollbook knows what it has done"));
    }
    let verbs = ["alter", "modify", "change", "add", "drop", "rename", "set", "owner"];
    let known = verbs.iter().any(|verb| words.is(at, verb));
    known.then_some((clause.clone(), "not among the changes that its ALTER TABLE makes", REBUILD))
}

/// Of a statement that is SQL of SQLite's, and fails when it runs.
fn refused(context: &Context<'_>, site: &Site<'_>) -> Option<Refusal> {
    let alter = site.alter_table()?;
    let words = &site.words;
    let clause = alter.clauses.first()?.clone();
    if words.is(clause.start, "alter")
        || words.starts(clause.start, &["add", "constraint"])
        || words.starts(clause.start, &["drop", "constraint"])
    {
        return Some((clause, "the SQLite that Rollbook is built with does not know it yet", REBUILD));
    }
    for object in &site.statement.facts.objects {
        let (ObjectKind::Column, Effect::Drop, Some((table, column))) =
            (object.kind, object.action, object.name.rsplit_once('.'))
        else {
            continue;
        };
        let keys = context.schema.table(table).into_iter().flat_map(|table| &table.keys);
        let mut keys = keys.filter(|key| context.sites[key.site].moment < site.moment);
        if keys.any(|key| key.part.columns.iter().any(|own| is(own, column))) {
            return Some((
                clause,
                "a column of a key or an index stays as long as that does",
                "drop the index first; of a PRIMARY KEY or UNIQUE, rebuild the table",
            ));
        }
    }
    let defines = site.defines.as_ref().filter(|_| site.is_forward())?;
    let column = defines.columns.first()?;
    if let Some(key) = defines.keys.first() {
        return Some((
            key.at.clone(),
            "a column is not added with a key",
            "add it without one, and then `CREATE UNIQUE INDEX`; a primary key needs a rebuild",
        ));
    }
    if let Some(at) = words.find_flat(column.attributes.clone(), &["stored"]) {
        return Some((at, "a stored value is not added", "make it VIRTUAL, or rebuild the table"));
    }
    let computed = column.default.clone().filter(|at| {
        words.is(at.start, "(") || words.text(at.start).to_ascii_lowercase().starts_with("current_")
    });
    let at = computed.filter(|_| !context.is_new(&alter.table, site))?;
    Some((
        at,
        "the default must be the same for every row that is there",
        "add the column without it, fill the rows, and rebuild the table for the default",
    ))
}
