use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};
use std::ops::Range;

pub static RULE: Rule = Rule {
    id: "index-visibility-mixed",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("index_visibility_mixed.md"),
    covers: &[("spirit", "index_visibility_mixed")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(alter) = site.alter_table() else { continue };
        let words = &site.words;
        let is_switch = |clause: &Range<usize>| {
            words.starts(clause.start, &["alter", "index"]) || words.starts(clause.start, &["alter", "key"])
        };
        let is_option =
            |clause: &Range<usize>| words.is(clause.start, "algorithm") || words.is(clause.start, "lock");
        let (switches, others): (Vec<_>, Vec<_>) =
            alter.clauses.into_iter().filter(|clause| !is_option(clause)).partition(is_switch);
        let (Some(switch), false) = (switches.first(), others.is_empty()) else { continue };
        findings.push(
            site.finding(
                &RULE,
                switch.clone(),
                "the index is switched when the rest of the statement is done",
            )
            .label("and cannot be switched back without it")
            .help("give the switch a statement and a cell of its own"),
        );
    }
    findings
}
