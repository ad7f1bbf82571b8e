use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ClauseKind;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "constraint-not-valid",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("constraint_not_valid.md"),
    covers: &[
        ("squawk", "constraint-missing-not-valid"),
        ("squawk", "adding-foreign-key-constraint"),
        ("pgls", "constraintMissingNotValid"),
        ("pgls", "addingForeignKeyConstraint"),
        ("eugene", "E1"),
        ("strong_migrations", "add_foreign_key"),
        ("strong_migrations", "add_check_constraint"),
        ("online_migrations", "add_foreign_key"),
        ("online_migrations", "add_check_constraint"),
        ("online_migrations", "add_text_limit_constraint"),
        ("atlas", "PG305"),
        ("atlas", "PG306"),
        ("pgfence", "add-constraint-fk-no-not-valid"),
        ("pgfence", "add-constraint-check-no-not-valid"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        // Also those of a new column, whose default is checked row by row.
        for (table, clause) in context.altered(site).filter(|(_, clause)| clause.scans == Some(true)) {
            let finding = match clause.kind {
                ClauseKind::ForeignKey => site
                    .finding_at(
                        &RULE,
                        clause.span,
                        format!("writers of `{table}` and of `{}` wait for a scan", clause.to),
                    )
                    .label("every row is looked up while both tables are locked"),
                ClauseKind::Check => site
                    .finding_at(&RULE, clause.span, format!("reads and writes of `{table}` wait for a scan"))
                    .label("every row is checked under ACCESS EXCLUSIVE"),
                _ => continue,
            };
            findings.push(finding.help(
                "add `NOT VALID` here, and `VALIDATE CONSTRAINT` in a later cell: that reads the rows and keeps nobody out",
            ));
        }
    }
    findings
}
