use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::same_name;
use crate::dialect::{Clause, ClauseKind};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "trigger-left-disabled",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("trigger_left_disabled.md"),
    covers: &[
        ("squawk", "ban-disable-trigger"),
        ("pgls", "avoidEnableDisableTrigger"),
        ("pgfence", "enable-disable-trigger"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        for (table, clause) in
            context.altered(site).filter(|(_, clause)| clause.kind == ClauseKind::DisableTrigger)
        {
            let later = context.cell(site).iter().filter(|later| later.moment > site.moment);
            let enabled = later
                .filter(|later| later.table().is_some_and(|other| same_name(other, table)))
                .any(|later| later.statement.facts.clauses.iter().any(|other| enables(other, clause)));
            if enabled {
                continue;
            }
            findings.push(
                site.finding_at(&RULE, clause.span, format!("triggers of `{table}` stay disabled for everybody"))
                    .label("what the application writes from now on escapes them, and with ALL its foreign keys too")
                    .help(
                        "enable it again at the end of the same cell, in the same transaction; `SET LOCAL session_replication_role = replica` \
                         leaves triggers out for this transaction alone",
                    ),
            );
        }
    }
    findings
}

fn enables(clause: &Clause, disabled: &Clause) -> bool {
    clause.kind == ClauseKind::EnableTrigger
        && (clause.name == disabled.name || matches!(clause.name.as_str(), "all" | "user"))
}
