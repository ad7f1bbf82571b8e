use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "index-not-concurrent",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("index_not_concurrent.md"),
    covers: &[
        ("squawk", "require-concurrent-index-creation"),
        ("pgls", "requireConcurrentIndexCreation"),
        ("eugene", "E6"),
        ("strong_migrations", "add_index"),
        ("online_migrations", "add_index"),
        ("django-migration-linter", "CREATE_INDEX"),
        ("atlas", "PG101"),
        ("pgfence", "create-index-not-concurrent"),
        ("waypoint", "W002"),
        ("sqlfluff", "PG01"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| site.kind() == "create_index") {
        let words = &site.words;
        let Some(table) = site.table() else { continue };
        let Some(index) = words.find_flat(words.all(), &["index"]) else { continue };
        if words.is(index.end, "concurrently") || context.is_new(table, site) {
            continue;
        }
        // An INVALID index of the name would pass for the one that is wanted.
        let plain = words.find_flat(words.all(), &["if", "not", "exists"]).is_none();
        findings.push(
            site.finding(&RULE, index.clone(), format!("writers of `{table}` wait while the index is built"))
                .label("without CONCURRENTLY the build holds a SHARE lock")
                .help(
                    "write `CREATE INDEX CONCURRENTLY` in a cell of its own; `rollbook new add-index-online` writes the runbook",
                )
                .fix(plain.then(|| site.concurrently(context, index)).flatten()),
        );
    }
    findings
}
