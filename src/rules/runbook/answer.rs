//! What a SELECT answers whatever the tables hold.

use crate::dialect::{TokenKind, Words};

/// `SELECT` and nothing that decides how many rows it gives.
pub(super) fn is_bare(words: &Words<'_>) -> bool {
    const MORE: [&str; 9] =
        ["from", "where", "union", "intersect", "except", "limit", "offset", "having", "group"];
    // A function may give a set of rows.
    let calls =
        words.all().any(|at| at > 0 && words.is(at, "(") && words.kind(at - 1) == Some(TokenKind::Word));
    words.is(0, "select")
        && !calls
        && !MORE.iter().any(|word| words.find_flat(words.all(), &[word]).is_some())
}

/// A SELECT of literals alone.
pub(super) fn is_constant(words: &Words<'_>) -> bool {
    const PLAIN: [&str; 12] =
        ["select", "as", "true", "false", "null", "where", "and", "or", "not", "is", "limit", "values"];
    words.all().all(|at| match words.kind(at) {
        Some(TokenKind::Word) => {
            PLAIN.iter().any(|word| words.is(at, word)) || (at > 0 && words.is(at - 1, "as"))
        }
        Some(TokenKind::Number | TokenKind::Str | TokenKind::Punct) => true,
        Some(TokenKind::QuotedIdent) => at > 0 && words.is(at - 1, "as"),
        _ => false,
    })
}

/// `SELECT count(*) …` without anything that makes more of it, or less.
pub(super) fn gives_one_row(words: &Words<'_>) -> bool {
    const AGGREGATES: [&str; 6] = ["count", "sum", "min", "max", "avg", "every"];
    const OTHERWISE: [&str; 7] = ["group", "having", "limit", "offset", "union", "intersect", "except"];
    let flat = |word: &str| words.find_flat(words.all(), &[word]);
    if !words.is(0, "select") || OTHERWISE.iter().any(|word| flat(word).is_some()) {
        return false;
    }
    let end = flat("from").map_or(words.len(), |from| from.start);
    let first = AGGREGATES.iter().any(|name| words.starts(1, &[name, "("]));
    first && words.find(0..end, &["over"]).is_none()
}

pub(super) fn gives_no_row(words: &Words<'_>) -> bool {
    let after = |texts: &[&str]| words.find_flat(words.all(), texts).map(|at| at.end);
    let ends = |at: usize| at + 1 >= words.len() || words.is(at + 1, "limit");
    after(&["limit"]).is_some_and(|at| words.text(at) == "0")
        || after(&["where"]).is_some_and(|at| words.is(at, "false") && ends(at))
}
