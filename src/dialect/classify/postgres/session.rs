//! Short statements of a session and of a catalogue: settings, transactions and comments.

use super::super::draft::{Draft, Mode};
use super::reader::Reader;
use super::tree::of;
use crate::dialect::{Action, ObjectKind, TokenKind};

/// None where it is another statement, or not as plain.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let draft = if reader.eat(&["comment", "on"]) {
        comment(reader)
    } else if reader.eat(&["set"]) {
        set(reader)
    } else {
        control(reader)
    };
    draft.filter(|_| reader.is_done())
}

fn control(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let word = reader.eat_any(&["begin", "commit", "rollback"])?;
    let mut draft = Draft::new(word);
    draft.control();
    Some(draft)
}

/// `SET [SESSION | LOCAL] name { TO | = } value, …`.
fn set(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let _ = reader.eat_any(&["session", "local"]);
    if reader.is_any(&["transaction", "constraints", "role", "authorization", "characteristics"]) {
        return None;
    }
    reader.name()?;
    if !(reader.eat(&["to"]) || reader.eat(&["="])) {
        return None;
    }
    loop {
        reader.eat(&["-"]);
        let value = reader.kind();
        if !matches!(
            value,
            Some(TokenKind::Word | TokenKind::QuotedIdent | TokenKind::Str | TokenKind::Number)
        ) {
            return None;
        }
        reader.set_at(reader.at() + 1);
        if !reader.eat(&[","]) {
            break;
        }
    }
    Some(Draft::new("set"))
}

fn comment(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("comment");
    if reader.eat(&["table"]) {
        let table = reader.name()?;
        draft.lock(Mode::ShareUpdateExclusive, &table);
        draft.object(ObjectKind::Table, table, Action::Alter);
    } else if reader.eat(&["column"]) {
        let name = reader.name()?;
        let (table, column) = name.rsplit_once('.')?;
        draft.lock(Mode::ShareUpdateExclusive, table);
        draft.object(ObjectKind::Column, of(table, column), Action::Alter);
    } else {
        // Names, and the arguments of a routine; nobody waits for it.
        while !reader.is_done() && !reader.is("is") {
            reader.step(1);
        }
    }
    let is = reader.eat(&["is"]) && (reader.eat_kind(TokenKind::Str) || reader.eat(&["null"]));
    is.then_some(draft)
}
