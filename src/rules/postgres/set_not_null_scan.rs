use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ClauseKind;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "set-not-null-scan",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("set_not_null_scan.md"),
    covers: &[
        ("squawk", "adding-not-nullable-field"),
        ("pgls", "addingNotNullField"),
        ("eugene", "E2"),
        ("strong_migrations", "change_column_null_postgresql"),
        ("online_migrations", "add_not_null_constraint"),
        ("django-migration-linter", "NOT_NULL"),
        ("atlas", "PG303"),
        ("atlas", "MF104"),
        ("pgfence", "alter-column-set-not-null"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        for (table, clause) in context.altered(site) {
            let column = match clause.kind {
                ClauseKind::SetNotNull => &clause.name,
                // As a constraint (PostgreSQL 18).
                ClauseKind::NotNull if clause.scans != Some(false) => &clause.to,
                _ => continue,
            };
            if context.proves_not_null(table, column, site) {
                continue;
            }
            findings.push(
                site.finding_at(&RULE, clause.span, format!("reads and writes of `{table}` wait for a scan"))
                    .label("every row is looked at under ACCESS EXCLUSIVE, unless a valid CHECK proves it")
                    .help(format!(
                        "add `CHECK ({column} IS NOT NULL) NOT VALID`, validate it in a transaction of its own, then set \
                         NOT NULL and drop the CHECK; `rollbook new set-not-null` writes the cells",
                    )),
            );
        }
    }
    findings
}
