use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ClauseKind;
use crate::dialect::same_name;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "never-validated",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("never_validated.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        for (table, clause) in context.altered(site) {
            let checks =
                matches!(clause.kind, ClauseKind::Check | ClauseKind::ForeignKey | ClauseKind::NotNull);
            let waits = checks && clause.scans == Some(false) && !clause.name.is_empty();
            let Some(at) = site.words.find_flat(site.words.all(), &["not", "valid"]).filter(|_| waits) else {
                continue;
            };
            let settles = |kind| matches!(kind, ClauseKind::ValidateConstraint | ClauseKind::DropConstraint);
            let settled = context.forward().filter(|later| later.moment > site.moment).any(|later| {
                later.table().is_some_and(|other| same_name(other, table))
                    && later
                        .statement
                        .facts
                        .clauses
                        .iter()
                        .any(|other| settles(other.kind) && other.name == clause.name)
            });
            if !settled {
                findings.push(
                    site.finding(&RULE, at, format!("`{}` holds for new rows only", clause.name))
                        .label("no cell of this runbook validates it")
                        .help(format!(
                            "add a later cell: `ALTER TABLE {table} VALIDATE CONSTRAINT {}`",
                            clause.name
                        )),
                );
            }
        }
    }
    findings
}
