use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Blocks;
use crate::rules::{Context, Finder, Rule, Site};

pub static RULE: Rule = Rule {
    id: "rows-under-table-lock",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("rows_under_table_lock.md"),
    covers: &[
        ("eugene", "E4"),
        ("pgls", "runningStatementWhileHoldingAccessExclusive"),
        ("pgfence", "statement-after-access-exclusive"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    let rows = |site: &&Site<'_>| matches!(site.kind(), "update" | "delete" | "insert" | "merge");
    for site in context.forward().filter(rows) {
        let before = context.before_in_transaction(site);
        if let Some(table) = before.iter().rev().find_map(|before| locked(context, before)) {
            let message = format!("rows are changed while `{table}` is locked against reads and writes");
            findings.push(
                site.finding(&RULE, 0..1, message)
                    .label("the ACCESS EXCLUSIVE of the statement before lasts until the transaction ends")
                    .help("give the rows a cell of their own after it, in batches where there are many"),
            );
        }
    }
    findings
}

/// The table that nobody reads or writes from this statement on, unless nobody knows it yet.
fn locked<'s>(context: &Context<'_>, site: &'s Site<'_>) -> Option<&'s str> {
    let locks = site.statement.facts.blocks == Some(Blocks::Everything);
    site.table().filter(|table| locks && !context.is_new(table, site))
}
