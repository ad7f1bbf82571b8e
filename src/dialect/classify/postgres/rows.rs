//! Statements of rows that can be read without a parser. `data` reads the others.

use super::super::draft::{Draft, Mode};
use super::expression::{self, at_depth, is_reserved};
use super::reader::Reader;
use super::{data, query};
use crate::dialect::{Action, ObjectKind, TokenKind};

/// A statement that writes rows.
pub(super) struct Write {
    /// Where it begins, and where the name of its table does.
    pub(super) at: usize,
    pub(super) table: usize,
    pub(super) what: What,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Insert,
    Update(Which),
    Delete(Which),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Every,
    Some,
}

/// None where it is another statement, or not as plain.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    const OWN: [&str; 5] = ["insert", "update", "delete", "select", "with"];
    let draft = if reader.is_any(&OWN) || reader.is("(") {
        let kind = statement(reader)?;
        acts(kind, reader)
    } else if reader.eat(&["explain"]) {
        explain(reader)?
    } else if reader.eat(&["prepare"]) {
        if !reader.skip_name() || (reader.is("(") && reader.names().is_none()) || !reader.eat(&["as"]) {
            return None;
        }
        statement(reader)?;
        keeps(acts("prepare", reader))
    } else if reader.eat(&["declare"]) {
        let _ =
            reader.skip_name() && reader.eat(&["cursor"]) && reader.eat(&["for"]) && query::begins(reader, 0);
        if statement(reader)? != "select" {
            return None;
        }
        keeps(acts("declare", reader))
    } else {
        return None;
    };
    (reader.is_done() && reader.is_sure()).then_some(draft)
}

/// Takes a statement of rows, and says of which kind it is.
fn statement(reader: &mut Reader<'_, '_>) -> Option<&'static str> {
    let start = reader.at();
    let understood = query::with(reader, 0);
    let kind = ["insert", "update", "delete"].into_iter().find(|verb| reader.is(verb)).unwrap_or("select");
    let body = match kind {
        "select" if reader.is("values") => false,
        "select" => understood && query::body(reader, 0),
        _ => understood && write(reader, start, 0),
    };
    body.then_some(kind)
}

/// What is done with all that was read.
fn acts(kind: &'static str, reader: &Reader<'_, '_>) -> Draft {
    let mut draft = Draft::new(kind);
    let quiet = effects(&mut draft, reader);
    if reads(&mut draft, reader) {
        // An index may lead to the rows.
        draft.scans(None);
    }
    draft.reads_only(quiet);
    draft
}

/// A prepared statement and a cursor change the session, if not the data.
fn keeps(mut draft: Draft) -> Draft {
    draft.reads_only(false);
    draft
}

/// `EXPLAIN` has been taken.
fn explain(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let words = reader.words();
    let runs = if reader.is("(") {
        let options = reader.settings()?;
        let said = |at: usize| words.is(at, "analyze") || words.is(at, "analyse");
        let off =
            |at: usize| ["false", "off", "0"].iter().any(|off| words.text(at + 1).eq_ignore_ascii_case(off));
        options.into_iter().any(|at| said(at) && !off(at))
    } else {
        let runs = reader.eat_any(&["analyze", "analyse"]).is_some();
        reader.eat(&["verbose"]);
        runs
    };
    let kind = statement(reader)?;
    let mut draft = Draft::new("explain");
    if runs {
        draft.include(acts(kind, reader));
    } else {
        reads(&mut draft, reader);
        draft.reads_only(true);
    }
    Some(draft)
}

/// What was read up to here writes, loses and calls; true where it does neither.
pub(super) fn effects(draft: &mut Draft, reader: &Reader<'_, '_>) -> bool {
    let words = reader.words();
    let named = &reader.named;
    let mut quiet = true;
    let mut writes = named.writes.iter().peekable();
    let mut write_before = |draft: &mut Draft, end: usize| {
        while let Some(write) = writes.next_if(|write| write.at <= end) {
            let table = words.name(write.table).map(|(name, _)| name).unwrap_or_default();
            note(draft, write.what, &table);
        }
    };
    for call in named.calls.iter().copied() {
        write_before(draft, call);
        let name = words.name(call).map(|(name, _)| name).unwrap_or_default();
        quiet &= data::call(draft, &name);
    }
    write_before(draft, words.len());
    for relation in named.locked.iter().copied() {
        let table = words.name(relation).map(|(name, _)| name).unwrap_or_default();
        draft.lock(Mode::RowShare, &table);
    }
    quiet && named.writes.is_empty() && named.locked.is_empty()
}

/// The relations that are read, without those that the statement's own `WITH` names; true where there is one.
pub(super) fn reads(draft: &mut Draft, reader: &Reader<'_, '_>) -> bool {
    let words = reader.words();
    let name = |at: usize| words.name(at).map(|(name, _)| name);
    let own: Vec<String> = reader.named.queries.iter().filter_map(|at| words.simple_name(*at)).collect();
    let mut any = false;
    for table in reader.named.relations.iter().filter_map(|at| name(*at)) {
        if own.contains(&table) {
            continue;
        }
        draft.lock(Mode::AccessShare, &table);
        draft.object(ObjectKind::Table, table, Action::Read);
        any = true;
    }
    any
}

fn note(draft: &mut Draft, what: What, table: &str) {
    draft.lock(Mode::RowExclusive, table);
    draft.object(ObjectKind::Table, table, Action::Write);
    let which = match what {
        What::Insert => return,
        What::Update(Which::Every) => {
            draft.loses(format!("overwrites every row of {table}"));
            Which::Every
        }
        What::Delete(Which::Every) => {
            draft.loses(format!("deletes every row of {table}"));
            Which::Every
        }
        What::Delete(Which::Some) => {
            draft.loses(format!("deletes rows of {table}"));
            Which::Some
        }
        What::Update(Which::Some) => Which::Some,
    };
    // Without WHERE certainly; otherwise an index may lead to the rows.
    draft.scans(if which == Which::Every { Some(true) } else { None });
}

/// Takes a statement that writes, which with its `WITH` begins at `at`; false where it is not as plain.
pub(super) fn write(reader: &mut Reader<'_, '_>, at: usize, depth: usize) -> bool {
    // A statement comes before those in it.
    let place = reader.named.writes.partition_point(|write| write.at < at);
    let written = if reader.eat(&["insert", "into"]) {
        insert(reader, depth)
    } else if reader.eat(&["update"]) {
        update(reader, depth)
    } else if reader.eat(&["delete", "from"]) {
        delete(reader, depth)
    } else {
        None
    };
    let Some((table, what)) = written else { return false };
    reader.named.writes.insert(place, Write { at, table, what });
    !reader.eat(&["returning"]) || query::targets(reader, depth)
}

/// A table's name, and the one that it goes by.
fn target(reader: &mut Reader<'_, '_>) -> Option<usize> {
    const NEXT: [&str; 10] =
        ["set", "where", "values", "default", "overriding", "using", "returning", "select", "with", "table"];
    let table = reader.at();
    if (reader.kind() == Some(TokenKind::Word) && is_reserved(reader.text())) || !reader.skip_name() {
        return None;
    }
    reader.eat(&["*"]);
    let named = reader.eat(&["as"])
        || reader.kind() == Some(TokenKind::QuotedIdent)
        || (reader.kind() == Some(TokenKind::Word) && !reader.is_any(&NEXT));
    (!named || reader.skip_name()).then_some(table)
}

fn insert(reader: &mut Reader<'_, '_>, depth: usize) -> Option<(usize, What)> {
    let table = target(reader)?;
    if reader.is("(") && !query::begins(reader, 1) {
        reader.names()?;
    }
    if reader.eat(&["overriding"]) {
        reader.eat_any(&["system", "user"])?;
        reader.eat(&["value"]);
    }
    let rows = if reader.eat(&["default", "values"]) {
        true
    } else if reader.eat(&["values"]) {
        query::rows(reader, depth)
    } else {
        query::read(reader, depth)
    };
    let understood = rows && (!reader.eat(&["on", "conflict"]) || conflict(reader, depth));
    understood.then_some((table, What::Insert))
}

/// `ON CONFLICT` has been taken.
fn conflict(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if reader.eat(&["on", "constraint"]) {
        if !reader.skip_name() {
            return false;
        }
    } else if reader.eat(&["("]) {
        if !(expression::list(reader, depth) && reader.eat(&[")"])) {
            return false;
        }
        if reader.eat(&["where"]) && !at_depth(reader, depth) {
            return false;
        }
    }
    if reader.eat(&["do", "nothing"]) {
        return true;
    }
    reader.eat(&["do", "update", "set"])
        && assignments(reader, depth)
        && (!reader.eat(&["where"]) || at_depth(reader, depth))
}

fn update(reader: &mut Reader<'_, '_>, depth: usize) -> Option<(usize, What)> {
    reader.eat(&["only"]);
    let table = target(reader)?;
    if !reader.eat(&["set"]) || !assignments(reader, depth) {
        return None;
    }
    if reader.eat(&["from"]) && !query::from(reader, depth) {
        return None;
    }
    Some((table, What::Update(restriction(reader, depth)?)))
}

/// What `SET` sets.
fn assignments(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    loop {
        if reader.is("(") {
            if reader.names().is_none() {
                return false;
            }
        } else if !reader.skip_name() {
            return false;
        }
        if !reader.eat(&["="]) || !(reader.eat(&["default"]) || at_depth(reader, depth)) {
            return false;
        }
        if !reader.eat(&[","]) {
            return true;
        }
    }
}

fn delete(reader: &mut Reader<'_, '_>, depth: usize) -> Option<(usize, What)> {
    reader.eat(&["only"]);
    let table = target(reader)?;
    if reader.eat(&["using"]) && !query::from(reader, depth) {
        return None;
    }
    Some((table, What::Delete(restriction(reader, depth)?)))
}

/// Which rows a `WHERE` leaves. Where `true` or a comparison of a literal or a name with itself is a part of it, the
/// parser has to say how.
fn restriction(reader: &mut Reader<'_, '_>, depth: usize) -> Option<Which> {
    if !reader.eat(&["where"]) {
        return Some(Which::Every);
    }
    let words = reader.words();
    let start = reader.at();
    if reader.eat(&["current", "of"]) {
        return reader.skip_name().then_some(Which::Some);
    }
    if !at_depth(reader, depth) {
        return None;
    }
    let literal = |at| matches!(words.kind(at), Some(TokenKind::Number | TokenKind::Str | TokenKind::Param));
    let same = |at: usize| words.text(at - 1).eq_ignore_ascii_case(words.text(at + 1));
    let always = |at| {
        words.is(at, "true")
            || (words.is(at, "=") && at > start && ((literal(at - 1) && literal(at + 1)) || same(at)))
    };
    match (start..reader.at()).find(|at| always(*at)) {
        None => Some(Which::Some),
        Some(at) if at == start && at + 1 == reader.at() => Some(Which::Every),
        Some(at) if at == start + 1 && at + 2 == reader.at() => Some(Which::Every),
        Some(_) => None,
    }
}
