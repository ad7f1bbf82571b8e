//! The kept part of an answer, as a table of plain text.

use super::text::{cut, fence, line};
use crate::engine::Output;
use crate::figures::count;

/// The longest rendered table, in bytes.
const LONGEST: usize = 64 * 1024;

/// The count, and the table in a fence. Never longer than the cap, and the count is true in any case.
pub(super) fn output(output: &Output) -> String {
    let (shown, table) = table(output);
    let shown = shown as u64;
    let rows = if output.returned == 1 { "row" } else { "rows" };
    let caption = if shown == output.returned {
        format!("{} {rows}", count(shown))
    } else {
        format!("showing {} of {} {rows}", count(shown), count(output.returned))
    };
    if table.is_empty() {
        return format!("Output: {caption}.\n");
    }
    format!("Output: {caption}.\n\n{}", fence("text", &table))
}

/// As many rows as fit, and how many they are.
fn table(output: &Output) -> (usize, String) {
    if output.rows.is_empty() && (output.returned == 0 || output.columns.is_empty()) {
        return (0, String::new());
    }
    let head: Vec<String> = output.columns.iter().map(|name| shown(name)).collect();
    let rows: Vec<Vec<String>> = output
        .rows
        .iter()
        .map(|row| row.iter().map(|cell| cell.as_deref().map_or_else(|| "NULL".to_owned(), shown)).collect())
        .collect();
    // A further row only ever makes the table longer, so the most that fit can be searched for.
    let (mut fits, mut too_many) = (0, rows.len() + 1);
    while too_many - fits > 1 {
        let middle = fits + (too_many - fits) / 2;
        if align(&head, &rows[..middle]).len() <= LONGEST { fits = middle } else { too_many = middle }
    }
    let mut table = align(&head, &rows[..fits]);
    if table.len() > LONGEST {
        let end = (0..=LONGEST - '…'.len_utf8()).rev().find(|&at| table.is_char_boundary(at));
        table.truncate(end.unwrap_or(0));
        table.push('…');
    }
    (fits, table)
}

fn shown(text: &str) -> String {
    line(&cut(text))
}

/// Numbers to the right, everything else to the left; nothing after the last column.
fn align(head: &[String], rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).chain([head.len()]).max().unwrap_or(0);
    let cell = |row: &'_ [String], column: usize| row.get(column).cloned().unwrap_or_default();
    let width = |text: &str| text.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let all = rows.iter().map(Vec::as_slice).chain([head]);
            all.map(|row| row.get(column).map_or(0, |text| width(text))).max().unwrap_or(0)
        })
        .collect();
    let numeric: Vec<bool> = (0..columns)
        .map(|column| {
            let texts = || rows.iter().filter_map(|row| row.get(column)).filter(|text| *text != "NULL");
            texts().next().is_some() && texts().all(|text| is_number(text))
        })
        .collect();
    let write = |row: &[String]| {
        let cells: Vec<String> = (0..columns)
            .map(|column| {
                let text = cell(row, column);
                let pad = " ".repeat(widths[column] - width(&text));
                if numeric[column] { pad + &text } else { text + &pad }
            })
            .collect();
        format!(" {}", cells.join(" | ")).trim_end().to_owned() + "\n"
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    let mut table = write(head) + &rule.join("+") + "\n";
    for row in rows {
        table.push_str(&write(row));
    }
    table
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(columns: &[&str], rows: &[&[Option<&str>]], returned: u64) -> Output {
        let text = |cell: &Option<&str>| cell.map(str::to_owned);
        Output {
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
            rows: rows.iter().map(|row| row.iter().map(text).collect()).collect(),
            returned,
            hash: String::new(),
        }
    }

    #[test]
    fn columns_are_aligned_and_null_is_named() {
        let rows: &[&[Option<&str>]] = &[&[Some("7"), Some("a\nb")], &[Some("1204"), None]];
        assert_eq!(
            output(&answer(&["id", "email"], rows, 2)),
            "Output: 2 rows.\n\n```text\n   id | email\n------+-------\n    7 | a\\nb\n 1204 | NULL\n```\n"
        );
        assert_eq!(output(&answer(&["id"], &[], 0)), "Output: 0 rows.\n");
        assert_eq!(output(&answer(&[], &[], 1)), "Output: showing 0 of 1 row.\n");
    }

    #[test]
    fn a_table_is_capped_and_its_count_stays_true() {
        let wide = "x".repeat(5000);
        let row: &[Option<&str>] = &[Some(&wide)];
        let shown = output(&answer(&["a"], &vec![row; 1000], 10_000));
        assert!(shown.starts_with("Output: showing 318 of 10,000 rows.\n"), "{}", &shown[..60]);
        assert!(shown.len() < LONGEST + 200);
        assert_eq!(shown.matches('…').count(), 318);
        let names = vec!["ä"; 40_000];
        let shown = output(&answer(&names, &[], 5));
        assert!(shown.len() < LONGEST + 200 && shown.contains('…'));
    }
}
