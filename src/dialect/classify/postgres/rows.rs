//! Statements of rows that are plain enough to be read without a parser: no query in them, and only
//! functions that are known. `data` reads the others.

use std::ops::Range;

use super::super::draft::{Draft, Mode};
use super::reader::Reader;
use super::{data, expression};
use crate::dialect::{Action, ObjectKind, TokenKind, Words};

/// None where it is another statement, or not as plain.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let draft = if reader.eat(&["insert", "into"]) {
        insert(reader)
    } else if reader.eat(&["update"]) {
        update(reader)
    } else if reader.eat(&["delete", "from"]) {
        delete(reader)
    } else if reader.eat(&["select"]) {
        select(reader)
    } else {
        None
    };
    draft.filter(|_| reader.is_done() && reader.is_sure())
}

/// Takes an expression, and says whether what it calls only reads; None where it is not plain.
fn plain(draft: &mut Draft, reader: &mut Reader<'_, '_>) -> Option<bool> {
    let start = reader.at();
    if !expression::read(reader) {
        return None;
    }
    Some(note_calls(draft, reader.words(), start..reader.at()))
}

fn note_calls(draft: &mut Draft, words: &Words<'_>, range: Range<usize>) -> bool {
    let mut quiet = true;
    for name in expression::calls(words, range) {
        quiet &= data::call(draft, &name);
    }
    quiet
}

fn target(draft: &mut Draft, reader: &mut Reader<'_, '_>) -> Option<String> {
    let table = reader.name()?;
    draft.lock(Mode::RowExclusive, &table);
    draft.object(ObjectKind::Table, &table, Action::Write);
    let named = reader.eat(&["as"])
        || (reader.kind() == Some(TokenKind::Word)
            && !reader.is_any(&[
                "set",
                "where",
                "values",
                "default",
                "overriding",
                "using",
                "returning",
                "select",
                "with",
                "table",
            ]));
    if named {
        reader.name()?;
    }
    Some(table)
}

fn insert(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("insert");
    target(&mut draft, reader)?;
    if reader.is("(") {
        reader.names()?;
    }
    if !reader.eat(&["values"]) {
        return None;
    }
    loop {
        let inside = reader.group()?;
        let mut row = reader.within(inside);
        loop {
            if !row.eat(&["default"]) {
                plain(&mut draft, &mut row)?;
            }
            if !row.eat(&[","]) {
                break;
            }
        }
        if !row.is_done() {
            return None;
        }
        if !reader.eat(&[","]) {
            break;
        }
    }
    if reader.eat(&["on", "conflict"]) {
        if reader.is("(") {
            reader.names()?;
        }
        if !reader.eat(&["do", "nothing"]) {
            return None;
        }
    }
    Some(draft)
}

fn update(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("update");
    reader.eat(&["only"]);
    let table = target(&mut draft, reader)?;
    if !reader.eat(&["set"]) {
        return None;
    }
    loop {
        reader.name()?;
        if !reader.eat(&["="]) {
            return None;
        }
        if !reader.eat(&["default"]) {
            plain(&mut draft, reader)?;
        }
        if !reader.eat(&[","]) {
            break;
        }
    }
    if restricts(&mut draft, reader)? {
        draft.scans(None);
    } else {
        draft.loses(format!("overwrites every row of {table}"));
        draft.scans(Some(true));
    }
    Some(draft)
}

fn delete(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("delete");
    reader.eat(&["only"]);
    let table = target(&mut draft, reader)?;
    if restricts(&mut draft, reader)? {
        draft.loses(format!("deletes rows of {table}"));
        draft.scans(None);
    } else {
        draft.loses(format!("deletes every row of {table}"));
        draft.scans(Some(true));
    }
    Some(draft)
}

/// Whether there is a `WHERE`, if it surely does not hold for every row. A bare `true` and a comparison of a
/// literal or a name with itself are left to the parser.
fn restricts(draft: &mut Draft, reader: &mut Reader<'_, '_>) -> Option<bool> {
    if !reader.eat(&["where"]) {
        return Some(false);
    }
    let words = reader.words();
    let start = reader.at();
    plain(draft, reader)?;
    let literal = |at| matches!(words.kind(at), Some(TokenKind::Number | TokenKind::Str | TokenKind::Param));
    let range = start..reader.at();
    let same = |at: usize| words.text(at - 1).eq_ignore_ascii_case(words.text(at + 1));
    let always = |at| {
        words.is(at, "true")
            || (words.is(at, "=") && at > start && ((literal(at - 1) && literal(at + 1)) || same(at)))
    };
    (!range.into_iter().any(always)).then_some(true)
}

/// Without a table.
fn select(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("select");
    let mut quiet = true;
    loop {
        quiet &= plain(&mut draft, reader)?;
        if reader.eat(&["as"]) {
            reader.name()?;
        }
        if !reader.eat(&[","]) {
            break;
        }
    }
    draft.reads_only(quiet);
    Some(draft)
}
