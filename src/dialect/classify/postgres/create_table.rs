use super::super::draft::{Draft, Mode};
use super::alter_table::written;
use super::reader::Reader;
use super::{column, constraint, expression};
use crate::dialect::{Action, Clause, ClauseKind, ObjectKind};

/// `CREATE TABLE` and `CREATE FOREIGN TABLE`, but none that takes a query's rows; the outer None is another
/// statement.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Option<Draft>> {
    if !reader.eat(&["create"]) {
        return None;
    }
    let _ = reader.eat_any(&["global", "local"]);
    let _ = reader.eat_any(&["temp", "temporary", "unlogged"]);
    let foreign = reader.eat(&["foreign"]);
    if !reader.eat(&["table"]) {
        return None;
    }
    let perhaps = reader.eat(&["if", "not", "exists"]);
    let name = reader.name()?;
    let words = reader.words();
    let body = if reader.is("(") { words.close(reader.at()) + 1 } else { reader.at() };
    let rows_of_query = words.find_flat(body..reader.end(), &["as"]).is_some();
    if rows_of_query || words.is(body, "execute") {
        return None;
    }
    let (kind, noun) =
        if foreign { ("create_foreign_table", "FOREIGN TABLE") } else { ("create_table", "TABLE") };
    let mut draft = Draft::new(kind);
    draft.object(ObjectKind::Table, &name, Action::Create);
    draft.undo_begins(format!("DROP {noun} "));
    draft.undo((!perhaps).then(|| written(&name)));
    Some(parts(&mut draft, reader, &name).map(|()| draft))
}

fn parts(draft: &mut Draft, reader: &mut Reader<'_, '_>, table: &str) -> Option<()> {
    if reader.eat(&["partition", "of"]) {
        let parent = reader.name()?;
        draft.lock(Mode::AccessExclusive, &parent);
        draft.object(ObjectKind::Table, parent, Action::Alter);
        // A default partition is read through for rows that belong to the new one.
        draft.scans(None);
        bounds(reader);
        if !reader.is_done() {
            rest(reader);
        }
        return Some(());
    }
    if reader.is("of") {
        rest(reader);
        return Some(());
    }
    let inside = reader.group()?;
    if !inside.is_empty() {
        let mut elements = reader.within(inside);
        loop {
            element(draft, &mut elements, table)?;
            if elements.is_done() {
                break;
            }
            if !elements.eat(&[","]) {
                return None;
            }
        }
        reader.doubt_unless(elements.is_sure());
    }
    while reader.eat(&["inherits"]) {
        let inside = reader.group()?;
        let mut parents = reader.within(inside);
        while let Some(parent) = parents.name() {
            draft.lock(Mode::ShareUpdateExclusive, &parent);
            draft.object(ObjectKind::Table, parent, Action::Read);
            parents.eat(&[","]);
        }
    }
    if reader.eat(&["partition", "by"]) {
        let named = reader.name().is_some() && reader.names().is_some();
        reader.doubt_unless(named);
    }
    let _ = reader.eat(&["on", "commit", "drop"])
        || reader.eat(&["on", "commit", "delete", "rows"])
        || reader.eat(&["on", "commit", "preserve", "rows"]);
    if !reader.is_done() {
        rest(reader);
    }
    Some(())
}

/// `DEFAULT`, `FOR VALUES IN (…)` and `FOR VALUES FROM (…) TO (…)`, as far as they are plain.
pub(super) fn bounds(reader: &mut Reader<'_, '_>) {
    if reader.eat(&["default"]) || !reader.eat(&["for", "values"]) {
        return;
    }
    let understood = if reader.eat(&["in"]) {
        values(reader)
    } else {
        reader.eat(&["from"]) && values(reader) && reader.eat(&["to"]) && values(reader)
    };
    reader.doubt_unless(understood);
}

fn values(reader: &mut Reader<'_, '_>) -> bool {
    let Some(inside) = reader.group() else { return false };
    let mut values = reader.within(inside);
    while expression::read(&mut values) && values.eat(&[","]) {}
    values.is_done()
}

/// How the table is kept, which costs nothing where it is empty.
fn rest(reader: &mut Reader<'_, '_>) {
    reader.doubt();
    reader.set_at(reader.end());
}

fn element(draft: &mut Draft, reader: &mut Reader<'_, '_>, table: &str) -> Option<()> {
    let start = reader.at();
    if reader.eat(&["like"]) {
        let source = reader.name()?;
        while reader.eat_any(&["including", "excluding"]).is_some() {
            reader.name()?;
        }
        draft.lock(Mode::AccessShare, &source);
        draft.object(ObjectKind::Table, &source, Action::Read);
        draft.clause(Clause { to: source, ..reader.clause(ClauseKind::Like, start, "") });
        return Some(());
    }
    if constraint::begins(reader) {
        return constraint::define(draft, reader, table, false).map(|_| ());
    }
    let name = reader.name()?;
    column::define(draft, reader, &name, start, false)
}
