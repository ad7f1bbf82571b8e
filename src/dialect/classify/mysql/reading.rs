//! What each server reads of a statement that holds comments which only some of them execute.

use super::cursor::Piece;
use crate::dialect::mysql_differences::{self as differences, Server};
use crate::dialect::{Dialect, Token, TokenKind, lex};

/// More versions than this in one statement are not told apart.
const MOST_VERSIONS: usize = 8;

/// A comment that is executed, as its opening mark says.
#[derive(Clone, Copy)]
struct Condition {
    only_mariadb: bool,
    version: u32,
}

impl Condition {
    fn of(mark: &str) -> Self {
        let only_mariadb = mark.starts_with("/*M");
        let digits = mark.trim_start_matches(|c: char| !c.is_ascii_digit());
        Self { only_mariadb, version: digits.parse().unwrap_or(0) }
    }

    fn holds(self, server: Server, version: u32) -> bool {
        self.version <= version
            && match server {
                Server::Mysql => !self.only_mariadb,
                Server::Mariadb => {
                    self.only_mariadb || !differences::MYSQL_ONLY_VERSIONS.contains(&self.version)
                }
            }
    }
}

/// The pieces of `sql` as any supported server may read them, each reading once; None where the
/// text is none that can be read, or where a server that skips a comment would end it elsewhere.
pub(super) fn readings(sql: &str) -> Option<Vec<Vec<Piece<'_>>>> {
    let tokens: Vec<Token> = lex(Dialect::Mysql, sql)
        .into_iter()
        .filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Hint))
        .collect();
    let text = |token: &Token| &sql[token.span.start..token.span.end];
    if tokens.iter().any(|token| token.kind == TokenKind::Bad) {
        return None;
    }
    let mut conditions = Vec::new();
    let mut open = None;
    let mut marked = Vec::with_capacity(tokens.len());
    for token in &tokens {
        match (token.kind, text(token)) {
            (TokenKind::Conditional, "*/") => open = None,
            // The server that executes the first ends it where the second one ends.
            (TokenKind::Conditional, _) if open.is_some() => return None,
            (TokenKind::Conditional, mark) => {
                conditions.push(Condition::of(mark));
                open = Some(conditions.len() - 1);
            }
            // A server that skips sees no strings, and ends the comment at the first closing mark.
            (TokenKind::Comment, text) if !text.starts_with("/*") && holds_mark(text) && open.is_some() => {
                return None;
            }
            (TokenKind::Comment, _) => {}
            (_, text) if open.is_some() && holds_mark(text) => return None,
            (kind, text) => {
                let word = if kind == TokenKind::Word { text.to_ascii_lowercase() } else { String::new() };
                marked.push((open, Piece { kind, text, word }));
            }
        }
    }
    if open.is_some() {
        return None;
    }
    let mut readings: Vec<Vec<Piece<'_>>> = Vec::new();
    for (server, version) in servers(&conditions)? {
        let executed = |open: &Option<usize>| open.is_none_or(|at| conditions[at].holds(server, version));
        let reading: Vec<_> =
            marked.iter().filter(|(open, _)| executed(open)).map(|(_, piece)| piece.clone()).collect();
        if !readings.contains(&reading) {
            readings.push(reading);
        }
        if conditions.is_empty() {
            break;
        }
    }
    Some(readings)
}

fn holds_mark(text: &str) -> bool {
    text.contains("*/") || text.contains("/*")
}

/// Every server whose reading could differ from another's.
fn servers(conditions: &[Condition]) -> Option<Vec<(Server, u32)>> {
    let mut servers = Vec::new();
    for (server, oldest) in
        [(Server::Mysql, differences::OLDEST_MYSQL), (Server::Mariadb, differences::OLDEST_MARIADB)]
    {
        let mut versions: Vec<u32> =
            conditions.iter().map(|condition| condition.version.max(oldest)).chain([oldest]).collect();
        versions.sort_unstable();
        versions.dedup();
        if versions.len() > MOST_VERSIONS {
            return None;
        }
        servers.extend(versions.into_iter().map(|version| (server, version)));
    }
    Some(servers)
}
