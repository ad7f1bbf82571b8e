use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::words::Words;
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
        let Some(alter) = site.alter_table().filter(|alter| !context.is_new(&alter.table, site)) else {
            continue;
        };
        for clause in alter.clauses {
            let words = &site.words;
            let Some(at) = words.find_flat(clause.clone(), &["type"]) else { continue };
            if !words.is(clause.start, "alter") || takes_any_text(words, at.end, clause.end) {
                continue;
            }
            findings.push(
                site.finding(&RULE, at, format!("reads and writes of `{}` may wait until the table is written anew", alter.table))
                    .label("unless the old type is stored the same way, every row and index is written anew under ACCESS EXCLUSIVE")
                    .help(
                        "add a column of the new type, fill it in batches, switch over and drop the old one: \
                         `rollbook new add-column-with-backfill`, then `rollbook new drop-column`",
                    ),
            );
        }
    }
    findings
}

/// `text` and `varchar` without a length, not computed: they take a `varchar` over as it is stored.
fn takes_any_text(words: &Words<'_>, at: usize, end: usize) -> bool {
    let at = words.skip(at, &["pg_catalog", "."]);
    let after =
        [words.skip(at, &["text"]), words.skip(at, &["varchar"]), words.skip(at, &["character", "varying"])];
    after.contains(&end) && at < end
}
