use std::ops::Range;

use super::column::{ColumnDefinition, names};
use crate::dialect::Words;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Primary,
    Unique,
    /// An index that allows the same value twice.
    Plain,
    /// `FULLTEXT`, `SPATIAL`, GIN and others that do not lead to rows by the order of their columns.
    Other,
}

/// A key, or an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub kind: KeyKind,
    pub name: Option<String>,
    /// In order; an expression as it is written.
    pub columns: Vec<String>,
    /// Whether all of `columns` are columns, whole ones.
    pub plain: bool,
    /// Whether it leaves rows out (`WHERE`).
    pub partial: bool,
    /// The words that say so.
    pub at: Range<usize>,
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub columns: Vec<String>,
    pub table: String,
    /// Empty where the primary key is meant.
    pub to: Vec<String>,
    /// Whether it stands beside its column.
    pub inline: bool,
    /// `ON DELETE CASCADE`, where it says so.
    pub cascades: Option<Range<usize>>,
    /// From `REFERENCES`, or from `FOREIGN KEY`.
    pub at: Range<usize>,
}

impl Key {
    pub(super) fn of_column(kind: KeyKind, column: &ColumnDefinition, at: Range<usize>) -> Self {
        let columns = vec![column.name.clone()];
        Self { kind, name: None, columns, plain: true, partial: false, at }
    }

    /// Whether rows are found by `columns`, in any order, with this key.
    pub fn leads_to(&self, columns: &[String]) -> bool {
        let first = self.columns.iter().take(columns.len());
        self.kind != KeyKind::Other
            && !self.partial
            && self.columns.len() >= columns.len()
            && first.clone().all(|own| columns.iter().any(|column| column.eq_ignore_ascii_case(own)))
    }
}

/// `[CONSTRAINT name] PRIMARY KEY | UNIQUE | FOREIGN KEY | INDEX …` of a table.
pub(super) enum Constraint {
    Key(Key),
    Reference(Reference),
    /// A check, an exclusion or something else that is neither.
    Other,
}

/// None where a column is defined instead.
pub(super) fn constraint(words: &Words<'_>, item: Range<usize>) -> Option<Constraint> {
    let mut at = item.start;
    let mut name = None;
    if words.is(at, "constraint") {
        at = words.skip(at + 1, &["if", "not", "exists"]);
        if !["primary", "unique", "foreign", "check", "exclude", "not"].iter().any(|word| words.is(at, word))
        {
            let (given, after) = words.name(at)?;
            (name, at) = (Some(given), after);
        }
    }
    let mut named = |at: usize| match words.name(at) {
        Some((given, after)) if !words.is(at, "using") => {
            name = Some(given);
            after
        }
        _ => at,
    };
    let (kind, columns_at) = if words.starts(at, &["primary", "key"]) {
        (KeyKind::Primary, named(at + 2))
    } else if words.is(at, "unique") {
        let at = words.skip(words.skip(at + 1, &["index"]), &["key"]);
        (KeyKind::Unique, named(words.skip(at, &["nulls", "not", "distinct"])))
    } else if words.starts(at, &["foreign", "key"]) {
        let open = words.find_flat(at..item.end, &["("])?;
        let (columns, after) = names(words, open.start)?;
        let (mut found, end) = reference(words, after..item.end)?;
        (found.columns, found.at) = (columns, at..end);
        return Some(Constraint::Reference(found));
    } else if words.is(at, "fulltext") || words.is(at, "spatial") {
        let at = words.skip(words.skip(at + 1, &["index"]), &["key"]);
        (KeyKind::Other, named(at))
    } else if (words.is(at, "index") || words.is(at, "key")) && is_index(words, at + 1) {
        (KeyKind::Plain, named(at + 1))
    } else {
        const OTHERS: [&str; 6] = ["check", "exclude", "like", "period", "partition", "vector"];
        let other = name.is_some() || OTHERS.iter().any(|word| words.is(at, word) && !is_type(words, at + 1));
        return other.then_some(Constraint::Other);
    };
    let Some(open) = words.find_flat(columns_at..item.end, &["("]) else {
        // `UNIQUE USING INDEX i` takes one that is there.
        return Some(Constraint::Other);
    };
    let (columns, plain, after) = columns_in(words, open.start)?;
    Some(Constraint::Key(Key { kind, name, columns, plain, partial: false, at: at..after }))
}

/// Whether a name, or nothing, and brackets follow `INDEX`; else it is a column called so.
fn is_index(words: &Words<'_>, at: usize) -> bool {
    let after = words.name(at).map_or(at, |(_, after)| after);
    words.is(after, "(") && !words.is(at, "(") || words.is(at, "(") || words.is(after, "using")
}

/// Whether what follows a word that may begin a constraint makes it a column's name.
fn is_type(words: &Words<'_>, at: usize) -> bool {
    words.name(at).is_some() && !words.is(at, "(") && !words.is(at, "for") && !words.is(at, "using")
}

/// `REFERENCES table [(columns)] …`, and the position after it.
pub(super) fn reference(words: &Words<'_>, range: Range<usize>) -> Option<(Reference, usize)> {
    let start = words.find_flat(range.clone(), &["references"])?;
    let (table, mut after) = words.name(start.end)?;
    let mut to = Vec::new();
    if after < range.end && words.is(after, "(") {
        (to, after) = names(words, after)?;
    }
    let cascades = words.find_flat(after..range.end, &["on", "delete", "cascade"]);
    let end = after.max(cascades.as_ref().map_or(after, |words| words.end));
    let at = start.start..after;
    Some((Reference { columns: Vec::new(), table, to, inline: false, cascades, at }, end))
}

/// The columns in the brackets at `open`, whether each is a whole column, and the position after them.
pub(super) fn columns_in(words: &Words<'_>, open: usize) -> Option<(Vec<String>, bool, usize)> {
    if !words.is(open, "(") {
        return None;
    }
    let close = words.close(open);
    let mut plain = true;
    let mut columns = Vec::new();
    for item in words.list(open + 1..close) {
        match words.name(item.start) {
            Some((name, after)) if after == item.end || !words.is(after, "(") => columns.push(name),
            other => {
                plain = false;
                let prefix = other.filter(|(_, after)| words.text(after + 1).parse::<u64>().is_ok());
                columns.push(prefix.map_or_else(|| words.written(item).to_owned(), |(name, _)| name));
            }
        }
    }
    Some((columns, plain, close + 1))
}
