use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ClauseKind;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "column-type-rewrite",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("column_type_rewrite.md"),
    covers: &[
        ("squawk", "changing-column-type"),
        ("pgls", "changingColumnType"),
        ("eugene", "E5"),
        ("strong_migrations", "change_column"),
        ("online_migrations", "change_column"),
        ("django-migration-linter", "ALTER_COLUMN"),
        ("atlas", "PG301"),
        ("pgfence", "alter-column-type"),
        ("waypoint", "W003"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        for (table, clause) in context.altered(site).filter(|(_, clause)| clause.kind == ClauseKind::SetType)
        {
            // They take a `varchar` over as it is stored.
            let any_text = ["text", "varchar", "character varying"]
                .contains(&clause.to.trim_start_matches("pg_catalog."));
            if clause.rewrites.is_none() && any_text {
                continue;
            }
            let (message, label) = if clause.rewrites == Some(true) {
                (
                    format!("reads and writes of `{table}` wait until the table is written anew"),
                    format!(
                        "nothing else is stored as `{}` is: every row and index is written anew under ACCESS EXCLUSIVE",
                        clause.to
                    ),
                )
            } else {
                (
                    format!("reads and writes of `{table}` may wait until the table is written anew"),
                    "unless the old type is stored the same way, every row and index is written anew under ACCESS EXCLUSIVE".to_owned(),
                )
            };
            findings.push(site.finding_at(&RULE, clause.span, message).label(label).help(
                "add a column of the new type, fill it in batches, switch over and drop the old one: \
                     `rollbook new change-column-type`",
            ));
        }
    }
    findings
}
