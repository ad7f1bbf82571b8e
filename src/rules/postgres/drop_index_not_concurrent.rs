use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::last_part;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "drop-index-not-concurrent",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("drop_index_not_concurrent.md"),
    covers: &[
        ("squawk", "require-concurrent-index-deletion"),
        ("pgls", "requireConcurrentIndexDeletion"),
        ("strong_migrations", "remove_index"),
        ("online_migrations", "remove_index"),
        ("django-migration-linter", "DROP_INDEX"),
        ("atlas", "PG102"),
        ("pgfence", "drop-index-not-concurrent"),
        ("sqlfluff", "PG01"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| site.kind() == "drop_index") {
        let words = &site.words;
        let Some(index) = words.find_flat(words.all(), &["index"]) else { continue };
        let new = |name: &str| context.index_is_new(name, site);
        let mut dropped = site.statement.facts.objects.iter().map(|object| object.name.as_str());
        if words.is(index.end, "concurrently") || dropped.clone().all(new) {
            continue;
        }
        let one = dropped.clone().count() == 1 && words.find_flat(words.all(), &["cascade"]).is_none();
        let name = dropped.next().map_or("", last_part);
        findings.push(
            site.finding(&RULE, index.clone(), "an index is dropped under a lock that stops reads too")
                .label(format!("waits for every transaction that uses the table of `{name}`"))
                .help("write `DROP INDEX CONCURRENTLY` in a cell of its own, one index in each")
                .fix(one.then(|| site.concurrently(context, index)).flatten()),
        );
    }
    findings
}
