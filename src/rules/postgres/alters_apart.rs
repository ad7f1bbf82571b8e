use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::same_name;
use crate::dialect::{Clause, ClauseKind};
use crate::rules::context::Site;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "alters-apart",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("alters_apart.md"),
    covers: &[("eugene", "W12"), ("pgls", "multipleAlterTable")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some((table, _)) = context.altered(site).next().filter(|_| reads_rows(site)) else { continue };
        let before = context.before_in_transaction(site).iter().filter(|before| reads_rows(before));
        if !before.into_iter().any(|before| before.table().is_some_and(|other| same_name(other, table))) {
            continue;
        }
        findings.push(
            site.finding(&RULE, 0..2, format!("`{table}` is read through once more in the same transaction"))
                .label("each ALTER TABLE reads or writes every row by itself")
                .help("write both as clauses of one `ALTER TABLE …, …`, which goes over the rows once"),
        );
    }
    findings
}

/// An `ALTER TABLE` that goes over the rows and that another one can be joined with.
fn reads_rows(site: &Site<'_>) -> bool {
    let joins = |clause: &Clause| clause.kind != ClauseKind::ValidateConstraint;
    let clauses = &site.statement.facts.clauses;
    site.kind() == "alter_table"
        && clauses.iter().all(joins)
        && clauses.iter().any(|clause| clause.rewrites == Some(true) || clause.scans == Some(true))
}
