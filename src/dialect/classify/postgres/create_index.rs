use super::super::draft::{Draft, Mode};
use super::alter_table::written;
use super::expression;
use super::reader::Reader;
use crate::dialect::{Action, ObjectKind};

/// `CREATE INDEX`; the outer None is another statement.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Option<Draft>> {
    if !(reader.eat(&["create", "index"]) || reader.eat(&["create", "unique", "index"])) {
        return None;
    }
    Some(index(reader))
}

fn index(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("create_index");
    let concurrently = reader.eat(&["concurrently"]);
    let perhaps = reader.eat(&["if", "not", "exists"]);
    let name = if reader.is("on") { String::new() } else { reader.name()? };
    if !reader.eat(&["on"]) {
        return None;
    }
    reader.eat(&["only"]);
    let table = reader.name()?;
    if !name.is_empty() {
        draft.object(ObjectKind::Index, &name, Action::Create);
    }
    draft.lock(if concurrently { Mode::ShareUpdateExclusive } else { Mode::Share }, &table);
    draft.object(ObjectKind::Table, &table, Action::Alter);
    // Not where the index is there already.
    let builds = (concurrently || !perhaps).then_some(true);
    draft.scans(builds);
    draft.builds_index(builds);
    if concurrently {
        draft.never("CREATE INDEX CONCURRENTLY cannot run inside a transaction block");
    }
    // An index is in the schema of its table.
    let schema = table.rsplit_once('.').map_or(String::new(), |(schema, _)| format!("{}.", written(schema)));
    let how = if concurrently { "INDEX CONCURRENTLY" } else { "INDEX" };
    draft.undo_begins(format!("DROP {how} {schema}"));
    draft.undo((!perhaps && !name.is_empty()).then(|| written(&name)));
    if reader.eat(&["using"]) {
        reader.name()?;
    }
    let inside = reader.group()?;
    let mut keys = reader.within(inside);
    let understood = loop {
        if !key(&mut keys) {
            break false;
        }
        if !keys.eat(&[","]) {
            break keys.is_done();
        }
    };
    reader.doubt_unless(understood);
    if reader.eat(&["include"]) {
        reader.names()?;
    }
    if reader.eat(&["where"]) && !expression::read(reader) {
        reader.doubt();
        reader.set_at(reader.end());
    }
    if !reader.is_done() {
        reader.doubt();
        reader.set_at(reader.end());
    }
    Some(draft)
}

/// A column or an expression, with its operator class and its order.
fn key(reader: &mut Reader<'_, '_>) -> bool {
    if !expression::read(reader) {
        return false;
    }
    if !reader.is_any(&["asc", "desc", "nulls"])
        && !reader.is_done()
        && !reader.is(",")
        && reader.name().is_none()
    {
        return false;
    }
    let _ = reader.eat_any(&["asc", "desc"]);
    let _ = reader.eat(&["nulls", "first"]) || reader.eat(&["nulls", "last"]);
    true
}
