use sqlx::AssertSqlSafe;

use super::{Answer, JournalRow, TableName};
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

/// What reads the journal's rows in order: of one runbook, or all.
pub(super) fn select(dialect: Dialect, table: &str, runbook: Option<&str>) -> String {
    let filter = runbook.map_or_else(String::new, |id| format!("WHERE runbook = {}", quoted(dialect, id)));
    format!("SELECT pos, runbook, run, at, entry, hash FROM {table} {filter} ORDER BY pos")
}

/// The answer to it.
pub(super) fn journal_rows(answer: Answer) -> Vec<JournalRow> {
    let rows = answer.rows.into_iter().map(|row| {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        let mut next = || cells.next().unwrap_or_default();
        JournalRow {
            pos: next().parse().unwrap_or_default(),
            replaces: None,
            runbook: next(),
            run: next(),
            at: next(),
            entry: next(),
            hash: next(),
        }
    });
    rows.collect()
}

/// Rows of a schema, a name, and whether the name is enough (`t`).
pub(super) fn table_names(answer: &Answer) -> Vec<TableName> {
    let name = |row: usize| TableName {
        schema: answer.cell(row, 0).map(str::to_owned),
        name: answer.cell(row, 1).unwrap_or_default().to_owned(),
        visible: answer.cell(row, 2) == Some("t"),
    };
    (0..answer.rows.len()).map(name).collect()
}

/// What asks for the end of the journal, and the answer to it.
pub(super) fn select_end(table: &str) -> String {
    format!("SELECT coalesce(max(pos), 0) FROM {table}")
}

pub(super) fn end(answer: &Answer) -> i64 {
    answer.single().and_then(|text| text.parse().ok()).unwrap_or_default()
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

/// The statement that removes what the rows replace, if they do.
pub(super) fn remove_replaced(table: &str, rows: &[JournalRow]) -> Option<String> {
    let replaced: Vec<String> = rows.iter().filter_map(|row| Some(row.replaces?.to_string())).collect();
    (!replaced.is_empty()).then(|| format!("DELETE FROM {table} WHERE pos IN ({})", replaced.join(", ")))
}

/// What writes the rows in an open transaction and commits it, as one text. The insertion stands first.
pub(super) fn insert_and_commit(dialect: Dialect, table: &str, rows: &[JournalRow]) -> String {
    let removal = remove_replaced(table, rows).map_or_else(String::new, |removal| format!("{removal}; "));
    format!("{}; {removal}COMMIT", insert(dialect, table, rows))
}

/// The second cells of rows, a list for each stretch with the same first cell; a list that lacks one is
/// left out.
pub(super) fn grouped(answer: &Answer) -> Vec<Vec<String>> {
    let groups = answer.rows.chunk_by(|a, b| a[0] == b[0]);
    groups.filter_map(|rows| rows.iter().map(|row| row[1].clone()).collect()).collect()
}
