use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "reindex-not-concurrent",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("reindex_not_concurrent.md"),
    covers: &[
        ("squawk", "require-concurrent-reindex"),
        ("pgls", "requireConcurrentReindex"),
        ("django-migration-linter", "REINDEX"),
        ("pgfence", "reindex-non-concurrent"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| site.kind() == "reindex") {
        let words = &site.words;
        // Also as an option: REINDEX (CONCURRENTLY, VERBOSE) TABLE t.
        if words.find(words.all(), &["concurrently"]).is_some() {
            continue;
        }
        let named = words.is(1, "index") || words.is(1, "table");
        findings.push(
            site.finding(&RULE, 0..1, "an index is built anew while writers wait, and readers of it too")
                .label("without CONCURRENTLY: SHARE on the table, ACCESS EXCLUSIVE on the index")
                .help("write `REINDEX INDEX CONCURRENTLY …` or `REINDEX TABLE CONCURRENTLY …` in a cell of its own")
                .fix(named.then(|| site.concurrently(context, 0..2)).flatten()),
        );
    }
    findings
}
