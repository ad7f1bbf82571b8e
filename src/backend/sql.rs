use sqlx::AssertSqlSafe;

use super::JournalRow;
use crate::dialect::{self, Dialect};

/// The one place where text becomes SQL for a driver.
///
/// Audited: what comes here is a statement that the splitter cut out of a reviewed cell, or our own
/// text with values quoted by `dialect::literal`.
pub(super) fn audited(sql: impl Into<String>) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql.into())
}

/// A literal of a text that is ours. NUL, which no engine takes in text, is left out.
pub(super) fn quoted(dialect: Dialect, text: &str) -> String {
    dialect::literal(dialect, &text.replace('\0', "")).unwrap_or_else(|_| "''".to_owned())
}

/// The statement that writes journal rows, at least one.
pub(super) fn insert(dialect: Dialect, table: &str, rows: &[JournalRow]) -> String {
    let quoted = |text: &str| quoted(dialect, text);
    let values: Vec<String> = rows
        .iter()
        .map(|row| {
            let texts = [&row.runbook, &row.run, &row.at, &row.entry, &row.hash].map(|text| quoted(text));
            format!("({}, {})", row.pos, texts.join(", "))
        })
        .collect();
    format!("INSERT INTO {table} (pos, runbook, run, at, entry, hash) VALUES {}", values.join(", "))
}
