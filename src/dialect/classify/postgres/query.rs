//! Queries that can be read without a parser: which relations they read and what they call.

use super::expression::{self, DEEP, at_depth, is_reserved, ordered};
use super::reader::Reader;
use super::rows;
use super::type_name::type_name;
use crate::dialect::TokenKind;

/// Whether a query begins `skip` words after a bracket that opens here.
pub(super) fn begins(reader: &Reader<'_, '_>, skip: usize) -> bool {
    ["select", "with", "values"].iter().any(|word| reader.is_after(skip, word))
}

pub(super) fn in_parentheses(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    reader.eat(&["("]) && read(reader, depth + 1) && reader.eat(&[")"])
}

/// Takes a query with all that belongs to it; false where it holds anything that only the parser can judge.
pub(super) fn read(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    depth < DEEP && with(reader, depth) && body(reader, depth)
}

/// A query without its `WITH`.
pub(super) fn body(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    loop {
        let first = reader.named.relations.len();
        let parenthesised = reader.is("(");
        let term = if parenthesised { in_parentheses(reader, depth) } else { term(reader, depth) };
        if !term {
            return false;
        }
        if reader.eat_any(&["union", "intersect", "except"]).is_none() {
            return tail(reader, depth, first);
        }
        let _ = reader.eat_any(&["all", "distinct"]);
    }
}

/// `WITH name (…) AS ( query ), …`, if it is there.
pub(super) fn with(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if !reader.eat(&["with"]) {
        return true;
    }
    reader.eat(&["recursive"]);
    loop {
        reader.named.queries.push(reader.at());
        let name = reader.eat_kind(TokenKind::Word) || reader.eat_kind(TokenKind::QuotedIdent);
        if !name || (reader.is("(") && !columns(reader)) || !reader.eat(&["as"]) {
            return false;
        }
        let _ = reader.eat(&["not", "materialized"]) || reader.eat(&["materialized"]);
        let begin = reader.at() + 1;
        let writes = ["insert", "update", "delete"].iter().any(|verb| reader.is_after(1, verb));
        let understood = match writes {
            true => reader.eat(&["("]) && rows::write(reader, begin, depth + 1) && reader.eat(&[")"]),
            false => in_parentheses(reader, depth),
        };
        if !understood {
            return false;
        }
        if !reader.eat(&[","]) {
            return true;
        }
    }
}

/// Names in parentheses.
fn columns(reader: &mut Reader<'_, '_>) -> bool {
    if !reader.eat(&["("]) {
        return false;
    }
    loop {
        if !reader.skip_name() {
            return false;
        }
        if !reader.eat(&[","]) {
            return reader.eat(&[")"]);
        }
    }
}

fn term(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if reader.eat(&["values"]) {
        return rows(reader, depth);
    }
    reader.eat(&["select"]) && select(reader, depth)
}

/// The rows of `VALUES`.
pub(super) fn rows(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    loop {
        if !reader.eat(&["("]) {
            return false;
        }
        loop {
            if !reader.eat(&["default"]) && !at_depth(reader, depth + 1) {
                return false;
            }
            if !reader.eat(&[","]) {
                break;
            }
        }
        if !reader.eat(&[")"]) {
            return false;
        }
        if !reader.eat(&[","]) {
            return true;
        }
    }
}

/// `SELECT` has been taken.
fn select(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if reader.eat(&["distinct", "on", "("]) {
        if !(expression::list(reader, depth + 1) && reader.eat(&[")"])) {
            return false;
        }
    } else {
        let _ = reader.eat_any(&["all", "distinct"]);
    }
    if !reader.is("from") && !targets(reader, depth) {
        return false;
    }
    if reader.eat(&["from"]) && !from(reader, depth) {
        return false;
    }
    if reader.eat(&["where"]) && !at_depth(reader, depth) {
        return false;
    }
    if reader.eat(&["group", "by"]) {
        let _ = reader.eat_any(&["all", "distinct"]);
        if reader.is_any(&["rollup", "cube", "grouping"]) || !expression::list(reader, depth) {
            return false;
        }
    }
    if reader.eat(&["having"]) && !at_depth(reader, depth) {
        return false;
    }
    if reader.eat(&["window"]) {
        loop {
            if !(reader.skip_name() && reader.eat(&["as"]) && expression::window(reader, depth)) {
                return false;
            }
            if !reader.eat(&[","]) {
                break;
            }
        }
    }
    true
}

/// What a `SELECT` or a `RETURNING` gives.
pub(super) fn targets(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    loop {
        if !reader.eat(&["*"]) {
            if !at_depth(reader, depth) {
                return false;
            }
            if reader.eat(&["as"]) {
                if !(reader.eat_kind(TokenKind::Word) || reader.eat_kind(TokenKind::QuotedIdent)) {
                    return false;
                }
            } else {
                let _ = alias(reader);
            }
        }
        if !reader.eat(&[","]) {
            return true;
        }
    }
}

/// A name without `AS`.
fn alias(reader: &mut Reader<'_, '_>) -> bool {
    match reader.kind() {
        Some(TokenKind::QuotedIdent) => {}
        Some(TokenKind::Word) if !is_reserved(reader.text()) => {}
        _ => return false,
    }
    reader.step(1);
    true
}

/// What stands between `FROM` and the next clause.
pub(super) fn from(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    loop {
        if !joined(reader, depth) {
            return false;
        }
        if !reader.eat(&[","]) {
            return true;
        }
    }
}

fn joined(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if !item(reader, depth) {
        return false;
    }
    loop {
        let natural = reader.eat(&["natural"]);
        let free = natural || reader.is("cross");
        let kind = reader.eat_any(&["inner", "cross", "left", "right", "full"]);
        if matches!(kind, Some("left" | "right" | "full")) {
            reader.eat(&["outer"]);
        }
        if !reader.eat(&["join"]) {
            return !natural && kind.is_none();
        }
        if !item(reader, depth) {
            return false;
        }
        let condition = free
            || (reader.eat(&["on"]) && at_depth(reader, depth))
            || (reader.eat(&["using"]) && columns(reader) && (!reader.eat(&["as"]) || alias(reader)));
        if !condition {
            return false;
        }
    }
}

fn item(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if depth >= DEEP {
        return false;
    }
    reader.eat(&["lateral"]);
    if reader.is("(") {
        let inside = match begins(reader, 1) {
            true => in_parentheses(reader, depth),
            false => reader.eat(&["("]) && joined(reader, depth + 1) && reader.eat(&[")"]),
        };
        return inside && named(reader, false);
    }
    let only = reader.eat(&["only"]);
    let start = reader.at();
    if reader.kind() == Some(TokenKind::Word) && is_reserved(reader.text()) || !reader.skip_name() {
        return false;
    }
    if !only && reader.is("(") {
        let called = expression::call(reader, start, depth);
        return called && (!reader.eat(&["with"]) || reader.eat(&["ordinality"])) && named(reader, true);
    }
    reader.named.relations.push(start);
    reader.eat(&["*"]);
    named(reader, false)
}

/// The name of what a `FROM` reads, and those of its columns; a function's may have types.
fn named(reader: &mut Reader<'_, '_>, typed: bool) -> bool {
    let explicit = reader.eat(&["as"]);
    let has = !(typed && explicit && reader.is("(")) && alias(reader);
    if reader.is("tablesample") {
        return false;
    }
    if !has && !explicit {
        return true;
    }
    if !has && !typed {
        return false;
    }
    if !reader.eat(&["("]) {
        return true;
    }
    loop {
        if !reader.skip_name() {
            return false;
        }
        if typed && !reader.is(",") && !reader.is(")") && type_name(reader).is_none() {
            return false;
        }
        if !reader.eat(&[","]) {
            return reader.eat(&[")"]);
        }
    }
}

/// `ORDER BY`, limits and row locks; `first` is where the relations of the last `SELECT` begin.
fn tail(reader: &mut Reader<'_, '_>, depth: usize, first: usize) -> bool {
    if !ordered(reader, depth) {
        return false;
    }
    loop {
        let understood = if reader.eat(&["limit"]) {
            reader.eat(&["all"]) || at_depth(reader, depth)
        } else if reader.eat(&["offset"]) {
            let count = at_depth(reader, depth);
            let _ = reader.eat_any(&["row", "rows"]);
            count
        } else if reader.eat(&["fetch"]) {
            let which = reader.eat_any(&["first", "next"]).is_some();
            reader.eat_kind(TokenKind::Number);
            which && reader.eat_any(&["row", "rows"]).is_some() && reader.eat(&["only"])
        } else if reader.is("for") {
            lock(reader, first)
        } else {
            return true;
        };
        if !understood {
            return false;
        }
    }
}

fn lock(reader: &mut Reader<'_, '_>, first: usize) -> bool {
    let strength = reader.eat(&["for", "update"])
        || reader.eat(&["for", "share"])
        || reader.eat(&["for", "no", "key", "update"])
        || reader.eat(&["for", "key", "share"]);
    if strength && reader.eat(&["of"]) {
        loop {
            if !reader.skip_name() {
                return false;
            }
            if !reader.eat(&[","]) {
                break;
            }
        }
    }
    let _ = reader.eat(&["nowait"]) || reader.eat(&["skip", "locked"]);
    let Some(relation) = reader.named.relations.get(first).copied() else { return false };
    reader.named.locked.push(relation);
    strength
}
