use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::same_name;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "validate-in-same-transaction",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("validate_in_same_transaction.md"),
    covers: &[
        ("squawk", "constraint-missing-not-valid"),
        ("pgls", "requireSeparateConstraintValidation"),
        ("strong_migrations", "validate_foreign_key"),
        ("strong_migrations", "validate_check_constraint"),
        ("online_migrations", "validate_constraint"),
        ("online_migrations", "validate_foreign_key"),
        ("pgfence", "not-valid-validate-same-tx"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let Some(alter) = site.alter_table() else { continue };
        let validates = |clause: &&std::ops::Range<usize>| site.words.is(clause.start, "validate");
        let Some(clause) = alter.clauses.iter().find(validates) else { continue };
        let locks = |table: &str| same_name(table, &alter.table);
        let held = context
            .before_in_transaction(site)
            .iter()
            .any(|before| before.alter_table().is_some_and(|before| locks(&before.table)));
        if (held || alter.clauses.len() > 1) && !context.is_new(&alter.table, site) {
            findings.push(
                site.finding(
                    &RULE,
                    clause.start..clause.start + 1,
                    "a constraint is validated under a lock that is already held",
                )
                .label(format!(
                    "an ALTER before it keeps `{}` locked until the transaction ends",
                    alter.table
                ))
                .help("give it a cell of its own, or write `--| tx: statement` at the top of this one"),
            );
        }
    }
    findings
}
