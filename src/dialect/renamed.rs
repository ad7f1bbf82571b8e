//! What a statement gives another name to, read from its words.

use std::ops::Range;

use super::{AlterTable, ObjectKind, Words};

/// A thing that loses its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    pub kind: ObjectKind,
    /// The table of a column, of a constraint, and of an index where that is a part of its table.
    pub table: Option<String>,
    pub old: String,
    pub new: String,
    /// The words that say so.
    pub at: Range<usize>,
}

impl Renamed {
    /// Every name that the statement changes, in its order.
    pub fn all(words: &Words<'_>) -> Vec<Self> {
        if words.starts(0, &["rename", "table"]) || words.starts(0, &["rename", "tables"]) {
            let read = |pair: Range<usize>| {
                let (old, new) = old_and_new(words, pair.start)?;
                Some(Self { kind: ObjectKind::Table, table: None, old, new, at: 0..2 })
            };
            return words.list(2..words.len()).into_iter().filter_map(read).collect();
        }
        if let Some(renamed) = whole(words) {
            return vec![renamed];
        }
        let Some(AlterTable { table, clauses, .. }) = AlterTable::read(words) else { return Vec::new() };
        clauses.into_iter().filter_map(|clause| in_table(words, &table, clause)).collect()
    }
}

/// `ALTER INDEX i RENAME TO j`, and the same of views and sequences.
fn whole(words: &Words<'_>) -> Option<Renamed> {
    let at = words.skip(words.skip(0, &["alter"]), &["materialized"]);
    let kinds =
        [("index", ObjectKind::Index), ("view", ObjectKind::View), ("sequence", ObjectKind::Sequence)];
    let (_, kind) = kinds.into_iter().find(|(word, _)| at > 0 && words.is(at, word))?;
    let (old, at) = words.name(words.skip(at + 1, &["if", "exists"]))?;
    let (new, _) = words.name(at + 2).filter(|_| words.starts(at, &["rename", "to"]))?;
    Some(Renamed { kind, table: None, old, new, at: at..at + 1 })
}

/// What a clause of an `ALTER TABLE` renames.
fn in_table(words: &Words<'_>, table: &str, clause: Range<usize>) -> Option<Renamed> {
    let at = clause.start;
    let part =
        |kind, (old, new)| Some(Renamed { kind, table: Some(table.to_owned()), old, new, at: at..at + 1 });
    if words.is(at, "change") {
        let names = old_and_new(words, words.skip(at + 1, &["column"]))?;
        return part(ObjectKind::Column, names)
            .filter(|column| !column.old.eq_ignore_ascii_case(&column.new));
    }
    if !words.is(at, "rename") {
        return None;
    }
    let to = ["to", "as", "="].into_iter().any(|word| words.is(at + 1, word));
    // MySQL: `RENAME new_name`.
    if to || clause.len() == 2 {
        let (new, _) = words.name(at + 1 + usize::from(to))?;
        let old = table.to_owned();
        return Some(Renamed { kind: ObjectKind::Table, table: None, old, new, at: at..at + 1 });
    }
    let kind = match words.text(at + 1).to_ascii_lowercase().as_str() {
        "index" | "key" => ObjectKind::Index,
        "constraint" => ObjectKind::Constraint,
        _ => return part(ObjectKind::Column, old_and_new(words, words.skip(at + 1, &["column"]))?),
    };
    part(kind, old_and_new(words, at + 2)?)
}

/// `old new`, also with TO between them.
fn old_and_new(words: &Words<'_>, at: usize) -> Option<(String, String)> {
    let (old, after) = words.name(words.skip(at, &["if", "exists"]))?;
    let (new, _) = words.name(words.skip(after, &["to"]))?;
    Some((old, new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn every_way_to_rename_is_read() {
        use ObjectKind::{Column, Constraint, Index, Sequence, Table, View};
        let said = |dialect, sql| -> Vec<(ObjectKind, Option<String>, String, String)> {
            let all = Renamed::all(&Words::of(dialect, sql)).into_iter();
            all.map(|renamed| (renamed.kind, renamed.table, renamed.old, renamed.new)).collect()
        };
        let whole = |kind, old: &str, new: &str| (kind, None, old.to_owned(), new.to_owned());
        let part = |kind, old: &str, new: &str| (kind, Some("t".to_owned()), old.to_owned(), new.to_owned());
        let of = |sql| said(Dialect::Postgres, sql);
        assert_eq!(of("ALTER TABLE IF EXISTS a.t RENAME TO u"), [whole(Table, "a.t", "u")]);
        assert_eq!(of("ALTER TABLE t RENAME COLUMN a TO \"B\""), [part(Column, "a", "B")]);
        assert_eq!(of("ALTER TABLE t RENAME a TO b"), [part(Column, "a", "b")]);
        assert_eq!(of("ALTER TABLE t RENAME CONSTRAINT a TO b"), [part(Constraint, "a", "b")]);
        assert_eq!(of("ALTER INDEX i RENAME TO j"), [whole(Index, "i", "j")]);
        assert_eq!(of("ALTER SEQUENCE IF EXISTS s RENAME TO r"), [whole(Sequence, "s", "r")]);
        assert_eq!(of("ALTER MATERIALIZED VIEW m RENAME TO n"), [whole(View, "m", "n")]);
        assert_eq!(of("ALTER VIEW v RENAME COLUMN a TO b"), []);
        assert_eq!(of("ALTER TABLE t ADD COLUMN rename int"), []);
        let of = |sql| said(Dialect::Mysql, sql);
        assert_eq!(of("RENAME TABLE a TO b, c TO d"), [whole(Table, "a", "b"), whole(Table, "c", "d")]);
        assert_eq!(
            of("ALTER TABLE t CHANGE COLUMN a b int, RENAME x"),
            [part(Column, "a", "b"), whole(Table, "t", "x")]
        );
        assert_eq!(of("ALTER TABLE t CHANGE a a bigint, RENAME INDEX i TO j"), [part(Index, "i", "j")]);
    }
}
