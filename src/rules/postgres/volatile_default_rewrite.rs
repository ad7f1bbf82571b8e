use std::ops::Range;

use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::classify;
use crate::rules::words::Words;
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
        if site.statement.facts.rewrites != Some(true) {
            continue;
        }
        let Some(alter) = site.alter_table().filter(|alter| !context.is_new(&alter.table, site)) else {
            continue;
        };
        // Of several clauses, each by itself.
        let rewrites = |clause: &Range<usize>| {
            let alone = format!("ALTER TABLE t {}", site.words.written(clause.clone()));
            classify(context.plan.dialect, &alone).rewrites == Some(true)
        };
        let added = alter
            .clauses
            .into_iter()
            .filter(|clause| site.words.adds_column(clause.start) && rewrites(clause));
        let computed = added.filter_map(|clause| computed(&site.words, clause));
        for (at, why) in computed {
            findings.push(
                site.finding(&RULE, at, format!("reads and writes of `{}` wait until the table is written anew", alter.table))
                    .label(why)
                    .help(
                        "add the column without it, set the default for new rows, and fill the old ones in batches: \
                         `rollbook new add-column-with-backfill` writes the cells",
                    ),
            );
        }
    }
    findings
}

/// What of a new column that makes PostgreSQL write the table anew is computed for each row.
fn computed(words: &Words<'_>, clause: Range<usize>) -> Option<(Range<usize>, &'static str)> {
    const SERIAL: [&str; 6] = ["serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"];
    let find = |texts: &[&str]| words.find_flat(clause.clone(), texts);
    if let Some(at) = find(&["identity"]) {
        return Some((at, "an identity numbers the rows that are there"));
    }
    if let Some(at) = find(&["stored"]) {
        return Some((at, "a stored column is computed for every row"));
    }
    if let Some(at) = SERIAL.iter().find_map(|serial| find(&[serial])) {
        return Some((at, "a serial numbers the rows that are there"));
    }
    let default = find(&["default"])?;
    let calls = (default.end..clause.end).any(|at| words.is(at, "("));
    calls.then_some((default, "a default that differs from row to row is computed for every row"))
}
