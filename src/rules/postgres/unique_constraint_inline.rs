use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ClauseKind;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "unique-constraint-inline",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("unique_constraint_inline.md"),
    covers: &[
        ("squawk", "disallowed-unique-constraint"),
        ("squawk", "adding-serial-primary-key-field"),
        ("pgls", "disallowUniqueConstraint"),
        ("pgls", "addingPrimaryKeyConstraint"),
        ("eugene", "E7"),
        ("strong_migrations", "add_unique_constraint"),
        ("online_migrations", "add_unique_constraint"),
        ("atlas", "PG104"),
        ("atlas", "PG105"),
        ("pgfence", "add-constraint-unique"),
        ("pgfence", "add-pk-without-using-index"),
        ("pgfence", "add-constraint-exclude"),
        ("pgls", "avoidAddingExclusionConstraint"),
        ("eugene", "E8"),
        ("strong_migrations", "add_exclusion_constraint"),
        ("online_migrations", "add_exclusion_constraint"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        for (table, clause) in context.altered(site).filter(|(_, clause)| clause.builds_index == Some(true)) {
            let help = match clause.kind {
                ClauseKind::Unique | ClauseKind::PrimaryKey => {
                    let kind = if clause.kind == ClauseKind::Unique { "UNIQUE" } else { "PRIMARY KEY" };
                    format!(
                        "build the index first with `CREATE UNIQUE INDEX CONCURRENTLY`, then `ADD CONSTRAINT … {kind} USING INDEX …`",
                    )
                }
                ClauseKind::Exclude => {
                    "no way is known that keeps nobody out: add it to a new table that then takes the old \
                                        one's place, or choose a window and say so with `allow`"
                        .to_owned()
                }
                _ => continue,
            };
            findings.push(
                site.finding_at(
                    &RULE,
                    clause.span,
                    format!("reads and writes of `{table}` wait while an index is built"),
                )
                .label("the constraint builds its index under ACCESS EXCLUSIVE")
                .help(help),
            );
        }
    }
    findings
}
