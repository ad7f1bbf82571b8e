//! Where in the runbook a finding points.

use crate::dialect::{Dialect, TokenKind, lex};
use crate::plan::Statement;
use crate::source::Span;

/// Where the statement writes a name, which may have a schema or a table in front; else all of it.
pub(super) fn place_of(statement: &Statement, dialect: Dialect, name: &str) -> Span {
    let last = name.rsplit('.').next().unwrap_or(name);
    let named = lex(dialect, &statement.sql).into_iter().find(|token| {
        let text = &statement.sql[token.span.start..token.span.end];
        match token.kind {
            TokenKind::Word => text.eq_ignore_ascii_case(last),
            TokenKind::QuotedIdent => text.get(1..text.len().saturating_sub(1)) == Some(last),
            _ => false,
        }
    });
    named.map_or(statement.span, |token| statement.provenance.to_source(token.span))
}
