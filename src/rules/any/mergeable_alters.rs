use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::plan::Unit;
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule, Site};

pub static RULE: Rule = Rule {
    id: "mergeable-alters",
    level: Level::Note,
    dialects: &[Dialect::Postgres, Dialect::Mysql],
    page: include_str!("mergeable_alters.md"),
    covers: &[("eugene", "W12"), ("pgls", "multipleAlterTable"), ("spirit", "multiple_alter_table")],
    finder: Finder::Rule(find),
};

/// Clauses that share a statement with no other, or must not.
const ALONE: [&str; 9] =
    ["rename", "validate", "attach", "detach", "partition", "exchange", "truncate", "remove", "discard"];

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(before) = context.before_in_cell(site).last() else { continue };
        if site.action.unit != Unit::Cell {
            continue;
        }
        let (Some(first), Some(second)) = (before.alter_table(), site.alter_table()) else { continue };
        if !is(&first.table, &second.table)
            || stands_alone(before)
            || stands_alone(site)
            || context.is_new(&first.table, site)
        {
            continue;
        }
        findings.push(
            site.finding(&RULE, 0..2, format!("`{}` is altered again", second.table))
                .label("it waits for its lock anew, and reads the table anew where it has to")
                .help("put both changes into one ALTER TABLE, with a comma between them"),
        );
    }
    findings
}

fn stands_alone(site: &Site<'_>) -> bool {
    let words = &site.words;
    let Some(alter) = site.alter_table() else { return true };
    alter.clauses.iter().any(|clause| {
        let at = clause.start;
        ALONE.iter().any(|word| words.is(at, word))
            || words.starts(at, &["set", "schema"])
            || words.find_flat(clause.clone(), &["not", "valid"]).is_some()
            || words.is(at + 1, "partition")
            // In one statement it would be gone before the others run.
            || words.starts(at, &["drop", "constraint"])
    })
}
