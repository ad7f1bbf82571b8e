//! What loses its name, read from the words.

use std::ops::Range;

use super::context::Site;
use crate::dialect::AlterTable;

/// A table, or a column of it, that loses its name.
pub struct Renamed {
    pub table: String,
    /// The old name of the column, where it is a column's.
    pub column: Option<String>,
    /// The words that say so.
    pub at: Range<usize>,
}

pub fn renamed(site: &Site<'_>) -> Vec<Renamed> {
    let words = &site.words;
    if words.starts(0, &["rename", "table"]) || words.starts(0, &["rename", "tables"]) {
        let pairs = words.list(2..words.len());
        let read = |pair: Range<usize>| {
            let (table, _) = words.name(pair.start)?;
            Some(Renamed { table, column: None, at: 0..2 })
        };
        return pairs.into_iter().filter_map(read).collect();
    }
    let Some(AlterTable { table, clauses, .. }) = site.alter_table() else { return Vec::new() };
    let mut found = Vec::new();
    for clause in clauses {
        let at = clause.start;
        let name = |at: usize| words.name(at).map(|(name, _)| name);
        let column = if words.is(at, "change") {
            let old = words.skip(at + 1, &["column"]);
            match (name(old), name(old + 1)) {
                (Some(old), Some(new)) if !old.eq_ignore_ascii_case(&new) => Some(old),
                _ => continue,
            }
        } else if !words.is(at, "rename") {
            continue;
        } else {
            match words.text(at + 1).to_ascii_lowercase().as_str() {
                "constraint" | "index" | "key" => continue,
                "to" | "as" | "=" => None,
                // MySQL: RENAME new_name.
                _ if clause.len() == 2 => None,
                _ => name(words.skip(at + 1, &["column"])),
            }
        };
        found.push(Renamed { table: table.clone(), column, at: at..at + 1 });
    }
    found
}
