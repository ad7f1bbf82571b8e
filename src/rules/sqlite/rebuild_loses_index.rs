use super::ONLY;
use super::rebuild::rebuilds;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "rebuild-loses-index",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("rebuild_loses_index.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for rebuild in rebuilds(context) {
        let compared = context.plan.checks().any(|check| {
            ["sqlite_schema", "sqlite_master"]
                .iter()
                .any(|name| check.statement.sql.to_lowercase().contains(name))
        });
        let drop = &context.sites[rebuild.drop];
        let mut later = context.forward().filter(|later| later.moment > drop.moment);
        if compared || later.any(|later| matches!(later.kind(), "create_index" | "create_trigger")) {
            continue;
        }
        let message = format!("indexes and triggers of `{}` are not made again", rebuild.name);
        findings.push(
            drop.finding(&RULE, drop.words.all(), message)
                .label("they go with the table that they are on")
                .help("make them again here, and compare `sqlite_schema` with `expect=unchanged`"),
        );
    }
    findings
}
