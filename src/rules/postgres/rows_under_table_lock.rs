use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Blocks;
use crate::plan::Unit;
use crate::rules::{Context, Finder, Rule};

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
    // The table that the transaction of a cell has locked by now.
    let mut held: Option<(&str, &str)> = None;
    for site in context.forward().filter(|site| site.action.unit == Unit::Cell) {
        let cell = site.action.cell.as_str();
        held = held.filter(|(of, _)| *of == cell && !site.statement.alone);
        let rows = matches!(site.kind(), "update" | "delete" | "insert" | "merge");
        if let (true, Some((_, table))) = (rows, held) {
            let message = format!("rows are changed while `{table}` is locked against reads and writes");
            findings.push(
                site.finding(&RULE, 0..1, message)
                    .label("the ACCESS EXCLUSIVE of the statement before lasts until the transaction ends")
                    .help("give the rows a cell of their own after it, in batches where there are many"),
            );
        } else if site.statement.facts.blocks == Some(Blocks::Everything) && !site.statement.alone {
            let table = site.table().filter(|table| !context.is_new(table, site));
            held = table.map(|table| (cell, table)).or(held);
        }
    }
    findings
}
