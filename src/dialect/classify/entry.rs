use std::panic::{AssertUnwindSafe, catch_unwind};

use super::draft::Draft;
use super::{mysql, postgres, sqlite};
use crate::dialect::{Dialect, Facts, TokenKind, lex};

/// Deeper or longer nesting than this is not parsed, because both parsers recurse: a hostile
/// statement would end the process instead of being refused.
const MAX_NESTING: usize = 1000;

/// A bracket takes several calls of a parser, an operator one or two.
const BRACKET: usize = 4;

/// What `statement`, one statement without its semicolon, is and does.
pub fn classify(dialect: Dialect, statement: &str) -> Facts {
    read(dialect, statement).finish()
}

pub(super) fn read(dialect: Dialect, statement: &str) -> Draft {
    let read = || match dialect {
        // It asks before it parses, which it seldom does.
        Dialect::Postgres => postgres::read(statement),
        _ if is_too_deep(dialect, statement) => None,
        Dialect::Sqlite => sqlite::read(statement),
        Dialect::Mysql => mysql::read(statement),
    };
    // Both parsers hold assertions of their own; a statement that trips one is unknown as well.
    let draft = catch_unwind(AssertUnwindSafe(read)).ok().flatten();
    draft.unwrap_or_else(|| unknown(dialect))
}

fn unknown(dialect: Dialect) -> Draft {
    match dialect {
        Dialect::Postgres | Dialect::Sqlite => Draft::unknown(),
        Dialect::Mysql => mysql::unknown(),
    }
}

/// Whether a parser that recurses must not see the statement.
pub(super) fn is_too_deep(dialect: Dialect, statement: &str) -> bool {
    nesting(dialect, statement) > MAX_NESTING
}

/// An upper bound of how deep a syntax tree of `statement` can be: open brackets, and the operators
/// and words between two commas of each of them. A long list of values is not deep.
fn nesting(dialect: Dialect, statement: &str) -> usize {
    // A tree level costs a token at least, so that a short statement needs no count.
    if statement.len() < MAX_NESTING / BRACKET {
        return 0;
    }
    let (mut open, mut here, mut total, mut worst) = (Vec::new(), 0, 0_usize, 0);
    for token in lex(dialect, statement) {
        let text = &statement[token.span.start..token.span.end];
        match (token.kind, text) {
            (TokenKind::Punct, "(" | "[") => {
                open.push(here + BRACKET);
                total += BRACKET;
                here = 0;
            }
            (TokenKind::Punct, ")" | "]") => {
                total = total.saturating_sub(here);
                // `a[1][2]` and `f(1)(2)` nest as well, so that what is closed still counts as one.
                here = open.pop().unwrap_or(0);
            }
            (TokenKind::Punct, "," | ";") => {
                total = total.saturating_sub(here);
                here = 0;
            }
            (TokenKind::Punct, _) => {
                here += 1;
                total += 1;
            }
            (TokenKind::Word, _) if deepens(text) => {
                here += 1;
                total += 1;
            }
            _ => {}
        }
        worst = worst.max(total);
    }
    worst
}

/// Words of which a chain makes a deep tree.
fn deepens(word: &str) -> bool {
    const WORDS: [&str; 17] = [
        "and",
        "or",
        "not",
        "is",
        "in",
        "like",
        "between",
        "case",
        "when",
        "union",
        "intersect",
        "except",
        "join",
        "collate",
        "select",
        "explain",
        "at",
    ];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}
