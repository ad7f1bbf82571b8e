use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Blocks;
use crate::rules::{Context, Finder, Rule, Site};

pub static RULE: Rule = Rule {
    id: "alter-blocks-writes",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("alter_blocks_writes.md"),
    covers: &[
        ("strong_migrations", "copy_algorithm"),
        ("strong_migrations", "lock_option"),
        ("strong_migrations", "add_foreign_key_mysql"),
        ("strong_migrations", "add_check_constraint_mysql"),
        ("strong_migrations", "add_column_auto_incrementing"),
        ("django-migration-linter", "ALTER_COLUMN"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let facts = &site.statement.facts;
        let long = facts.rewrites == Some(true) || facts.scans == Some(true);
        let keeps_out = matches!(facts.blocks, Some(Blocks::Writes | Blocks::Everything));
        if !(long && keeps_out && matches!(site.kind(), "alter_table" | "create_index" | "drop_index")) {
            continue;
        }
        let Some(table) = site.table().filter(|table| !context.is_new(table, site)) else { continue };
        if checks_are_off(context, site) {
            continue;
        }
        let label = match facts.rewrites {
            Some(true) => "the whole table is copied, and writers wait until the copy is complete",
            _ => "the whole table is read, and writers wait until that is done",
        };
        findings.push(
            site.finding(&RULE, site.words.all(), format!("writers of `{table}` wait for the whole change"))
                .label(label)
                .help(
                    "add a new column, fill it in batches and drop the old one; or split the change, and give each part \
                     `ALGORITHM=INPLACE, LOCK=NONE`, which the server refuses where it cannot keep it",
                ),
        );
    }
    findings
}

/// Whether all that the statement does is to add foreign keys, in a cell that has switched their check off,
/// so that no row is read.
fn checks_are_off(context: &Context<'_>, site: &Site<'_>) -> bool {
    let words = &site.words;
    let Some(alter) = site.alter_table() else { return false };
    let only_keys = alter.clauses.iter().all(|clause| {
        let adds = words.find_flat(clause.clone(), &["foreign", "key"]).is_some();
        (words.is(clause.start, "add") && adds)
            || words.is(clause.start, "algorithm")
            || words.is(clause.start, "lock")
    });
    let off = context.before_in_cell(site).iter().rev().find_map(|before| {
        let at = before
            .words
            .all()
            .find(|at| before.words.text(*at).to_lowercase().ends_with("foreign_key_checks"))?;
        let value = before.words.text(before.words.skip(before.words.skip(at + 1, &["="]), &[":="]));
        Some(["0", "off", "false"].iter().any(|off| value.eq_ignore_ascii_case(off)))
    });
    only_keys && off == Some(true)
}
