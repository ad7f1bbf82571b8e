use std::ops::Range;

use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::context::Site;
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
        let Some(alter) = site.alter_table().filter(|alter| !context.is_new(&alter.table, site)) else {
            continue;
        };
        for clause in alter.clauses {
            let Some((what, at)) = checked(site, clause) else { continue };
            let table = &alter.table;
            let finding = match what {
                Kind::ForeignKey => site
                    .finding(
                        &RULE,
                        at,
                        format!("writers of `{table}` and of the table it refers to wait for a scan"),
                    )
                    .label("every row is looked up while both tables are locked"),
                Kind::Check => site
                    .finding(&RULE, at, format!("reads and writes of `{table}` wait for a scan"))
                    .label("every row is checked under ACCESS EXCLUSIVE"),
            };
            findings.push(finding.help(
                "add `NOT VALID` here, and `VALIDATE CONSTRAINT` in a later cell: that reads the rows and keeps nobody out",
            ));
        }
    }
    findings
}

enum Kind {
    ForeignKey,
    Check,
}

/// The words `FOREIGN KEY` or `CHECK` of a clause that adds such a constraint and checks every row.
fn checked(site: &Site<'_>, clause: Range<usize>) -> Option<(Kind, Range<usize>)> {
    let words = &site.words;
    let unchecked = words.find_flat(clause.clone(), &["not", "valid"]).is_some()
        || words.find_flat(clause.clone(), &["not", "enforced"]).is_some();
    if unchecked || !words.is(clause.start, "add") {
        return None;
    }
    match words.find_flat(clause.clone(), &["foreign", "key"]) {
        Some(at) => Some((Kind::ForeignKey, at)),
        // Also that of a new column, whose default is checked row by row.
        None => Some((Kind::Check, words.find_flat(clause, &["check"])?)),
    }
}
