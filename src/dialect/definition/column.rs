use std::ops::Range;

use super::key::{Key, KeyKind, Reference, columns_in, reference};
use crate::dialect::{TokenKind, Words};

/// One column, as a statement adds it or makes it anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDefinition {
    pub name: String,
    /// The name.
    pub at: Range<usize>,
    /// The type in lower case, without what stands in its brackets (`double precision`); empty where
    /// SQLite was given none.
    pub kind: String,
    /// The type with its brackets.
    pub kind_at: Range<usize>,
    /// Everything after the type.
    pub attributes: Range<usize>,
    pub not_null: bool,
    /// The value of `DEFAULT`.
    pub default: Option<Range<usize>>,
    /// Computed, an identity, or counted up by the engine.
    pub generated: bool,
    /// Whether it was there before (`MODIFY`, `CHANGE`, `ALTER COLUMN … TYPE`).
    pub redefines: bool,
}

/// Words that end a type, or a default.
const ATTRIBUTES: [&str; 34] = [
    "not",
    "null",
    "default",
    "primary",
    "unique",
    "references",
    "check",
    "constraint",
    "collate",
    "generated",
    "as",
    "auto_increment",
    "autoincrement",
    "comment",
    "key",
    "on",
    "identity",
    "first",
    "after",
    "charset",
    "stored",
    "virtual",
    "persistent",
    "invisible",
    "visible",
    "compression",
    "storage",
    "deferrable",
    "initially",
    "using",
    "srid",
    "column_format",
    "binary",
    "enforced",
];

impl ColumnDefinition {
    /// A column from its name to the end of `item`, with the keys and references that it brings.
    pub(super) fn read(words: &Words<'_>, item: Range<usize>) -> Option<(Self, Vec<Key>, Vec<Reference>)> {
        let at = item.start;
        if at >= item.end {
            return None;
        }
        let (name, after) = words.name(at)?;
        let kind_end = type_end(words, after..item.end);
        let attributes = kind_end..item.end;
        let mut column = Self {
            kind: kind(words, after..kind_end),
            kind_at: after..kind_end,
            at: at..after,
            not_null: false,
            default: None,
            generated: column_is_serial(words, after),
            redefines: false,
            attributes,
            name,
        };
        let (keys, references) = column.read_attributes(words);
        Some((column, keys, references))
    }

    fn read_attributes(&mut self, words: &Words<'_>) -> (Vec<Key>, Vec<Reference>) {
        let (mut keys, mut references) = (Vec::new(), Vec::new());
        let end = self.attributes.end;
        let mut at = self.attributes.start;
        while at < end {
            let mut next = at + 1;
            if words.is(at, "(") {
                next = words.close(at) + 1;
            } else if words.starts(at, &["not", "null"]) {
                self.not_null = true;
                next = at + 2;
            } else if words.is(at, "default") {
                next = default_end(words, at + 1..end);
                self.default = Some(at + 1..next);
            } else if words.starts(at, &["primary", "key"]) {
                self.not_null = true;
                keys.push(Key::of_column(KeyKind::Primary, self, at..at + 2));
                next = at + 2;
            } else if words.is(at, "unique") {
                keys.push(Key::of_column(KeyKind::Unique, self, at..at + 1));
                next = words.skip(at + 1, &["key"]);
            } else if words.is(at, "references") {
                if let Some((mut found, after)) = reference(words, at..end) {
                    found.columns = vec![self.name.clone()];
                    found.inline = true;
                    references.push(found);
                    next = after;
                }
            } else if ["generated", "as", "identity", "auto_increment", "autoincrement"]
                .iter()
                .any(|word| words.is(at, word))
            {
                self.generated = true;
            }
            at = next;
        }
        (keys, references)
    }

    /// The first number in the type's brackets (`varchar(20)`).
    pub fn length(&self, words: &Words<'_>) -> Option<u64> {
        let open = words.find(self.kind_at.clone(), &["("])?;
        words.text(open.end).parse().ok()
    }

    /// Whether the type is one of these, in any of its sizes.
    pub fn is_of(&self, kinds: &[&str]) -> bool {
        kinds.iter().any(|kind| self.kind == *kind || self.kind.strip_suffix(" unsigned") == Some(kind))
    }
}

fn column_is_serial(words: &Words<'_>, at: usize) -> bool {
    words.text(at).to_ascii_lowercase().ends_with("serial")
}

fn is_attribute(words: &Words<'_>, at: usize) -> bool {
    words.kind(at) == Some(TokenKind::Word)
        && (ATTRIBUTES.iter().any(|word| words.is(at, word)) || words.starts(at, &["character", "set"]))
}

fn type_end(words: &Words<'_>, range: Range<usize>) -> usize {
    let mut at = range.start;
    while at < range.end && !is_attribute(words, at) {
        let belongs = matches!(words.kind(at), Some(TokenKind::Word | TokenKind::QuotedIdent))
            || ["(", "[", "]", "."].contains(&words.text(at))
            || (words.kind(at) == Some(TokenKind::Number) && words.text(at - 1) == "[");
        if !belongs {
            break;
        }
        at = if words.is(at, "(") { words.close(at) + 1 } else { at + 1 };
    }
    at.min(range.end)
}

fn kind(words: &Words<'_>, range: Range<usize>) -> String {
    let mut kind = String::new();
    let mut at = range.start;
    while at < range.end {
        match words.text(at) {
            "(" => at = words.close(at),
            mark @ ("[" | "]" | ".") => kind.push_str(mark),
            word => {
                if !kind.is_empty() && !kind.ends_with('.') && words.kind(at) != Some(TokenKind::Number) {
                    kind.push(' ');
                }
                kind.push_str(word.trim_matches(['"', '`', '[', ']']));
            }
        }
        at += 1;
    }
    kind.to_lowercase()
}

fn default_end(words: &Words<'_>, range: Range<usize>) -> usize {
    let mut at = range.start;
    // The value itself may be a word that also is an attribute.
    while at < range.end && (at == range.start || !is_attribute(words, at)) {
        at = if words.is(at, "(") { words.close(at) + 1 } else { at + 1 };
    }
    at.min(range.end)
}

/// The names in the brackets at `open`, and the position after them.
pub(super) fn names(words: &Words<'_>, open: usize) -> Option<(Vec<String>, usize)> {
    let (columns, _, after) = columns_in(words, open)?;
    Some((columns, after))
}
