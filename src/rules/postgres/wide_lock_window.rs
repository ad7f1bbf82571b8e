use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Blocks;
use crate::dialect::same_name;
use crate::rules::{Context, Finder, Rule, Site};

pub static RULE: Rule = Rule {
    id: "wide-lock-window",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("wide_lock_window.md"),
    covers: &[
        ("pgls", "avoidWideLockWindow"),
        ("pgfence", "wide-lock-window"),
        ("online_migrations", "multiple_foreign_keys"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(table) = locked(context, site) else { continue };
        let before = context.before_in_transaction(site);
        let first = before.iter().rev().find_map(|before| locked(context, before));
        if let Some(first) = first.filter(|first| !same_name(first, table)) {
            findings.push(
                site.finding(&RULE, 0..2, format!("`{table}` is locked while `{first}` still is"))
                    .label("both are out of use until the transaction ends, and sessions that lock them the other way round deadlock")
                    .help("give each table a cell of its own, or write `--| tx: statement` at the top of this one"),
            );
        }
    }
    findings
}

/// The table that the statement keeps others from, unless nobody knows it yet.
fn locked<'s>(context: &Context<'_>, site: &'s Site<'_>) -> Option<&'s str> {
    let kinds = ["alter_table", "create_index", "create_trigger", "drop_trigger", "lock_table"];
    let locks = kinds.contains(&site.kind())
        && matches!(site.statement.facts.blocks, Some(Blocks::Everything | Blocks::Writes));
    site.table().filter(|table| locks && !context.is_new(table, site))
}
