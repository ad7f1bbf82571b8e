//! SQL text to tokens, byte for byte.
//!
//! The rules are those of the engines' own scanners (PostgreSQL: manual §4.1 and `scan.l`; SQLite:
//! `tokenize.c`; MySQL and MariaDB: `sql_lex.cc`). Whether a word is a keyword is not decided here:
//! that needs the grammar.

mod mysql;

use super::Dialect;
use crate::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Space,
    Comment,
    Word,
    QuotedIdent,
    /// Every form of string literal, with its prefix and quotes: `''`, `E''`, `B''`, `X''`, `N''`,
    /// `U&''`, `$tag$…$tag$`; in MySQL also `""`.
    Str,
    Number,
    /// `$1`; in SQLite also `?1`, `:x`, `@x` and `$x`; in MySQL `?`, `@x`, `@'x'`, `@@x`, and the
    /// host of an account with its `@`.
    Param,
    /// One operator or one mark. Operators are as long as the engine makes them.
    Punct,
    /// MySQL: the opening mark of a comment that the server executes, with its version
    /// (`/*!40101`, `/*M!100100`), or the closing mark. What stands between is lexed as SQL.
    Conditional,
    /// MySQL: a hint to the optimizer (`/*+ … */`), which means something although it is a comment.
    Hint,
    /// An unterminated string, comment or quoted identifier (up to the end of the input), a
    /// backslash where a client's command could begin (PostgreSQL, MySQL; up to the end of the
    /// line), NUL, or a character that no SQL token begins with.
    Bad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub span: Span,
}

/// The tokens of `sql`. They cover it without gaps and end on character boundaries.
pub fn lex(dialect: Dialect, sql: &str) -> Vec<Token> {
    Lexer::new(dialect, sql).collect()
}

/// Reads one token at a time, so that a reader who knows better can step over text that is not SQL.
pub(super) struct Lexer<'a> {
    dialect: Dialect,
    sql: &'a str,
    at: usize,
    /// What the next string literal continues, if it is one (PostgreSQL: literals that only white
    /// space with a line end parts are one literal, read by the rules of its first piece).
    continues: Continues,
    /// MySQL: the last token, as far as it decides what a dot or a digit is.
    before: mysql::Before,
    /// MySQL: whether a comment that the server executes is open. They do not nest.
    conditional: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Continues {
    #[default]
    Nothing,
    /// An `E''` literal has just ended.
    Escape,
    /// … and a line end has followed it.
    EscapeOnNewLine,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(dialect: Dialect, sql: &'a str) -> Self {
        Self {
            dialect,
            sql,
            at: 0,
            continues: Continues::Nothing,
            before: Default::default(),
            conditional: false,
        }
    }

    /// Goes on at byte `at`, which must be a character boundary.
    pub(super) fn seek(&mut self, at: usize) {
        *self = Self { at, ..Self::new(self.dialect, self.sql) };
    }

    /// The byte after the last token.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn byte(&self, at: usize) -> u8 {
        // NUL stands for the end as well: no rule below goes on over either of them.
        self.sql.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn end(&self) -> usize {
        self.sql.len()
    }

    /// The first place from `at` on where `stop` holds, or the end.
    fn until(&self, at: usize, stop: impl Fn(u8) -> bool) -> usize {
        self.sql.as_bytes()[at..].iter().position(|b| stop(*b)).map_or(self.end(), |n| at + n)
    }

    fn token(&mut self) -> (TokenKind, usize) {
        use TokenKind::{Bad, Comment, Number, Space, Word};
        let at = self.at;
        let (first, second) = (self.byte(at), self.byte(at + 1));
        match first {
            _ if self.dialect == Dialect::Mysql => self.mysql_token(),
            _ if self.is_space(first) => (Space, self.until(at, |b| !self.is_space(b))),
            0xEF if self.sql[at..].starts_with('\u{FEFF}') => match self.dialect {
                Dialect::Sqlite => (Space, at + 3),
                Dialect::Postgres | Dialect::Mysql => (Bad, at + 3),
            },
            b'-' if second == b'-' => {
                // PostgreSQL ends the comment at a lone carriage return too.
                let returns = self.dialect == Dialect::Postgres;
                (Comment, self.until(at, |b| b == b'\n' || (returns && b == b'\r')))
            }
            b'/' if second == b'*' => self.block_comment(at),
            b'\'' => {
                let escapes = self.continues == Continues::EscapeOnNewLine;
                self.string(at + 1, b'\'', escapes)
            }
            b'"' => self.quoted(at, b'"'),
            b'0'..=b'9' => (Number, self.number(at)),
            b'.' if second.is_ascii_digit() => (Number, self.number(at)),
            _ if is_word_start(first) => match self.prefixed(at) {
                Some(token) => token,
                None => (Word, self.until(at, |b| !is_word_part(b))),
            },
            _ => match self.dialect {
                Dialect::Postgres => self.postgres_mark(at),
                Dialect::Sqlite | Dialect::Mysql => self.sqlite_mark(at),
            },
        }
    }

    fn is_space(&self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
            || (byte == 0x0B && self.dialect != Dialect::Sqlite)
    }

    fn block_comment(&self, at: usize) -> (TokenKind, usize) {
        let nests = self.dialect == Dialect::Postgres;
        let (mut depth, mut at) = (1, at + 2);
        while at < self.end() {
            match (self.byte(at), self.byte(at + 1)) {
                (b'*', b'/') => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return (TokenKind::Comment, at);
                    }
                }
                (b'/', b'*') if nests => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        (TokenKind::Bad, self.end())
    }

    /// A string whose inside begins at `at`.
    fn string(&self, mut at: usize, quote: u8, escapes: bool) -> (TokenKind, usize) {
        loop {
            at = self.until(at, |b| b == quote || (escapes && b == b'\\'));
            match self.byte(at) {
                b'\\' => at = (at + 2).min(self.end()),
                byte if byte == quote && self.byte(at + 1) == quote => at += 2,
                byte if byte == quote => return (TokenKind::Str, at + 1),
                _ => return (TokenKind::Bad, self.end()),
            }
            if !self.sql.is_char_boundary(at) {
                // The backslash stood before a character of several bytes.
                at = self.until(at, |b| !is_continuation(b));
            }
        }
    }

    /// A quoted identifier that opens at `at`; the closing mark is doubled to stand for itself.
    fn quoted(&self, at: usize, close: u8) -> (TokenKind, usize) {
        let mut at = at + 1;
        loop {
            at = self.until(at, |b| b == close);
            if at == self.end() {
                return (TokenKind::Bad, at);
            }
            if self.byte(at + 1) != close || close == b']' {
                return (TokenKind::QuotedIdent, at + 1);
            }
            at += 2;
        }
    }

    /// A literal or quoted identifier that begins with letters (`E'…'`, `U&"…"`).
    fn prefixed(&self, at: usize) -> Option<(TokenKind, usize)> {
        let (second, third) = (self.byte(at + 1), self.byte(at + 2));
        match (self.dialect, self.byte(at).to_ascii_lowercase()) {
            (Dialect::Postgres, b'e') if second == b'\'' => Some(self.string(at + 2, b'\'', true)),
            (Dialect::Postgres, b'b' | b'x' | b'n') if second == b'\'' => {
                Some(self.string(at + 2, b'\'', false))
            }
            (Dialect::Postgres, b'u') if second == b'&' && third == b'\'' => {
                Some(self.string(at + 3, b'\'', false))
            }
            (Dialect::Postgres, b'u') if second == b'&' && third == b'"' => Some(self.quoted(at + 2, b'"')),
            (Dialect::Sqlite, b'x') if second == b'\'' => Some(self.string(at + 2, b'\'', false)),
            _ => None,
        }
    }

    fn number(&self, at: usize) -> usize {
        let radix = self.byte(at + 1).to_ascii_lowercase();
        let other_radix = match self.dialect {
            Dialect::Postgres => matches!(radix, b'x' | b'o' | b'b'),
            Dialect::Sqlite | Dialect::Mysql => radix == b'x',
        };
        if self.byte(at) == b'0' && other_radix && self.byte(at + 2).is_ascii_hexdigit() {
            return self.until(at + 2, |b| !b.is_ascii_hexdigit() && b != b'_');
        }
        let digits = |at| self.until(at, |b| !b.is_ascii_digit() && b != b'_');
        let mut at = digits(at);
        // `1..10` is a range in PL/pgSQL, so that its first point belongs to no number.
        if self.byte(at) == b'.' && self.byte(at + 1) != b'.' {
            at = digits(at + 1);
        }
        if self.byte(at).eq_ignore_ascii_case(&b'e') {
            let sign = usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
            if self.byte(at + 1 + sign).is_ascii_digit() {
                at = digits(at + 1 + sign);
            }
        }
        at
    }

    fn postgres_mark(&self, at: usize) -> (TokenKind, usize) {
        use TokenKind::{Bad, Param, Punct};
        match self.byte(at) {
            b'$' if self.byte(at + 1).is_ascii_digit() => {
                (Param, self.until(at + 1, |b| !b.is_ascii_digit()))
            }
            b'$' => self.dollar_quote(at),
            b'\\' => (Bad, self.until(at, |b| b == b'\n')),
            b':' if matches!(self.byte(at + 1), b':' | b'=') => (Punct, at + 2),
            b'.' if self.byte(at + 1) == b'.' => (Punct, at + 2),
            b'(' | b')' | b'[' | b']' | b',' | b';' | b'.' | b':' => (Punct, at + 1),
            b if is_operator(b) => (Punct, self.operator(at)),
            // NUL, another control character, or a bracket that PostgreSQL does not use.
            _ => (Bad, at + 1),
        }
    }

    fn dollar_quote(&self, at: usize) -> (TokenKind, usize) {
        let tag_end = self.until(at + 1, |b| !is_word_part(b) || b == b'$');
        if self.byte(tag_end) != b'$' || self.byte(at + 1).is_ascii_digit() {
            return (TokenKind::Bad, at + 1);
        }
        let tag = &self.sql[at..=tag_end];
        match self.sql[tag_end + 1..].find(tag) {
            Some(length) => (TokenKind::Str, tag_end + 1 + length + tag.len()),
            None => (TokenKind::Bad, self.end()),
        }
    }

    /// The longest operator from `at` on (manual §4.1.3): a comment ends it, and one of several
    /// characters ends in `+` or `-` only if it holds one of `~ ! @ # % ^ & | ? \``.
    fn operator(&self, at: usize) -> usize {
        let bytes = self.sql.as_bytes();
        // A longer operator is an error, and looking no further keeps a long run of marks cheap.
        let longest = bytes.len().min(at + 63);
        let mut end = at;
        while end < longest && is_operator(bytes[end]) {
            if matches!((bytes[end], self.byte(end + 1)), (b'-', b'-') | (b'/', b'*')) {
                break;
            }
            end += 1;
        }
        let free = bytes[at..end].iter().any(|b| b"~!@#%^&|?`".contains(b));
        while !free && end > at + 1 && matches!(bytes[end - 1], b'+' | b'-') {
            end -= 1;
        }
        end
    }

    fn sqlite_mark(&self, at: usize) -> (TokenKind, usize) {
        use TokenKind::{Bad, Param, Punct};
        let rest = &self.sql[at..];
        match self.byte(at) {
            b'`' => self.quoted(at, b'`'),
            b'[' => self.quoted(at, b']'),
            b'?' => (Param, self.until(at + 1, |b| !b.is_ascii_digit())),
            b'$' | b'@' | b':' if is_word_part(self.byte(at + 1)) => {
                (Param, self.until(at + 1, |b| !is_word_part(b)))
            }
            b'!' if !rest.starts_with("!=") => (Bad, at + 1),
            _ => {
                const LONG: [&str; 10] = ["->>", "->", "||", "==", "<=", "<>", "<<", ">=", ">>", "!="];
                if let Some(mark) = LONG.into_iter().find(|mark| rest.starts_with(mark)) {
                    return (Punct, at + mark.len());
                }
                let known = b"+-*/%&|~<>=(),;.".contains(&self.byte(at));
                (if known { Punct } else { Bad }, at + 1)
            }
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if self.at >= self.end() {
            return None;
        }
        let (mut kind, end) = self.token();
        let span = Span::new(self.at, end.max(self.at + 1));
        if self.sql.as_bytes()[span.start..span.end].contains(&0) {
            // Neither server reads past a NUL, wherever it stands.
            kind = TokenKind::Bad;
        }
        if self.dialect == Dialect::Postgres {
            let text = &self.sql[span.start..span.end];
            self.continues = match kind {
                TokenKind::Str if text.starts_with(['e', 'E']) => Continues::Escape,
                TokenKind::Str if self.continues == Continues::EscapeOnNewLine && text.starts_with('\'') => {
                    Continues::Escape
                }
                TokenKind::Space if self.continues == Continues::Escape && text.contains(['\n', '\r']) => {
                    Continues::EscapeOnNewLine
                }
                TokenKind::Space => self.continues,
                TokenKind::Comment if text.starts_with("--") => self.continues,
                _ => Continues::Nothing,
            };
        }
        if self.dialect == Dialect::Mysql {
            self.before = match (kind, &self.sql[span.start..span.end]) {
                (TokenKind::Word, _) => mysql::Before::Name,
                (TokenKind::Punct, ".") => mysql::Before::Dot,
                _ => mysql::Before::Other,
            };
            if kind == TokenKind::Conditional {
                self.conditional = self.byte(span.start) == b'/';
            }
        }
        self.at = span.end;
        Some(Token { kind, span })
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn is_operator(byte: u8) -> bool {
    b"+-*/<>=~!@#%^&|`?".contains(&byte)
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}
