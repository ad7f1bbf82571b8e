use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Blocks;
use crate::dialect::same_name;
use crate::plan::Unit;
use crate::rules::{Context, Finder, Rule};

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
    // The table that the transaction of a cell keeps others from.
    let mut held: Option<(&str, &str)> = None;
    for site in context.forward().filter(|site| site.action.unit == Unit::Cell) {
        let cell = site.action.cell.as_str();
        held = held.filter(|(of, _)| *of == cell && !site.statement.alone);
        let locks = matches!(
            site.kind(),
            "alter_table" | "create_index" | "create_trigger" | "drop_trigger" | "lock_table"
        ) && matches!(site.statement.facts.blocks, Some(Blocks::Everything | Blocks::Writes));
        let Some(table) = site.table().filter(|table| locks && !context.is_new(table, site)) else {
            continue;
        };
        if site.statement.alone {
            continue;
        }
        if let Some((_, first)) = held.filter(|(_, first)| !same_name(first, table)) {
            findings.push(
                site.finding(&RULE, 0..2, format!("`{table}` is locked while `{first}` still is"))
                    .label("both are out of use until the transaction ends, and sessions that lock them the other way round deadlock")
                    .help("give each table a cell of its own, or write `--| tx: statement` at the top of this one"),
            );
        }
        held = Some((cell, table));
    }
    findings
}
