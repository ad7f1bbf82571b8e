use std::ops::Range;

use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::plan::Unit;
use crate::rules::words::Words;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "batch-rewrites-right-rows",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("batch_rewrites_right_rows.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let (Unit::Batch(_), "update", Some(hole)) = (&site.action.unit, site.kind(), site.statement.hole)
        else {
            continue;
        };
        let words = &site.words;
        let Some(condition) = words.find_flat(words.all(), &["where"]) else { continue };
        let besides = (condition.end..words.len()).any(|at| {
            let span = words.span(at..at + 1);
            span.start < hole.start || span.start >= hole.end
        });
        if besides || changes_itself(words, condition.start) {
            continue;
        }
        let at = words.find_flat(words.all(), &["update"]).unwrap_or(0..1);
        findings.push(
            site.finding(&RULE, at, "rows that hold the right value already are written again")
                .label("each of them leaves a dead row and its share of WAL behind")
                .help("leave them out: `WHERE {{ batch }} AND <column> IS DISTINCT FROM <value>`"),
        );
    }
    findings
}

/// Whether a column is set to something of its own, as in `n = n + 1`: no row holds that already.
fn changes_itself(words: &Words<'_>, end: usize) -> bool {
    let Some(set) = words.find_flat(0..end, &["set"]) else { return false };
    words.list(set.end..end).into_iter().any(|assignment: Range<usize>| {
        let column = words.text(assignment.start);
        (assignment.start + 2..assignment.end).any(|at| words.text(at).eq_ignore_ascii_case(column))
    })
}
