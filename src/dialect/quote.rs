//! Values and names as SQL text that no engine setting can make mean something else.

use std::fmt;

use super::Dialect;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error("the value holds a NUL character, which {0} cannot store in text")]
    Nul(Dialect),
    #[error("a name cannot be empty")]
    Empty,
    #[error("the name has {length} {unit}; {dialect} {then} {limit}", then = unit.then())]
    TooLong { dialect: Dialect, length: usize, unit: NameUnit, limit: usize },
    #[error("the name ends in a space, which {0} does not allow")]
    TrailingSpace(Dialect),
    #[error("the name holds a character above U+FFFF, which {0} does not allow")]
    Supplementary(Dialect),
}

/// What an engine counts a name in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameUnit {
    Bytes,
    Characters,
}

impl NameUnit {
    /// What becomes of a longer name: PostgreSQL cuts it without an error, MySQL refuses it.
    fn then(self) -> &'static str {
        match self {
            Self::Bytes => "keeps only the first",
            Self::Characters => "allows",
        }
    }
}

impl fmt::Display for NameUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Characters => "characters",
        })
    }
}

/// `value` as a string literal.
///
/// In PostgreSQL a value with a backslash becomes `E'…'`, which reads the same whatever
/// `standard_conforming_strings` is (manual §4.1.2.2). In MySQL a backslash is doubled, which holds
/// as long as the session's `sql_mode` is without `NO_BACKSLASH_ESCAPES` (manual §11.1.1).
pub fn literal(dialect: Dialect, value: &str) -> Result<String, QuoteError> {
    if value.contains('\0') {
        return Err(QuoteError::Nul(dialect));
    }
    let quoted = value.replace('\'', "''");
    Ok(match dialect {
        Dialect::Postgres if quoted.contains('\\') => format!("E'{}'", quoted.replace('\\', "\\\\")),
        Dialect::Mysql => format!("'{}'", quoted.replace('\\', "\\\\")),
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
    match dialect {
        // A longer name is cut off without an error (manual §4.1.1, `NAMEDATALEN` − 1).
        Dialect::Postgres => within(dialect, name.len(), NameUnit::Bytes, 63)?,
        Dialect::Sqlite => {}
        Dialect::Mysql => {
            // MySQL 9 manual §11.2 (which characters) and §11.2.1 (how many).
            within(dialect, name.chars().count(), NameUnit::Characters, 64)?;
            if name.ends_with(' ') {
                return Err(QuoteError::TrailingSpace(dialect));
            }
            if name.chars().any(|c| c > '\u{FFFF}') {
                return Err(QuoteError::Supplementary(dialect));
            }
            return Ok(format!("`{}`", name.replace('`', "``")));
        }
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

fn within(dialect: Dialect, length: usize, unit: NameUnit, limit: usize) -> Result<(), QuoteError> {
    if length > limit { Err(QuoteError::TooLong { dialect, length, unit, limit }) } else { Ok(()) }
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
        assert_eq!(literal(Dialect::Mysql, r"a\'b").as_deref(), Ok(r"'a\\''b'"));
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
        assert_eq!(identifier(Dialect::Mysql, "we`ird").as_deref(), Ok("`we``ird`"));
        assert!(identifier(Dialect::Mysql, &"ä".repeat(64)).is_ok());
        assert_eq!(
            identifier(Dialect::Mysql, &"ä".repeat(65)).map_err(|e| e.to_string()),
            Err("the name has 65 characters; mysql allows 64".into())
        );
        assert_eq!(identifier(Dialect::Mysql, "a "), Err(QuoteError::TrailingSpace(Dialect::Mysql)));
        assert_eq!(identifier(Dialect::Mysql, "😀"), Err(QuoteError::Supplementary(Dialect::Mysql)));
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
