use std::fmt;

use super::Answer;
use crate::dialect::{Dialect, TokenKind, lex};

/// Another session that a statement waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Blocker {
    /// The server's name for it: a process or connection id.
    pub process: String,
    pub user: String,
    pub application: String,
    /// The server's word for what it does: `active`, `idle in transaction`.
    pub state: String,
    /// How long its transaction has been open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Its last statement, cut, with every literal taken out: it belongs to somebody else.
    pub query: String,
}

/// Characters of a query that are kept.
const QUERY: usize = 200;

impl Blocker {
    /// A session from its id, in the column `at`, and the five after it: user, application, state, seconds,
    /// statement.
    pub(super) fn read(dialect: Dialect, answer: &Answer, row: usize, at: usize) -> Self {
        let cell = |i: usize| answer.cell(row, at + i).unwrap_or_default();
        let mut blocker = Self {
            process: match (dialect, cell(0)) {
                // `pg_blocking_pids` says 0 of one.
                (Dialect::Postgres, "0") => "a prepared transaction".to_owned(),
                (Dialect::Postgres, pid) => format!("server process {pid}"),
                (Dialect::Mysql, id) => format!("connection {id}"),
                (Dialect::Sqlite, pid) => format!("process {pid}"),
            },
            user: cell(1).to_owned(),
            application: cell(2).to_owned(),
            state: cell(3).to_lowercase(),
            seconds: cell(4).parse().ok(),
            query: String::new(),
        };
        blocker.set_query(dialect, cell(5));
        blocker
    }

    pub(super) fn set_query(&mut self, dialect: Dialect, query: &str) {
        let mut text = String::new();
        for token in lex(dialect, query) {
            match token.kind {
                TokenKind::Str | TokenKind::Bad => text.push_str("'…'"),
                TokenKind::Number => text.push('…'),
                TokenKind::Comment | TokenKind::Space if text.ends_with(' ') => {}
                TokenKind::Comment | TokenKind::Space => text.push(' '),
                _ => text.push_str(&query[token.span.start..token.span.end]),
            }
        }
        let text = text.trim();
        self.query = text.chars().take(QUERY).collect();
        if text.chars().nth(QUERY).is_some() {
            self.query.push('…');
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.process)?;
        if !self.user.is_empty() {
            write!(f, ", user {}", self.user)?;
        }
        if !self.application.is_empty() {
            write!(f, ", {}", self.application)?;
        }
        if let Some(seconds) = self.seconds {
            write!(f, ", {} s in its transaction", seconds)?;
        }
        if !self.state.is_empty() {
            write!(f, ", {}", self.state)?;
        }
        if !self.query.is_empty() {
            write!(f, ": {}", self.query)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_short_and_tells_no_values() {
        let mut blocker = Blocker { process: "process 7".into(), seconds: Some(12), ..Blocker::default() };
        blocker.set_query(Dialect::Postgres, "ALTER ROLE ann\n  PASSWORD 'hunter2' -- now");
        assert_eq!(blocker.to_string(), "process 7, 12 s in its transaction: ALTER ROLE ann PASSWORD '…'");
        blocker.set_query(Dialect::Postgres, "SELECT 'hunter2");
        assert_eq!(blocker.query, "SELECT '…'");
        blocker.set_query(Dialect::Postgres, "UPDATE t SET pin = 4711");
        assert_eq!(blocker.query, "UPDATE t SET pin = …");
        blocker.set_query(Dialect::Postgres, &"a, ".repeat(200));
        assert_eq!(blocker.query.chars().count(), 201);
    }
}
