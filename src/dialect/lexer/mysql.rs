//! MySQL's and MariaDB's tokens (MySQL 9 manual §11; `sql/sql_lex.cc` of both).
//!
//! They are read as a session without `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES` reads them: `"…"` is
//! a string, and a backslash escapes. A comment that the server executes is no comment here.

use super::{Lexer, TokenKind, is_word_part};

/// What the token before lets this one be.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Before {
    #[default]
    Other,
    /// A bare word: a dot that follows at once belongs to a name, not to a number.
    Name,
    /// A dot: digits and letters that follow at once are a name (`db.1a`).
    Dot,
}

impl Lexer<'_> {
    pub(super) fn mysql_token(&self) -> (TokenKind, usize) {
        use TokenKind::{Bad, Comment, Conditional, Number, Param, Space, Word};
        let at = self.at;
        let (first, second) = (self.byte(at), self.byte(at + 1));
        if self.before == Before::Dot && is_word_part(first) {
            return (Word, self.until(at, |b| !is_word_part(b)));
        }
        match first {
            _ if self.is_space(first) => (Space, self.until(at, |b| !self.is_space(b))),
            0xEF if self.sql[at..].starts_with('\u{FEFF}') => (Bad, at + 3),
            b'#' => (Comment, self.until(at, |b| b == b'\n')),
            // `5--1` is 6 (manual §11.7). NUL stands for the end here, and is bad anywhere else.
            b'-' if second == b'-' && (self.byte(at + 2).is_ascii_control() || self.byte(at + 2) == b' ') => {
                (Comment, self.until(at, |b| b == b'\n'))
            }
            b'/' if second == b'*' => self.mysql_comment(at),
            b'*' if second == b'/' && self.conditional => (Conditional, at + 2),
            b'\'' | b'"' => self.string(at + 1, first, true),
            b'`' => self.quoted(at, b'`'),
            b'@' => self.variable(at),
            b'?' => (Param, at + 1),
            b'0'..=b'9' => self.number_or_name(at),
            b'.' if second.is_ascii_digit() && self.before != Before::Name => (Number, self.real(at)),
            b'n' | b'N' if second == b'\'' => self.string(at + 2, b'\'', true),
            b'x' | b'X' if second == b'\'' => self.digits_in_quotes(at, |b| b.is_ascii_hexdigit(), 2),
            b'b' | b'B' if second == b'\'' => self.digits_in_quotes(at, |b| matches!(b, b'0' | b'1'), 1),
            // `$$…$$` is a string in MySQL 9 and two names in MariaDB.
            b'$' if self.dollar_tag(at) => (Bad, self.until(at, |b| !is_word_part(b))),
            _ if is_word_part(first) => (Word, self.until(at, |b| !is_word_part(b))),
            // The client's own commands. Only MariaDB still reads `\N` as NULL.
            b'\\' => (Bad, self.until(at, |b| b == b'\n')),
            _ => self.mysql_mark(at),
        }
    }

    /// A plain comment, a hint, or the opening mark of a comment that is executed (manual §11.7).
    fn mysql_comment(&self, at: usize) -> (TokenKind, usize) {
        let version = match (self.byte(at + 2), self.byte(at + 3)) {
            (b'!', _) => at + 3,
            (b'M', b'!') => at + 4,
            (third, _) => {
                let (kind, end) = self.block_comment(at);
                let hint = third == b'+' && kind == TokenKind::Comment;
                return (if hint { TokenKind::Hint } else { kind }, end);
            }
        };
        let digits = self.until(version, |b| !b.is_ascii_digit()).min(version + 6);
        if &self.sql[version..digits] == "999999"
            && let (TokenKind::Comment, end) = self.block_comment(at)
            && !self.sql[digits..end].contains("/*")
        {
            // No server will ever execute it: mariadb-dump begins with one that only its client reads.
            return (TokenKind::Comment, end);
        }
        (TokenKind::Conditional, if digits >= version + 5 { digits } else { version })
    }

    /// `@x`, `@'x'`, `@@x`; the host of an account as well. A lone `@` is read as a variable too.
    fn variable(&self, at: usize) -> (TokenKind, usize) {
        let name = if self.byte(at + 1) == b'@' { at + 2 } else { at + 1 };
        match self.byte(name) {
            quote @ (b'\'' | b'"') if name == at + 1 => match self.string(name + 1, quote, true) {
                (TokenKind::Str, end) => (TokenKind::Param, end),
                bad => bad,
            },
            b'`' => match self.quoted(name, b'`') {
                (TokenKind::QuotedIdent, end) => (TokenKind::Param, end),
                bad => bad,
            },
            _ => {
                let dots = name == at + 1;
                (TokenKind::Param, self.until(name, |b| !(is_word_part(b) || (dots && b == b'.'))))
            }
        }
    }

    /// Digits, or a name that begins with them (`1a`; manual §11.2).
    fn number_or_name(&self, at: usize) -> (TokenKind, usize) {
        use TokenKind::{Number, Word};
        let word = self.until(at, |b| !is_word_part(b));
        let text = &self.sql.as_bytes()[at..word];
        let radix = match text {
            [b'0', b'x', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit),
            [b'0', b'b', digits @ ..] => {
                !digits.is_empty() && digits.iter().all(|b| matches!(b, b'0' | b'1'))
            }
            _ => false,
        };
        let digits = self.until(at, |b| !b.is_ascii_digit());
        match (digits == word, self.byte(digits)) {
            _ if radix => (Number, word),
            (true, _) => (Number, self.real(at)),
            (false, b'e' | b'E') => match self.exponent(digits) {
                end if end > digits => (Number, end),
                _ => (Word, word),
            },
            _ => (Word, word),
        }
    }

    fn real(&self, at: usize) -> usize {
        let mut at = self.until(at, |b| !b.is_ascii_digit());
        if self.byte(at) == b'.' {
            at = self.until(at + 1, |b| !b.is_ascii_digit());
        }
        self.exponent(at)
    }

    /// The end of an exponent that begins at `at`, or `at` where there is none.
    fn exponent(&self, at: usize) -> usize {
        if self.byte(at).eq_ignore_ascii_case(&b'e') {
            let sign = usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
            if self.byte(at + 1 + sign).is_ascii_digit() {
                return self.until(at + 1 + sign, |b| !b.is_ascii_digit());
            }
        }
        at
    }

    /// `x'1F'` and `b'01'`: nothing but their digits, as many as make whole bytes of `x`.
    fn digits_in_quotes(&self, at: usize, digit: impl Fn(u8) -> bool, group: usize) -> (TokenKind, usize) {
        let end = self.until(at + 2, |b| !digit(b));
        match self.byte(end) {
            b'\'' if (end - at - 2).is_multiple_of(group) => (TokenKind::Str, end + 1),
            _ => (TokenKind::Bad, self.string(at + 2, b'\'', true).1),
        }
    }

    fn dollar_tag(&self, at: usize) -> bool {
        let end = self.until(at + 1, |b| !is_word_part(b) || b == b'$');
        self.byte(end) == b'$'
    }

    fn mysql_mark(&self, at: usize) -> (TokenKind, usize) {
        use TokenKind::{Bad, Punct};
        const LONG: [&str; 12] = ["<=>", "->>", "->", "||", "&&", ":=", "<=", "<>", "<<", ">=", ">>", "!="];
        let rest = &self.sql[at..];
        if let Some(mark) = LONG.into_iter().find(|mark| rest.starts_with(mark)) {
            return (Punct, at + mark.len());
        }
        let known = b"+-*/%&|^~!<>=(){},;.:".contains(&self.byte(at));
        (if known { Punct } else { Bad }, at + 1)
    }
}
