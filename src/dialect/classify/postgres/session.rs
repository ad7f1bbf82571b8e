//! Short statements of a session and of a catalogue: settings, transactions and comments.

use super::super::draft::{Draft, Mode};
use super::reader::Reader;
use super::tree::of;
use crate::dialect::{Action, ObjectKind, TokenKind};

/// None where it is another statement, or not as plain.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let draft = if reader.is_any(&["close", "notify", "discard"]) {
        other(reader)
    } else if reader.eat(&["comment", "on"]) {
        comment(reader)
    } else if reader.eat(&["set"]) {
        set(reader)
    } else {
        control(reader)
    };
    draft.filter(|_| reader.is_done())
}

fn other(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let kind = reader.eat_any(&["close", "notify", "discard"])?;
    let mut draft = Draft::new(kind);
    if kind == "discard" && reader.is("all") {
        draft.never("DISCARD ALL cannot run inside a transaction block");
    }
    let named = reader.skip_name();
    let told = !reader.eat(&[","]) || reader.eat_kind(TokenKind::Str);
    (named && told).then_some(draft)
}

/// Transactions, and what only a session knows.
fn control(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    const VERBS: [&str; 13] = [
        "begin",
        "start",
        "commit",
        "end",
        "rollback",
        "abort",
        "savepoint",
        "release",
        "reset",
        "show",
        "listen",
        "unlisten",
        "checkpoint",
    ];
    let kind = match reader.eat_any(&VERBS)? {
        "start" if reader.eat(&["transaction"]) => "begin",
        "start" => return None,
        "end" => "commit",
        "abort" => "rollback",
        "release" => "release_savepoint",
        verb => verb,
    };
    let mut draft = Draft::new(kind);
    let understood = match kind {
        "reset" | "show" | "listen" | "unlisten" | "checkpoint" => {
            draft.reads_only(kind == "show");
            let named = reader.skip_name();
            return (named != (kind == "checkpoint")).then_some(draft);
        }
        "savepoint" => reader.skip_name(),
        "release_savepoint" => {
            reader.eat(&["savepoint"]);
            reader.skip_name()
        }
        _ => {
            let _ = reader.eat_any(&["work", "transaction"]);
            if kind != "begin" && reader.eat(&["prepared"]) {
                reader.eat_kind(TokenKind::Str)
            } else if kind == "begin" {
                modes(reader)
            } else if kind == "rollback" && reader.eat(&["to"]) {
                reader.eat(&["savepoint"]);
                reader.skip_name()
            } else {
                let _ = reader.eat(&["and", "no", "chain"]) || reader.eat(&["and", "chain"]);
                true
            }
        }
    };
    draft.control();
    understood.then_some(draft)
}

/// `ISOLATION LEVEL SERIALIZABLE, READ ONLY …`.
fn modes(reader: &mut Reader<'_, '_>) -> bool {
    const MODES: [&[&str]; 8] = [
        &["isolation", "level", "serializable"],
        &["isolation", "level", "repeatable", "read"],
        &["isolation", "level", "read", "committed"],
        &["isolation", "level", "read", "uncommitted"],
        &["read", "write"],
        &["read", "only"],
        &["deferrable"],
        &["not", "deferrable"],
    ];
    while MODES.iter().any(|mode| reader.eat(mode)) {
        reader.eat(&[","]);
    }
    true
}

fn set(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let _ = reader.eat_any(&["session", "local"]);
    if reader.is_any(&["transaction", "characteristics"]) {
        return None;
    }
    let understood = if reader.eat(&["role"]) || reader.eat(&["authorization"]) {
        reader.skip_name() || reader.eat_kind(TokenKind::Str)
    } else if reader.eat(&["constraints"]) {
        reader.skip_names().is_some() && reader.eat_any(&["deferred", "immediate"]).is_some()
    } else {
        setting(reader)
    };
    understood.then(|| Draft::new("set"))
}

/// `name { TO | = } value, …`, and `TIME ZONE value`.
pub(super) fn setting(reader: &mut Reader<'_, '_>) -> bool {
    if !reader.eat(&["time", "zone"]) && !(reader.skip_name() && (reader.eat(&["to"]) || reader.eat(&["="])))
    {
        return false;
    }
    loop {
        reader.eat(&["-"]);
        let value = matches!(
            reader.kind(),
            Some(TokenKind::Word | TokenKind::QuotedIdent | TokenKind::Str | TokenKind::Number)
        );
        if !value {
            return false;
        }
        reader.step(1);
        if !reader.eat(&[","]) {
            return true;
        }
    }
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
