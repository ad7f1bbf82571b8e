//! `CREATE` of small objects, and `GRANT`, where they are plain enough to be read without a parser.

use super::super::draft::{Draft, Mode};
use super::alter_table::written;
use super::reader::Reader;
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
    match reader.eat_any(&["trigger", "type", "extension", "sequence", "schema", "policy"])? {
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
            while reader.eat_any(&["start", "increment", "minvalue", "maxvalue", "cache"]).is_some()
                || reader.eat(&["no", "minvalue"])
                || reader.eat(&["no", "maxvalue"])
                || reader.eat(&["no", "cycle"])
                || reader.eat(&["cycle"])
            {
                let _ = reader.eat_any(&["with", "by"]);
                reader.eat(&["-"]);
                reader.eat_kind(TokenKind::Number);
            }
            Some(draft)
        }
        "policy" => policy(reader),
        _ => made(reader, "create_schema", ObjectKind::Schema),
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
fn condition(reader: &mut Reader<'_, '_>) -> Option<()> {
    let understood = reader.eat(&["("]) && expression::read(reader) && reader.eat(&[")"]);
    understood.then_some(())
}

/// `[IF NOT EXISTS] name`.
fn made(reader: &mut Reader<'_, '_>, kind: &'static str, object: ObjectKind) -> Option<Draft> {
    let mut draft = Draft::new(kind);
    let perhaps = reader.eat(&["if", "not", "exists"]);
    let name = reader.name()?;
    draft.object(object, &name, Action::Create);
    draft.undo_begins(format!("DROP {} ", kind.trim_start_matches("create_").to_uppercase()));
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
    if !(reader.eat(&["execute", "function"]) || reader.eat(&["execute", "procedure"]))
        || !expression::read(reader)
    {
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
    loop {
        reader.eat_any(&[
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
        ])?;
        reader.eat(&["privileges"]);
        if !reader.eat(&[","]) {
            break;
        }
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
    reader.eat_any(&["to", "from"])?;
    reader.skip_names()?;
    let _ = reader.eat(&["with", "grant", "option"]) || reader.eat(&["cascade"]) || reader.eat(&["restrict"]);
    Some(draft)
}
