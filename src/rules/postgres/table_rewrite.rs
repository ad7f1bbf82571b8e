use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "table-rewrite",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("table_rewrite.md"),
    covers: &[
        ("squawk", "prefer-repack"),
        ("pgls", "banVacuumFull"),
        ("pgfence", "vacuum-full"),
        ("pgfence", "set-logged-unlogged"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let words = &site.words;
        let at = match site.kind() {
            "cluster" => Some(0..1),
            "vacuum" => words.find(words.all(), &["full"]),
            "alter_table" => ["logged", "unlogged", "tablespace"]
                .iter()
                .find_map(|what| words.find_flat(words.all(), &["set", what]))
                .or_else(|| words.find_flat(words.all(), &["set", "access", "method"])),
            _ => None,
        };
        let Some(at) = at.filter(|_| site.statement.facts.rewrites == Some(true)) else { continue };
        if site.table().is_some_and(|table| context.is_new(table, site)) {
            continue;
        }
        findings.push(
            site.finding(&RULE, at, "a table is out of use until it is written anew")
                .label("ACCESS EXCLUSIVE is held for all of it")
                .help("use pg_repack or pg_squeeze outside the runbook, or choose a window and say so with `allow`"),
        );
    }
    findings
}
