use std::ops::Range;

use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{TokenKind, Words};
use crate::plan::Unit;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "update-without-batch",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("update_without_batch.md"),
    covers: &[
        ("pgls", "banDeleteWithoutWhere"),
        ("pgls", "banUpdateWithoutWhere"),
        ("pgfence", "delete-without-where"),
        ("pgfence", "update-in-migration"),
        ("strong_migrations", "change_column_null"),
        ("online_migrations", "backfilling"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let (verb, what) = match site.kind() {
            "update" => ("update", "changed"),
            "delete" => ("delete", "deleted"),
            _ => continue,
        };
        let whole = site.statement.facts.scans == Some(true) || !is_selective(&site.words);
        if !whole || matches!(site.action.unit, Unit::Batch(_)) {
            continue;
        }
        let Some(table) = site.table().filter(|table| !context.is_new(table, site)) else { continue };
        let at = site.words.find_flat(site.words.all(), &[verb]).unwrap_or(0..1);
        findings.push(
            site.finding(&RULE, at, format!("every row of `{table}` is {what} in one transaction"))
                .label("the rows stay locked, and nothing of it is kept if it fails, until the last one is done")
                .help(format!(
                    "walk the table in batches: `--| batch: {{table: {table}, key: <primary key>}}` at the top of the cell \
                     and `WHERE {{{{ batch }}}} AND …` in the statement",
                )),
        );
    }
    findings
}

/// Whether the condition may choose a few rows. Tests for NULL and for being different are those of a
/// backfill; anything else, a column by itself too, is a choice.
fn is_selective(words: &Words<'_>) -> bool {
    if words.find_flat(words.all(), &["limit"]).is_some() {
        return true;
    }
    let Some(clause) = words.find_flat(words.all(), &["where"]) else { return false };
    let mut start = clause.end;
    while start < words.len() {
        let end = words.find_flat(start..words.len(), &["and"]).map_or(words.len(), |and| and.start);
        if chooses(words, start..end) {
            return true;
        }
        start = end + 1;
    }
    false
}

fn chooses(words: &Words<'_>, term: Range<usize>) -> bool {
    const CHOOSING: [&str; 8] = ["in", "between", "like", "ilike", "exists", "current", "glob", "match"];
    const DIFFERENT: [&str; 2] = ["<>", "!="];
    const MARKS: [&str; 6] = ["(", ")", ".", ",", "<>", "!="];
    let compares = term.clone().any(|at| match words.kind(at) {
        Some(TokenKind::Punct) => !MARKS.contains(&words.text(at)),
        Some(TokenKind::Word) => CHOOSING.iter().any(|word| words.is(at, word)),
        _ => false,
    });
    let backfills = term.clone().any(|at| words.is(at, "is") || DIFFERENT.contains(&words.text(at)));
    compares || !(backfills || words.is(term.start, "true"))
}
