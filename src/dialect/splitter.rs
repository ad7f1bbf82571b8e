//! Rendered SQL to statements.
//!
//! A statement ends at a semicolon that stands outside parentheses (PostgreSQL's `CREATE RULE … DO
//! ALSO (a; b)`) and outside a compound body: `BEGIN ATOMIC … END` of an SQL-standard routine in
//! PostgreSQL, `BEGIN … ; END` of a trigger in SQLite; MySQL's bodies are a grammar of their own. What
//! only a client understands (`\copy`, the data of `COPY … FROM stdin`) is a fault, because no server
//! would accept it.

mod compound;
mod mysql;

use super::Dialect;
use super::lexer::{Lexer, Token, TokenKind};
use crate::source::Span;

/// The statements of a text and what kept others from being one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Without the semicolon, and without space and comments around. A statement that holds a fault
    /// is not among them.
    pub statements: Vec<Span>,
    pub faults: Vec<Fault>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct Fault {
    pub span: Span,
    pub kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    #[error("a string that is never closed")]
    UnterminatedString,
    #[error("a comment that is never closed")]
    UnterminatedComment,
    #[error("a quoted identifier that is never closed")]
    UnterminatedIdentifier,
    #[error("a dollar-quoted string that is never closed")]
    UnterminatedDollarQuote,
    #[error("a body that begins with BEGIN and has no END")]
    UnterminatedBody,
    #[error("a character that SQL has no use for")]
    BadCharacter,
    #[error("a psql command, which only psql understands")]
    MetaCommand,
    #[error("a command of the mysql client, which no server understands")]
    ClientCommand,
    #[error("a DELIMITER line without a delimiter that the mysql client takes")]
    BadDelimiter,
    #[error("data for COPY … FROM stdin, which only psql can send")]
    CopyData,
}

/// Splits `sql`. Every fault makes the text unusable as a whole; the statements beside it are for
/// messages.
pub fn split(dialect: Dialect, sql: &str) -> Split {
    if dialect == Dialect::Mysql {
        return mysql::split(sql);
    }
    let mut splitter = Splitter { dialect, sql, lexer: Lexer::new(dialect, sql), out: Split::default() };
    while splitter.statement() {}
    splitter.out
}

struct Splitter<'a> {
    dialect: Dialect,
    sql: &'a str,
    lexer: Lexer<'a>,
    out: Split,
}

impl Splitter<'_> {
    /// Reads to the end of one statement; false at the end of the text.
    fn statement(&mut self) -> bool {
        let mut reading = Reading::default();
        let faults = self.out.faults.len();
        let more = loop {
            let Some(token) = self.lexer.next() else { break false };
            match token.kind {
                TokenKind::Space | TokenKind::Comment => continue,
                TokenKind::Bad => {
                    let fault = fault(self.dialect, self.sql, token);
                    let ends = fault.kind == FaultKind::MetaCommand;
                    self.out.faults.push(fault);
                    if ends {
                        // psql runs its command at once: what stood before it is a statement.
                        self.finish(&reading, faults + 1);
                        return true;
                    }
                }
                TokenKind::Punct if self.text(token) == ";" && reading.ends(self.dialect) => break true,
                _ => {}
            }
            reading.take(self.dialect, token, self.text(token));
        };
        if let Some(begin) = reading.open_body() {
            self.out.faults.push(Fault { span: begin, kind: FaultKind::UnterminatedBody });
        }
        if reading.copies_from_stdin() && self.dialect == Dialect::Postgres {
            let span = Span::new(reading.first.unwrap_or_default().start, self.copy_data_end());
            self.lexer.seek(span.end);
            self.out.faults.push(Fault { span, kind: FaultKind::CopyData });
        }
        self.finish(&reading, faults);
        more
    }

    /// Adds the statement, unless a fault has come after the first `faults` of them.
    fn finish(&mut self, reading: &Reading, faults: usize) {
        if let Some(first) = reading.first
            && self.out.faults.len() == faults
        {
            self.out.statements.push(Span::new(first.start, reading.last.end));
        }
    }

    fn text(&self, token: Token) -> &str {
        &self.sql[token.span.start..token.span.end]
    }

    /// Where the data of a `COPY` ends whose semicolon has just been read: after the line `\.`, or
    /// with the text.
    fn copy_data_end(&self) -> usize {
        let mut at = self.lexer.at();
        for line in self.sql[at..].split_inclusive('\n') {
            at += line.len();
            if line.trim_end_matches(['\n', '\r']) == "\\." {
                return at;
            }
        }
        self.sql.len()
    }
}

/// What is wrong with a bad token.
fn fault(dialect: Dialect, sql: &str, token: Token) -> Fault {
    let text = &sql[token.span.start..token.span.end];
    let kind = match text.as_bytes() {
        bytes if bytes.contains(&0) => FaultKind::BadCharacter,
        [b'/', b'*', ..] => FaultKind::UnterminatedComment,
        [b'@', b'"', ..] | [b'"', ..] if dialect == Dialect::Mysql => FaultKind::UnterminatedString,
        [b'[', ..] if dialect == Dialect::Mysql => FaultKind::BadCharacter,
        [b'"' | b'`' | b'[', ..] | [b'u' | b'U', b'&', b'"', ..] => FaultKind::UnterminatedIdentifier,
        [b'@', rest @ ..] if rest.contains(&b'`') => FaultKind::UnterminatedIdentifier,
        [b'x' | b'X' | b'b' | b'B', b'\'', .., b'\''] if dialect == Dialect::Mysql => FaultKind::BadCharacter,
        [b'\\', ..] if dialect == Dialect::Postgres => FaultKind::MetaCommand,
        [b'\\', ..] if dialect == Dialect::Mysql => FaultKind::ClientCommand,
        [b'$', _, ..] if dialect != Dialect::Mysql => FaultKind::UnterminatedDollarQuote,
        _ if text.contains('\'') => FaultKind::UnterminatedString,
        _ => FaultKind::BadCharacter,
    };
    Fault { span: token.span, kind }
}

/// What is known of the statement that is being read.
#[derive(Default)]
struct Reading {
    first: Option<Span>,
    last: Span,
    parentheses: usize,
    /// The words before the body, as far as they matter: at most the first four.
    head: Head,
    /// Where an open body began, and how many `END` it still needs.
    body: Option<(Span, usize)>,
    previous: Previous,
    copy: Copy,
}

/// How far `CREATE [OR REPLACE] [TEMP] FUNCTION | PROCEDURE | TRIGGER` has been read.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Head {
    #[default]
    Start,
    Create,
    Routine,
    Trigger,
    Other,
}

/// The token before, as far as it decides what a keyword means.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Previous {
    #[default]
    Other,
    /// `.` or `AS`: the next word is a name.
    Naming,
    Begin(Span),
    Semicolon,
    From,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Copy {
    #[default]
    No,
    Maybe,
    FromStdin,
}

impl Reading {
    /// Whether a semicolon ends the statement here.
    fn ends(&self, dialect: Dialect) -> bool {
        self.body.is_none() && (self.parentheses == 0 || dialect == Dialect::Sqlite)
    }

    fn open_body(&self) -> Option<Span> {
        self.body.map(|(begin, _)| begin)
    }

    fn copies_from_stdin(&self) -> bool {
        self.copy == Copy::FromStdin
    }

    fn take(&mut self, dialect: Dialect, token: Token, text: &str) {
        let first = self.first.is_none();
        self.first.get_or_insert(token.span);
        self.last = token.span;
        let previous = std::mem::take(&mut self.previous);
        match (token.kind, text) {
            (TokenKind::Punct, "(") => self.parentheses += 1,
            (TokenKind::Punct, ")") => self.parentheses = self.parentheses.saturating_sub(1),
            (TokenKind::Punct, ";") => self.previous = Previous::Semicolon,
            (TokenKind::Punct, ".") => self.previous = Previous::Naming,
            (TokenKind::Word, _) => self.word(dialect, token.span, text, previous, first),
            _ => {}
        }
        if !matches!(token.kind, TokenKind::Word) && matches!(self.head, Head::Start | Head::Create) {
            self.head = Head::Other;
        }
    }

    fn word(&mut self, dialect: Dialect, span: Span, text: &str, previous: Previous, first: bool) {
        let is = |keyword: &str| text.eq_ignore_ascii_case(keyword);
        if first && is("copy") {
            self.copy = Copy::Maybe;
        } else if self.copy == Copy::Maybe && previous == Previous::From && is("stdin") {
            self.copy = Copy::FromStdin;
        }
        self.head = match self.head {
            Head::Start if is("explain") || is("query") || is("plan") => Head::Start,
            Head::Start if is("create") => Head::Create,
            Head::Create if is("or") || is("replace") || is("temp") || is("temporary") => Head::Create,
            Head::Create if is("function") || is("procedure") => Head::Routine,
            Head::Create if is("trigger") => Head::Trigger,
            Head::Start | Head::Create => Head::Other,
            known => known,
        };
        if previous == Previous::Naming {
            return;
        }
        self.previous = match () {
            () if is("as") => Previous::Naming,
            () if is("from") => Previous::From,
            () if is("begin") => Previous::Begin(span),
            () => Previous::Other,
        };
        match (dialect, self.head) {
            (Dialect::Postgres, Head::Routine) if self.parentheses == 0 || self.body.is_some() => {
                self.routine_word(text, previous);
            }
            (Dialect::Sqlite, Head::Trigger) => self.trigger_word(span, text, previous),
            _ => {}
        }
    }

    fn routine_word(&mut self, text: &str, previous: Previous) {
        let is = |keyword: &str| text.eq_ignore_ascii_case(keyword);
        match (&mut self.body, previous) {
            (None, Previous::Begin(begin)) if is("atomic") => self.body = Some((begin, 1)),
            (Some((_, open)), Previous::Begin(_)) if is("atomic") => *open += 1,
            (Some((_, open)), _) if is("case") => *open += 1,
            (Some((_, open)), _) if is("end") => {
                *open -= 1;
                if *open == 0 {
                    self.body = None;
                }
            }
            _ => {}
        }
    }

    /// In a trigger, `END` closes the body exactly where it follows a semicolon: each statement of
    /// the body has one, and `CASE … END` is never preceded by it (sqlite.org/lang_createtrigger.html).
    fn trigger_word(&mut self, span: Span, text: &str, previous: Previous) {
        if self.body.is_none() && text.eq_ignore_ascii_case("begin") {
            self.body = Some((span, 1));
        } else if previous == Previous::Semicolon && text.eq_ignore_ascii_case("end") {
            self.body = None;
        }
    }
}
