//! A statement as its words and marks, for conditions that are in the grammar and not in the facts.

use std::ops::Range;

use super::lexer::Lexer;
use super::{Dialect, Token, TokenKind};
use crate::source::Span;

/// The tokens of one statement without comments and white space.
///
/// Positions are indices of tokens. A word is compared without its case; a quoted name is no word, so
/// that a column called `"cascade"` is not taken for one.
#[derive(Clone, Debug)]
pub struct Words<'a> {
    dialect: Dialect,
    sql: &'a str,
    tokens: Vec<Token>,
}

#[expect(clippy::len_without_is_empty, reason = "a statement has words")]
impl<'a> Words<'a> {
    pub fn of(dialect: Dialect, sql: &'a str) -> Self {
        // A word and what parts it from the next take some six bytes.
        let mut tokens = Vec::with_capacity(sql.len() / 6 + 4);
        tokens.extend(Lexer::new(dialect, sql).filter(|token| {
            !matches!(
                token.kind,
                TokenKind::Space | TokenKind::Comment | TokenKind::Conditional | TokenKind::Hint
            )
        }));
        Self { dialect, sql, tokens }
    }

    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn all(&self) -> Range<usize> {
        0..self.len()
    }

    pub fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    pub fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &self.sql[token.span.start..token.span.end])
    }

    /// The bytes of the statement that the tokens take.
    pub fn span(&self, range: Range<usize>) -> Span {
        let first = self.tokens.get(range.start).map_or(self.sql.len(), |token| token.span.start);
        let last = range.end.checked_sub(1).and_then(|last| self.tokens.get(last));
        Span::new(first, last.map_or(first, |token| token.span.end).max(first))
    }

    /// The tokens as they are written, with what stands between them.
    pub fn written(&self, range: Range<usize>) -> &'a str {
        let span = self.span(range);
        &self.sql[span.start..span.end]
    }

    /// Whether the word or mark at `at` is `text`, which is in lower case.
    pub fn is(&self, at: usize, text: &str) -> bool {
        let plain = matches!(self.kind(at), Some(TokenKind::Word | TokenKind::Punct));
        plain && self.text(at).eq_ignore_ascii_case(text)
    }

    pub fn starts(&self, at: usize, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(index, text)| self.is(at + index, text))
    }

    /// The position after `texts`, where they stand at `at`; else `at`.
    pub fn skip(&self, at: usize, texts: &[&str]) -> usize {
        if self.starts(at, texts) { at + texts.len() } else { at }
    }

    /// Where `texts` first stand in a row, at any depth.
    pub fn find(&self, within: Range<usize>, texts: &[&str]) -> Option<Range<usize>> {
        let end = within.end.min(self.len());
        let at = (within.start..end).find(|at| at + texts.len() <= end && self.starts(*at, texts))?;
        Some(at..at + texts.len())
    }

    /// Where `texts` first stand in a row and in no bracket that opens within the range.
    pub fn find_flat(&self, within: Range<usize>, texts: &[&str]) -> Option<Range<usize>> {
        let mut at = within.start;
        let end = within.end.min(self.len());
        while at + texts.len() <= end {
            if self.starts(at, texts) {
                return Some(at..at + texts.len());
            }
            at = if self.is(at, "(") { self.close(at) } else { at } + 1;
        }
        None
    }

    /// The bracket that closes the one at `open`, or the last token.
    pub fn close(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for at in open..self.len() {
            if self.is(at, "(") {
                depth += 1;
            } else if self.is(at, ")") {
                depth = depth.saturating_sub(1);
            }
            if depth == 0 {
                return at;
            }
        }
        self.len().saturating_sub(1)
    }

    /// The parts of a range between its commas, not looking into brackets.
    pub fn list(&self, within: Range<usize>) -> Vec<Range<usize>> {
        let mut parts = Vec::new();
        let mut start = within.start;
        while start < within.end {
            let end = self.find_flat(start..within.end, &[","]).map_or(within.end, |comma| comma.start);
            parts.push(start..end);
            start = end + 1;
        }
        parts
    }

    /// Whether the clause of an `ALTER TABLE` that begins at `at` adds a column.
    pub fn adds_column(&self, at: usize) -> bool {
        const OTHERS: [&str; 14] = [
            "constraint",
            "check",
            "foreign",
            "primary",
            "unique",
            "exclude",
            "not",
            "index",
            "key",
            "fulltext",
            "spatial",
            "vector",
            "partition",
            "period",
        ];
        self.is(at, "add") && !OTHERS.iter().any(|word| self.is(at + 1, word))
    }

    /// The name at `at`, as facts write names, and the position after it.
    pub fn name(&self, at: usize) -> Option<(String, usize)> {
        let mut name = self.simple_name(at)?;
        let mut end = at + 1;
        while self.is(end, ".") {
            name.push('.');
            name.push_str(&self.simple_name(end + 1)?);
            end += 2;
        }
        Some((name, end))
    }

    /// The name at `at` without what may stand before or behind a dot.
    pub fn simple_name(&self, at: usize) -> Option<String> {
        let text = self.text(at);
        match (self.kind(at)?, self.dialect) {
            (TokenKind::Word, Dialect::Postgres) => Some(text.to_ascii_lowercase()),
            (TokenKind::Word, Dialect::Sqlite | Dialect::Mysql) => Some(text.to_owned()),
            (TokenKind::QuotedIdent, _) => {
                let inside = text.get(1..text.len().checked_sub(1)?)?;
                let quote = &text[..1];
                Some(inside.replace(&quote.repeat(2), quote))
            }
            _ => None,
        }
    }
}

/// `ALTER TABLE` as its table and its clauses.
#[derive(Clone, Debug)]
pub struct AlterTable {
    pub table: String,
    /// The table's name.
    pub at: Range<usize>,
    pub clauses: Vec<Range<usize>>,
}

impl AlterTable {
    pub fn read(words: &Words<'_>) -> Option<Self> {
        let at = words.skip(words.skip(words.skip(0, &["alter"]), &["online"]), &["ignore"]);
        if at == 0 || !words.is(at, "table") {
            return None;
        }
        let name = words.skip(words.skip(at + 1, &["if", "exists"]), &["only"]);
        let (table, after) = words.name(name)?;
        let clauses = words.list(words.skip(after, &["*"])..words.len());
        Some(Self { table, at: name..after, clauses })
    }
}

/// Whether two names, each with or without a schema, can be those of one object.
pub fn same_name(a: &str, b: &str) -> bool {
    let ends_with = |long: &str, short: &str| {
        long.len() > short.len() + 1
            && long.is_char_boundary(long.len() - short.len())
            && long[long.len() - short.len()..].eq_ignore_ascii_case(short)
            && long[..long.len() - short.len()].ends_with('.')
    };
    a.eq_ignore_ascii_case(b) || ends_with(a, b) || ends_with(b, a)
}

/// The name without what stands before its last dot.
pub fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_names_and_words_are_told_apart() {
        let sql = "ALTER TABLE IF EXISTS ONLY app.\"Order\"\"s\" ADD COLUMN a numeric(1, 2) -- x\n, ADD CHECK (b, c) NOT VALID";
        let words = Words::of(Dialect::Postgres, sql);
        let alter = AlterTable::read(&words).unwrap();
        assert_eq!(alter.table, "app.Order\"s");
        let [column, check] = &alter.clauses[..] else { panic!("{alter:?}") };
        assert!(words.starts(column.start, &["add", "column", "a"]));
        let valid = words.find_flat(check.clone(), &["not", "valid"]).unwrap();
        assert_eq!(&sql[words.span(valid).start..], "NOT VALID");
        assert_eq!(words.find_flat(check.clone(), &["b"]), None);
        assert_eq!(words.find(check.clone(), &["b"]).map(|at| words.text(at.start)), Some("b"));
        assert!(!Words::of(Dialect::Postgres, "\"cascade\"").is(0, "cascade"));
    }

    #[test]
    fn a_schema_may_be_left_out() {
        assert!(same_name("app.users", "users") && same_name("users", "App.Users"));
        assert!(!same_name("app_users", "users") && !same_name("a.users", "b.users"));
        assert_eq!(last_part("a.b.c"), "c");
    }
}
