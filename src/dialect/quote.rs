//! Values and names as SQL text that no engine setting can make mean something else.

use super::Dialect;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error("the value holds a NUL character, which {0} cannot store in text")]
    Nul(Dialect),
    #[error("a name cannot be empty")]
    Empty,
    #[error("the name has {bytes} bytes; {dialect} keeps only the first {limit}")]
    TooLong { dialect: Dialect, bytes: usize, limit: usize },
}

/// `value` as a string literal.
///
/// In PostgreSQL a value with a backslash becomes `E'…'`, which reads the same whatever
/// `standard_conforming_strings` is (manual §4.1.2.2).
pub fn literal(dialect: Dialect, value: &str) -> Result<String, QuoteError> {
    if value.contains('\0') {
        return Err(QuoteError::Nul(dialect));
    }
    let quoted = value.replace('\'', "''");
    Ok(match dialect {
        Dialect::Postgres if quoted.contains('\\') => format!("E'{}'", quoted.replace('\\', "\\\\")),
        Dialect::Postgres | Dialect::Sqlite => format!("'{quoted}'"),
    })
}

/// `name` as an identifier, always quoted.
pub fn identifier(dialect: Dialect, name: &str) -> Result<String, QuoteError> {
    if name.is_empty() {
        return Err(QuoteError::Empty);
    }
    if name.contains('\0') {
        return Err(QuoteError::Nul(dialect));
    }
    match longest_name(dialect) {
        Some(limit) if name.len() > limit => Err(QuoteError::TooLong { dialect, bytes: name.len(), limit }),
        _ => Ok(format!("\"{}\"", name.replace('"', "\"\""))),
    }
}

/// In bytes. PostgreSQL cuts a longer name off without an error (manual §4.1.1, `NAMEDATALEN` − 1).
fn longest_name(dialect: Dialect) -> Option<usize> {
    match dialect {
        Dialect::Postgres => Some(63),
        Dialect::Sqlite => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{TokenKind, lex};

    #[test]
    fn literals_survive_quotes_and_backslashes() {
        assert_eq!(literal(Dialect::Postgres, "it's").as_deref(), Ok("'it''s'"));
        assert_eq!(literal(Dialect::Postgres, r"a\'b").as_deref(), Ok(r"E'a\\''b'"));
        assert_eq!(literal(Dialect::Sqlite, r"a\'b").as_deref(), Ok(r"'a\''b'"));
        assert_eq!(literal(Dialect::Sqlite, "a\0"), Err(QuoteError::Nul(Dialect::Sqlite)));
    }

    #[test]
    fn identifiers_are_always_quoted_and_never_cut() {
        assert_eq!(identifier(Dialect::Postgres, r#"we"ird"#).as_deref(), Ok(r#""we""ird""#));
        assert_eq!(identifier(Dialect::Sqlite, ""), Err(QuoteError::Empty));
        let long = "ä".repeat(32);
        assert_eq!(
            identifier(Dialect::Postgres, &long).map_err(|e| e.to_string()),
            Err("the name has 64 bytes; postgres keeps only the first 63".into())
        );
        assert!(identifier(Dialect::Sqlite, &long).is_ok());
    }

    #[test]
    fn whatever_is_quoted_is_one_token() {
        for dialect in Dialect::ALL {
            for value in ["", "'", "''", "\\", "\\'", "'\\", "a\nb", "--", "/*", "$$", "\"", "`]", "é\\ü'"]
            {
                let kinds = |sql: &str| lex(dialect, sql).iter().map(|t| t.kind).collect::<Vec<_>>();
                assert_eq!(literal(dialect, value).map(|sql| kinds(&sql)), Ok(vec![TokenKind::Str]));
                if let Ok(name) = identifier(dialect, value) {
                    assert_eq!(kinds(&name), [TokenKind::QuotedIdent], "{name}");
                }
            }
        }
    }
}
