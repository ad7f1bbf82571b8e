use std::ops::Range;

use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::words::Words;
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
            let Some((kind, at)) = builds(&site.words, clause) else { continue };
            findings.push(
                site.finding(&RULE, at, format!("reads and writes of `{}` wait while an index is built", alter.table))
                    .label("the constraint builds its index under ACCESS EXCLUSIVE")
                    .help(format!(
                        "build the index first with `CREATE UNIQUE INDEX CONCURRENTLY`, then `ADD CONSTRAINT … {kind} USING INDEX …`",
                    )),
            );
        }
    }
    findings
}

/// The words of a clause that adds a unique or primary key together with its index.
fn builds(words: &Words<'_>, clause: Range<usize>) -> Option<(&'static str, Range<usize>)> {
    if !words.is(clause.start, "add")
        || words
            .find_flat(clause.clone(), &["using", "index"])
            .is_some_and(|at| !words.is(at.end, "tablespace"))
    {
        return None;
    }
    let primary = words.find_flat(clause.clone(), &["primary", "key"]).map(|at| ("PRIMARY KEY", at));
    primary.or_else(|| Some(("UNIQUE", words.find_flat(clause, &["unique"])?)))
}
