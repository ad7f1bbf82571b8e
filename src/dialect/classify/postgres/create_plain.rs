//! `CREATE` of small objects, and `GRANT`, where they are plain enough to be read without a parser.

use super::super::draft::{Draft, Mode};
use super::alter_table::written;
use super::reader::Reader;
use super::type_name::type_name;
use super::{column, expression};
use crate::dialect::{Action, ObjectKind, TokenKind};

/// None where it is another statement, or not as plain.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let draft = if reader.eat(&["create"]) {
        create(reader)
    } else {
        let kind = reader.eat_any(&["grant", "revoke"])?;
        privileges(reader, kind)
    };
    draft.filter(|_| reader.is_done() && reader.is_sure())
}

fn create(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let replaces = reader.eat(&["or", "replace"]);
    let _ = reader.is_after(1, "trigger") && reader.eat(&["constraint"]);
    match reader.eat_any(&[
        "trigger",
        "type",
        "extension",
        "sequence",
        "schema",
        "policy",
        "domain",
        "publication",
        "statistics",
        "event",
    ])? {
        "trigger" => trigger(reader, replaces),
        _ if replaces => None,
        "type" => {
            let draft = made(reader, "create_type", ObjectKind::Type)?;
            if !reader.eat(&["as", "enum", "("]) {
                return None;
            }
            while reader.eat_kind(TokenKind::Str) && reader.eat(&[","]) {}
            reader.eat(&[")"]).then_some(draft)
        }
        "extension" => {
            let draft = made(reader, "create_extension", ObjectKind::Other)?;
            reader.eat(&["with"]);
            while reader.eat(&["cascade"]) || reader.eat(&["schema"]) || reader.eat(&["version"]) {
                let _ = reader.is_done() || reader.eat_kind(TokenKind::Str) || reader.name().is_some();
            }
            Some(draft)
        }
        "sequence" => {
            let draft = made(reader, "create_sequence", ObjectKind::Sequence)?;
            sequence_options(reader);
            Some(draft)
        }
        "policy" => policy(reader),
        "domain" => domain(reader),
        "publication" => {
            let mut draft = made(reader, "create_publication", ObjectKind::Other)?;
            let tables =
                !reader.eat(&["for"]) || reader.eat(&["all", "tables"]) || publication(&mut draft, reader)?;
            tables.then_some(draft)
        }
        "statistics" => {
            let mut draft = made(reader, "create_statistics", ObjectKind::Other)?;
            if reader.is("(") {
                reader.names()?;
            }
            if !(reader.eat(&["on"]) && expression::list(reader, 0) && reader.eat(&["from"])) {
                return None;
            }
            let table = reader.name()?;
            draft.lock(Mode::ShareUpdateExclusive, &table);
            draft.object(ObjectKind::Table, table, Action::Alter);
            Some(draft)
        }
        "event" if reader.eat(&["trigger"]) => {
            let draft = made(reader, "create_event_trigger", ObjectKind::Trigger)?;
            let known = reader.eat(&["on"]) && reader.skip_name() && executes(reader);
            known.then_some(draft)
        }
        "event" => None,
        _ => made(reader, "create_schema", ObjectKind::Schema),
    }
}

fn executes(reader: &mut Reader<'_, '_>) -> bool {
    (reader.eat(&["execute", "function"]) || reader.eat(&["execute", "procedure"]))
        && expression::read(reader)
}

fn domain(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let draft = made(reader, "create_domain", ObjectKind::Type)?;
    reader.eat(&["as"]);
    type_name(reader)?;
    loop {
        if reader.eat(&["constraint"]) {
            reader.name()?;
        }
        let understood = if reader.eat(&["default"]) {
            expression::read(reader)
        } else if reader.eat(&["check"]) {
            condition(reader).is_some()
        } else {
            reader.eat(&["not", "null"])
                || reader.eat(&["null"])
                || (reader.eat(&["collate"]) && reader.skip_name())
        };
        if !understood {
            return reader.is_done().then_some(draft);
        }
    }
}

fn policy(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("create_policy");
    let name = reader.name()?;
    if !reader.eat(&["on"]) {
        return None;
    }
    let table = reader.name()?;
    if reader.eat(&["as"]) {
        reader.eat_any(&["permissive", "restrictive"])?;
    }
    if reader.eat(&["for"]) {
        reader.eat_any(&["all", "select", "insert", "update", "delete"])?;
    }
    if reader.eat(&["to"]) {
        reader.skip_names()?;
    }
    if reader.eat(&["using"]) {
        condition(reader)?;
    }
    if reader.eat(&["with", "check"]) {
        condition(reader)?;
    }
    draft.object(ObjectKind::Other, &name, Action::Create);
    draft.undo_begins("DROP POLICY ");
    draft.undo(Some(format!("{} ON {}", written(&name), written(&table))));
    draft.lock(Mode::AccessExclusive, &table);
    draft.object(ObjectKind::Table, table, Action::Alter);
    Some(draft)
}

/// An expression in parentheses.
pub(super) fn condition(reader: &mut Reader<'_, '_>) -> Option<()> {
    let understood = reader.eat(&["("]) && expression::read(reader) && reader.eat(&[")"]);
    understood.then_some(())
}

/// Takes as many options of a sequence as are understood.
pub(super) fn sequence_options(reader: &mut Reader<'_, '_>) {
    loop {
        let _ = reader.eat_any(&["set"]);
        if reader.eat(&["owned", "by"]) {
            if !reader.skip_name() {
                return;
            }
        } else if reader.eat(&["as"]) {
            if type_name(reader).is_none() {
                return;
            }
        } else if reader
            .eat_any(&["start", "increment", "minvalue", "maxvalue", "cache", "restart"])
            .is_some()
        {
            let _ = reader.eat_any(&["with", "by"]);
            reader.eat(&["-"]);
            reader.eat_kind(TokenKind::Number);
        } else if !(reader.eat(&["cycle"])
            || reader.eat(&["no", "minvalue"])
            || reader.eat(&["no", "maxvalue"])
            || reader.eat(&["no", "cycle"])
            || reader.eat(&["logged"])
            || reader.eat(&["unlogged"]))
        {
            return;
        }
    }
}

/// The tables and schemas of a publication; false where they are not understood.
pub(super) fn publication(draft: &mut Draft, reader: &mut Reader<'_, '_>) -> Option<bool> {
    let mut tables = false;
    loop {
        if reader.eat(&["tables", "in", "schema"]) {
            tables = false;
        } else {
            tables |= reader.eat(&["table"]);
        }
        reader.eat(&["only"]);
        let name = reader.name()?;
        if tables {
            draft.lock(Mode::ShareUpdateExclusive, &name);
            draft.object(ObjectKind::Table, name, Action::Alter);
        }
        reader.eat(&["*"]);
        if reader.is("(") {
            reader.names()?;
        }
        if reader.eat(&["where"]) {
            condition(reader)?;
        }
        if !reader.eat(&[","]) {
            return Some(true);
        }
    }
}

/// `[IF NOT EXISTS] name`.
fn made(reader: &mut Reader<'_, '_>, kind: &'static str, object: ObjectKind) -> Option<Draft> {
    let mut draft = Draft::new(kind);
    let perhaps = reader.eat(&["if", "not", "exists"]);
    let name = reader.name()?;
    draft.object(object, &name, Action::Create);
    draft.undo_begins(format!(
        "DROP {} ",
        kind.trim_start_matches("create_").replace('_', " ").to_uppercase()
    ));
    draft.undo((!perhaps).then(|| written(&name)));
    Some(draft)
}

fn trigger(reader: &mut Reader<'_, '_>, replaces: bool) -> Option<Draft> {
    let mut draft = Draft::new("create_trigger");
    let name = reader.name()?;
    draft.object(ObjectKind::Trigger, &name, Action::Create);
    if !reader.eat(&["instead", "of"]) {
        reader.eat_any(&["before", "after"])?;
    }
    loop {
        let event = reader.eat_any(&["insert", "update", "delete", "truncate"])?;
        if event == "update" && reader.eat(&["of"]) {
            reader.skip_names()?;
        }
        if !reader.eat(&["or"]) {
            break;
        }
    }
    if !reader.eat(&["on"]) {
        return None;
    }
    let table = reader.name()?;
    if reader.eat(&["from"]) && !reader.skip_name() {
        return None;
    }
    while column::timing(reader) {}
    if reader.eat(&["referencing"]) {
        while reader.eat_any(&["new", "old"]).is_some() {
            if !reader.eat(&["table"]) {
                return None;
            }
            reader.eat(&["as"]);
            if !reader.skip_name() {
                return None;
            }
        }
    }
    reader.eat(&["for"]);
    reader.eat(&["each"]);
    let _ = reader.eat_any(&["row", "statement"]);
    if reader.eat(&["when"]) {
        condition(reader)?;
    }
    if !executes(reader) {
        return None;
    }
    draft.lock(Mode::ShareRowExclusive, &table);
    draft.undo_begins("DROP TRIGGER ");
    draft.undo((!replaces).then(|| format!("{} ON {}", written(&name), written(&table))));
    draft.object(ObjectKind::Table, table, Action::Alter);
    Some(draft)
}

/// `GRANT SELECT, … ON [TABLE] t, … TO role, …` and `… ON FUNCTION f(a) …`.
fn privileges(reader: &mut Reader<'_, '_>, kind: &'static str) -> Option<Draft> {
    let mut draft = Draft::new(kind);
    if !privilege_list(reader) {
        return None;
    }
    if !reader.eat(&["on"]) {
        return None;
    }
    if reader.eat(&["function"]) {
        if !expression::read(reader) {
            return None;
        }
    } else if reader.eat(&["schema"]) {
        reader.name()?;
    } else {
        reader.eat(&["table"]);
        loop {
            if reader.is_any(&[
                "all",
                "sequence",
                "database",
                "domain",
                "foreign",
                "language",
                "large",
                "parameter",
                "procedure",
                "routine",
                "tablespace",
                "type",
            ]) {
                return None;
            }
            draft.object(ObjectKind::Table, reader.name()?, Action::Alter);
            if !reader.eat(&[","]) {
                break;
            }
        }
    }
    privilege_ends(reader).then_some(draft)
}

/// `SELECT, INSERT` or `ALL PRIVILEGES`.
pub(super) fn privilege_list(reader: &mut Reader<'_, '_>) -> bool {
    const PRIVILEGES: [&str; 11] = [
        "select",
        "insert",
        "update",
        "delete",
        "truncate",
        "references",
        "trigger",
        "usage",
        "execute",
        "all",
        "maintain",
    ];
    loop {
        if reader.eat_any(&PRIVILEGES).is_none() {
            return false;
        }
        reader.eat(&["privileges"]);
        if !reader.eat(&[","]) {
            return true;
        }
    }
}

/// Who gets the privileges, or has had them.
pub(super) fn privilege_ends(reader: &mut Reader<'_, '_>) -> bool {
    let roles = reader.eat_any(&["to", "from"]).is_some() && reader.skip_names().is_some();
    let _ = reader.eat(&["with", "grant", "option"]) || reader.eat(&["cascade"]) || reader.eat(&["restrict"]);
    roles
}
