//! `CREATE` of what a query fills or answers: views and tables.

use super::super::draft::{Draft, Mode};
use super::alter_table::written;
use super::reader::Reader;
use super::{query, rows};
use crate::dialect::{Action, ObjectKind};

/// None where it is another statement, or not as plain.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    if !reader.eat(&["create"]) {
        return None;
    }
    let replaces = reader.eat(&["or", "replace"]);
    let _ = reader.eat_any(&["global", "local"]);
    let temporary = reader.eat_any(&["temp", "temporary", "unlogged"]).is_some();
    let draft = if reader.eat(&["view"]) {
        view(reader, replaces)
    } else if replaces {
        None
    } else if reader.eat(&["table"]) {
        filled(reader, "create_table_as", "TABLE", ObjectKind::Table)
    } else if !temporary && reader.eat(&["materialized", "view"]) {
        filled(reader, "create_materialized_view", "MATERIALIZED VIEW", ObjectKind::View)
    } else {
        None
    };
    draft.filter(|_| reader.is_done() && reader.is_sure())
}

fn view(reader: &mut Reader<'_, '_>, replaces: bool) -> Option<Draft> {
    let mut draft = Draft::new("create_view");
    let name = reader.name()?;
    draft.object(ObjectKind::View, &name, Action::Create);
    draft.undo_begins("DROP VIEW ");
    draft.undo((!replaces).then(|| written(&name)));
    if reader.is("(") {
        reader.names()?;
    }
    if reader.eat(&["with"]) {
        reader.settings()?;
    }
    if !reader.eat(&["as"]) || !query(reader) {
        return None;
    }
    if reader.eat(&["with"]) {
        let _ = reader.eat_any(&["cascaded", "local"]);
        if !reader.eat(&["check", "option"]) {
            return None;
        }
    }
    rows::reads(&mut draft, reader);
    if replaces {
        draft.lock(Mode::AccessExclusive, &name);
    }
    Some(draft)
}

fn filled(reader: &mut Reader<'_, '_>, kind: &'static str, noun: &str, object: ObjectKind) -> Option<Draft> {
    let mut draft = Draft::new(kind);
    let perhaps = reader.eat(&["if", "not", "exists"]);
    let name = reader.name()?;
    draft.object(object, &name, Action::Create);
    draft.undo_begins(format!("DROP {noun} "));
    draft.undo((!perhaps).then(|| written(&name)));
    if reader.is("(") {
        let columns = reader.group()?;
        let mut columns = reader.within(columns);
        while columns.skip_name() && columns.eat(&[","]) {}
        if !columns.is_done() {
            return None;
        }
    }
    if reader.eat(&["using"]) && !reader.skip_name() {
        return None;
    }
    if reader.eat(&["with"]) {
        reader.settings()?;
    }
    if reader.eat(&["on", "commit"]) {
        let _ = reader.eat(&["preserve", "rows"]) || reader.eat(&["delete", "rows"]) || reader.eat(&["drop"]);
    }
    if reader.eat(&["tablespace"]) && !reader.skip_name() {
        return None;
    }
    if !reader.eat(&["as"]) || !query(reader) {
        return None;
    }
    let empty = reader.eat(&["with", "no", "data"]);
    if !empty {
        reader.eat(&["with", "data"]);
    }
    rows::effects(&mut draft, reader);
    rows::reads(&mut draft, reader);
    draft.scans(Some(!empty));
    Some(draft)
}

fn query(reader: &mut Reader<'_, '_>) -> bool {
    (query::begins(reader, 0) || reader.is("(")) && query::read(reader, 0)
}
