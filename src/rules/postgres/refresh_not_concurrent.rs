use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ObjectKind;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "refresh-not-concurrent",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("refresh_not_concurrent.md"),
    covers: &[("pgls", "requireConcurrentRefreshMatview"), ("pgfence", "refresh-matview-blocking")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| site.kind() == "refresh_materialized_view") {
        let words = &site.words;
        let gentle = [&["concurrently"][..], &["with", "no", "data"]];
        let Some(view) = site.statement.facts.objects.first() else { continue };
        if gentle.iter().any(|gentle| words.find(words.all(), gentle).is_some())
            || context.is_made(ObjectKind::View, &view.name, site)
        {
            continue;
        }
        findings.push(
            site.finding(&RULE, 0..words.len().min(3), format!("readers of `{}` wait until it is filled anew", view.name))
                .label("ACCESS EXCLUSIVE is held for as long as the query takes")
                .help("write `REFRESH MATERIALIZED VIEW CONCURRENTLY`; it needs a unique index over columns of the view"),
        );
    }
    findings
}
