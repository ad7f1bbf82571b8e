use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ClauseKind;
use crate::dialect::same_name;
use crate::rules::context::Site;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "attach-partition-scan",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("attach_partition_scan.md"),
    covers: &[("pgls", "avoidAttachingPartition"), ("pgfence", "attach-partition")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    // In a rollback cell it takes back a partition that was within its bounds.
    for site in context.forward() {
        let attached =
            site.statement.facts.clauses.iter().filter(|clause| clause.kind == ClauseKind::AttachPartition);
        for clause in attached.filter(|clause| !context.is_new(&clause.to, site)) {
            if is_checked(context, site, &clause.to) {
                continue;
            }
            let partition = &clause.to;
            findings.push(
                site.finding_at(&RULE, clause.span, format!("reads and writes of `{partition}` wait for a scan"))
                    .label("every row is looked at under ACCESS EXCLUSIVE, unless a valid CHECK proves the bounds")
                    .help(format!(
                        "add a CHECK that says the same as the bounds to `{partition}` as NOT VALID, validate it in a transaction \
                         of its own, and attach then",
                    )),
            );
        }
    }
    findings
}

/// Whether the runbook has proved something of the table's rows before; what it is, is not compared.
fn is_checked(context: &Context<'_>, site: &Site<'_>, table: &str) -> bool {
    let proves = |kind| matches!(kind, ClauseKind::ValidateConstraint | ClauseKind::Check);
    context.forward().filter(|before| before.moment < site.moment).any(|before| {
        before.table().is_some_and(|altered| same_name(altered, table))
            && before
                .statement
                .facts
                .clauses
                .iter()
                .any(|clause| proves(clause.kind) && clause.scans == Some(true))
    })
}
