//! The table that a verify cell expects, in a `text {expect=<cell id>}` fence.

use super::cell::Named;
use super::findings::Findings;
use crate::source::Span;

/// A fence with an expected table.
#[derive(Debug)]
pub struct Expectation {
    /// The cell that must answer this; `None` where the info string is malformed.
    pub cell: Option<Named>,
    /// `None` where the table is malformed.
    pub table: Option<Vec<Vec<String>>>,
}

/// Reads `content` as psql prints a table: a header row, perhaps a line of dashes, rows.
pub fn read_table(content: Span, findings: &mut Findings) -> Option<Vec<Vec<String>>> {
    let source = std::sync::Arc::clone(&findings.source);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut at = content.start;
    let mut footer: Option<Span> = None;
    let mut separated = false;
    for line in source.slice(content).split_inclusive('\n') {
        let text = line.trim();
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        if text.is_empty() {
            continue;
        }
        if rows.len() == 1 && !separated && is_separator(text) {
            separated = true;
            continue;
        }
        let span = Span::new(start, start + text.len());
        if let Some(footer) = footer {
            findings.push(
                findings
                    .error("malformed-table", footer, "the row count is not the last line of the table")
                    .help("remove it, or what follows"),
            );
            return None;
        }
        if !rows.is_empty() && is_row_count(text) {
            footer = Some(span);
            continue;
        }
        let row: Vec<String> = text.split('|').map(|cell| cell.trim().to_owned()).collect();
        if let Some(header) = rows.first().filter(|header| header.len() != row.len()) {
            let message = format!("the row has {} cells, and the header {}", row.len(), header.len());
            findings.push(
                findings.error("malformed-table", span, message).help("separate the cells of a row with `|`"),
            );
            return None;
        }
        rows.push(row);
    }
    if rows.is_empty() {
        let first = source.slice(content).lines().next().map_or(0, str::len);
        let span = Span::new(content.start, content.start + first);
        findings.push(
            findings
                .error("malformed-table", span, "the expected table is empty")
                .help("write a header line and the rows; for no rows at all use `expect=empty`"),
        );
        return None;
    }
    Some(rows)
}

fn is_separator(line: &str) -> bool {
    line.contains('-') && line.bytes().all(|byte| matches!(byte, b'-' | b'+' | b'|' | b' '))
}

/// `(1 row)`, `(20 rows)`
fn is_row_count(line: &str) -> bool {
    let count = line
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(" rows)").or_else(|| rest.strip_suffix(" row)")));
    count.is_some_and(|count| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn read(text: &str) -> Option<Vec<Vec<String>>> {
        let mut findings = Findings::new(&Source::new("t.md", text));
        read_table(Span::new(0, text.len()), &mut findings)
    }

    #[test]
    fn tables_are_read_as_psql_prints_them() {
        let table =
            read(" status | count \n--------+-------\n open   |     3\n        |     1\n(2 rows)\n\n")
                .unwrap();
        assert_eq!(table, [["status", "count"], ["open", "3"], ["", "1"]]);
        assert_eq!(read("n\n5\n").unwrap(), [["n"], ["5"]]);
        assert_eq!(read("n\n(0 rows)\n").unwrap(), [["n"]]);
    }

    #[test]
    fn ragged_and_empty_tables_are_refused() {
        assert_eq!(read("a | b\n1\n"), None);
        assert_eq!(read("\n\n"), None);
        assert_eq!(read("a\n(1 row)\n2\n"), None);
    }
}
