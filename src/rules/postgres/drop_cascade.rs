use std::ops::Range;

use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::context::Site;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "drop-cascade",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("drop_cascade.md"),
    covers: &[
        ("squawk", "ban-truncate-cascade"),
        ("pgls", "banTruncateCascade"),
        ("pgfence", "truncate-cascade"),
        ("pgfence", "drop-schema-cascade"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let Some(at) = cascade(site) else { continue };
        let what = match site.kind() {
            "truncate" => "every table that refers to this one is emptied too",
            _ => "whatever depends on it is dropped with it, without a list",
        };
        findings.push(
            site.finding(&RULE, at, "CASCADE reaches objects that the runbook does not name")
                .label(what)
                .help(
                    "take CASCADE away and name each object; a `when=before` cell over pg_depend shows them",
                ),
        );
    }
    findings
}

fn cascade(site: &Site<'_>) -> Option<Range<usize>> {
    let words = &site.words;
    if site.kind() == "truncate" || site.kind().starts_with("drop_") {
        return words.find_flat(words.all(), &["cascade"]);
    }
    let drops = site.alter_table()?.clauses.into_iter().filter(|clause| words.is(clause.start, "drop"));
    drops.into_iter().find_map(|clause| words.find_flat(clause, &["cascade"]))
}
