//! The statements of MySQL and MariaDB, as scripts hold them and as drivers send them.
//!
//! A script says with `DELIMITER` lines where a body ends; they are the mysql client's, and no server
//! sees them. A driver sends the body as it is, so that a semicolon inside it has to be told from
//! one after it. Both are read here: a semicolon outside a body ends a statement whatever the
//! delimiter is, and the delimiter ends one wherever the client would see it.

use super::compound::Compound;
use super::{Fault, FaultKind, Split};
use crate::dialect::Dialect;
use crate::dialect::lexer::{Lexer, Token, TokenKind};
use crate::source::Span;

/// The client's limit (`client/mysql.cc`, `MAX_DELIMITER_LEN` of MySQL).
const LONGEST_DELIMITER: usize = 16;

/// Commands of the client, which no server understands (MySQL 9 manual §6.5.1.2), unless they are
/// SQL as well (`use`, `help`).
const CLIENT_COMMANDS: [&str; 24] = [
    "charset",
    "clear",
    "connect",
    "edit",
    "ego",
    "exit",
    "go",
    "nopager",
    "notee",
    "nowarning",
    "pager",
    "print",
    "prompt",
    "query_attributes",
    "quit",
    "rehash",
    "resetconnection",
    "sandbox",
    "source",
    "ssl_session_data_print",
    "status",
    "system",
    "tee",
    "warnings",
];

pub(super) fn split(sql: &str) -> Split {
    let lexer = Lexer::new(Dialect::Mysql, sql);
    let mut script = Script { sql, lexer, delimiter: None, out: Split::default() };
    while script.statement() {}
    script.out
}

struct Script<'a> {
    sql: &'a str,
    lexer: Lexer<'a>,
    /// Beside the semicolon.
    delimiter: Option<&'a str>,
    out: Split,
}

/// How the reading of one statement has ended.
enum End {
    Text,
    Statement,
    /// By a command of the client, which it runs at once: what stood before it is a statement.
    Command,
}

impl<'a> Script<'a> {
    /// Reads to the end of one statement; false at the end of the text.
    fn statement(&mut self) -> bool {
        let faults = self.out.faults.len();
        let mut compound = Compound::default();
        let mut statement: Option<Span> = None;
        let mut conditional: Option<Span> = None;
        let mut take = |token: Token, text: &str| {
            let start = statement.map_or(token.span.start, |span| span.start);
            statement = Some(Span::new(start, token.span.end));
            match token.kind {
                TokenKind::Conditional => conditional = (text != "*/").then_some(token.span),
                _ => compound.take(token, text),
            }
            // Where a comment that is executed is open, no semicolon ends anything.
            (compound.open().is_none() && conditional.is_none(), compound.open().or(conditional))
        };
        let (mut ends, mut open, mut first) = (true, None, true);
        let end = loop {
            let Some(token) = self.lexer.next() else { break End::Text };
            if let Some(at) = self.delimiter_in(token) {
                self.lexer.seek(at + self.delimiter.map_or(0, str::len));
                if at > token.span.start {
                    let token = Token { span: Span::new(token.span.start, at), ..token };
                    (_, open) = take(token, self.text(token));
                }
                break End::Statement;
            }
            match token.kind {
                TokenKind::Space | TokenKind::Comment => continue,
                TokenKind::Punct if ends && self.text(token) == ";" => break End::Statement,
                TokenKind::Word if first && self.is_command(token) => {
                    self.command(token);
                    break End::Command;
                }
                TokenKind::Bad => {
                    let fault = super::fault(Dialect::Mysql, self.sql, token);
                    self.out.faults.push(fault);
                    if fault.kind == FaultKind::ClientCommand {
                        break End::Command;
                    }
                }
                _ => {}
            }
            first = false;
            (ends, open) = take(token, self.text(token));
        };
        if let Some(span) = open {
            let comment = self.sql[span.start..].starts_with("/*");
            let kind = if comment { FaultKind::UnterminatedComment } else { FaultKind::UnterminatedBody };
            self.out.faults.push(Fault { span, kind });
        }
        let own = usize::from(matches!(end, End::Command) && self.out.faults.len() > faults);
        if let Some(span) = statement
            && self.out.faults.len() == faults + own
        {
            self.out.statements.push(span);
        }
        !matches!(end, End::Text)
    }

    fn text(&self, token: Token) -> &'a str {
        &self.sql[token.span.start..token.span.end]
    }

    /// Where the delimiter begins, if it begins in `token`. The client looks for it at every
    /// character that is not quoted, and before it looks for a comment.
    fn delimiter_in(&self, token: Token) -> Option<usize> {
        let delimiter = self.delimiter?;
        let Span { start, end } = token.span;
        let inside = match token.kind {
            TokenKind::Word | TokenKind::Number | TokenKind::Punct | TokenKind::Conditional => true,
            TokenKind::Param => !self.text(token).contains(['\'', '"', '`']),
            _ => false,
        };
        let last = if inside { end } else { start + 1 };
        (start..last).find(|at| self.sql.as_bytes()[*at..].starts_with(delimiter.as_bytes()))
    }

    /// Whether `token`, the first of a statement, is a command of the client. A label is none.
    fn is_command(&self, token: Token) -> bool {
        let word = self.text(token);
        let mut known = std::iter::once("delimiter").chain(CLIENT_COMMANDS);
        known.any(|command| command.eq_ignore_ascii_case(word))
            && !self.sql[token.span.end..].trim_start().starts_with(':')
    }

    /// Reads the rest of the line as the client's.
    fn command(&mut self, token: Token) {
        let start = token.span.start;
        let line = self.sql[start..].split(['\n', '\r']).next().unwrap_or_default().trim_end();
        let span = Span::new(start, start + line.len());
        self.lexer.seek(span.end);
        let begins_line = self.sql[..start].trim_end_matches([' ', '\t']);
        let begins_line = begins_line.is_empty() || begins_line.ends_with(['\n', '\r']);
        if !self.text(token).eq_ignore_ascii_case("delimiter") || !begins_line {
            self.out.faults.push(Fault { span, kind: FaultKind::ClientCommand });
            return;
        }
        let argument = line["delimiter".len()..].split_whitespace().next().unwrap_or_default();
        match unquoted(argument) {
            ";" => self.delimiter = None,
            found if !found.is_empty() && found.len() <= LONGEST_DELIMITER && !found.contains('\\') => {
                self.delimiter = Some(found);
            }
            _ => self.out.faults.push(Fault { span, kind: FaultKind::BadDelimiter }),
        }
    }
}

/// The client takes quotes around a delimiter away.
fn unquoted(argument: &str) -> &str {
    let inside = |quote: char| argument.strip_prefix(quote)?.strip_suffix(quote);
    inside('\'').or_else(|| inside('"')).or_else(|| inside('`')).unwrap_or(argument)
}
