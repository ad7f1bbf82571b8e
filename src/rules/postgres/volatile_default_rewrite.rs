use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Clause, ClauseKind};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "volatile-default-rewrite",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("volatile_default_rewrite.md"),
    covers: &[
        ("squawk", "adding-field-with-default"),
        ("pgls", "addingFieldWithDefault"),
        ("pgls", "addSerialColumn"),
        ("eugene", "E10"),
        ("eugene", "E11"),
        ("strong_migrations", "add_column_default"),
        ("strong_migrations", "add_column_default_callable"),
        ("strong_migrations", "add_column_generated_stored"),
        ("strong_migrations", "add_column_auto_incrementing"),
        ("online_migrations", "add_column_with_default"),
        ("online_migrations", "add_column_generated_stored"),
        ("atlas", "PG302"),
        ("pgfence", "add-column-non-constant-default"),
        ("pgfence", "add-column-stored-generated"),
        ("pgfence", "add-column-serial"),
        ("waypoint", "W006"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        for (table, clause) in context.altered(site) {
            let Some(why) = computed(clause) else { continue };
            let may = if clause.rewrites == Some(true) { "" } else { "may " };
            let message = format!("reads and writes of `{table}` {may}wait until the table is written anew");
            findings.push(site.finding_at(&RULE, clause.span, message).label(why).help(
                "add the column without it, set the default for new rows, and fill the old ones in batches: \
                 `rollbook new add-column-with-backfill` writes the cells",
            ));
        }
    }
    findings
}

/// What of a new column makes PostgreSQL write the table anew.
fn computed(clause: &Clause) -> Option<&'static str> {
    match (clause.kind, clause.rewrites) {
        (ClauseKind::Identity, _) => Some("an identity numbers the rows that are there"),
        (ClauseKind::Stored, _) => Some("a stored column is computed for every row"),
        (ClauseKind::Column, Some(true)) => Some("a serial numbers the rows that are there"),
        (ClauseKind::Default, Some(true)) => {
            Some("a default that differs from row to row is computed for every row")
        }
        (ClauseKind::Default, None) => {
            Some("a function that is not declared STABLE or IMMUTABLE is called for every row")
        }
        _ => None,
    }
}
