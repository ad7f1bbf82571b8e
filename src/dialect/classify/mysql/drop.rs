use super::super::draft::{Draft, Mode};
use super::alter_table::written;
use super::cost::Costs;
use super::cursor::{Cursor, list};
use super::statement::COMMITS;
use crate::dialect::{Action, ObjectKind};

const READERS: &str = ", which breaks every reader of it";
const CALLERS: &str = ", which breaks every caller of it";
const USERS: &str = ", which breaks every user of it";

/// Words after `DROP`, kind, noun, object kind and, where it is destructive, what goes with it.
type Row = (&'static [&'static str], &'static str, &'static str, ObjectKind, Option<&'static str>);

const OBJECTS: [Row; 22] = [
    (&["table"], "drop_table", "table", ObjectKind::Table, Some(" and its data")),
    (&["tables"], "drop_table", "table", ObjectKind::Table, Some(" and its data")),
    (&["view"], "drop_view", "view", ObjectKind::View, Some(READERS)),
    (&["database"], "drop_database", "database", ObjectKind::Database, Some(" and all its data")),
    (&["schema"], "drop_database", "database", ObjectKind::Database, Some(" and all its data")),
    (&["procedure"], "drop_procedure", "procedure", ObjectKind::Function, Some(CALLERS)),
    (&["function"], "drop_function", "function", ObjectKind::Function, Some(CALLERS)),
    (&["package", "body"], "drop_package", "package body", ObjectKind::Function, Some(CALLERS)),
    (&["package"], "drop_package", "package", ObjectKind::Function, Some(CALLERS)),
    (&["library"], "drop_library", "library", ObjectKind::Function, Some(CALLERS)),
    (&["trigger"], "drop_trigger", "trigger", ObjectKind::Trigger, None),
    (&["event"], "drop_event", "event", ObjectKind::Other, None),
    (&["sequence"], "drop_sequence", "sequence", ObjectKind::Sequence, Some(" and its position")),
    (&["user"], "drop_user", "user", ObjectKind::Other, Some(USERS)),
    (&["role"], "drop_role", "role", ObjectKind::Other, Some(USERS)),
    (&["server"], "drop_server", "server", ObjectKind::Other, Some(USERS)),
    (&["tablespace"], "drop_tablespace", "tablespace", ObjectKind::Other, Some(" and its data")),
    (&["undo", "tablespace"], "drop_tablespace", "tablespace", ObjectKind::Other, Some(" and its data")),
    (&["logfile", "group"], "drop_logfile_group", "logfile group", ObjectKind::Other, Some(USERS)),
    (&["resource", "group"], "drop_resource_group", "resource group", ObjectKind::Other, Some(USERS)),
    (
        &["spatial", "reference", "system"],
        "drop_spatial_reference_system",
        "spatial reference system",
        ObjectKind::Other,
        Some(USERS),
    ),
    (&["index"], "drop_index", "index", ObjectKind::Index, None),
];

/// `DROP`, `RENAME` and `TRUNCATE`.
pub(super) fn read(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    match cursor.next()?.word.as_str() {
        "drop" => drop(cursor),
        "rename" if cursor.eat_any(&["table", "tables"]).is_some() => rename_tables(cursor),
        "rename" if cursor.eat("user") => {
            let mut draft = Draft::new("rename_user");
            draft.commits(COMMITS);
            draft.loses("renames users, which breaks every user of the old names");
            Some(draft)
        }
        "truncate" => truncate(cursor),
        _ => None,
    }
}

fn drop(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let temporary = cursor.eat("temporary");
    if !temporary && matches!(cursor.word(), "index") {
        return index(cursor);
    }
    let (_, kind, noun, object, loss) = OBJECTS.iter().copied().find(|(words, ..)| cursor.eat_all(words))?;
    let tables = matches!(object, ObjectKind::Table | ObjectKind::Sequence);
    if temporary && !tables {
        return None;
    }
    let mut draft = Draft::new(kind);
    if !temporary {
        draft.commits(COMMITS);
    }
    cursor.if_exists();
    let names = cursor.until(|piece| {
        matches!(piece.word.as_str(), "restrict" | "cascade" | "wait" | "nowait" | "engine")
            || piece.text == "="
    });
    for name in list(names) {
        let name = if matches!(kind, "drop_user" | "drop_role") {
            account(name)?
        } else {
            let mut name = Cursor::new(name);
            let found = name.name().or_else(|| name.next().map(|number| number.text.to_owned()))?;
            if !name.is_done() {
                return None;
            }
            found
        };
        if matches!(object, ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence) && !temporary {
            draft.lock(Mode::MetadataExclusive, &name);
        }
        if let Some(loss) = loss.filter(|_| !temporary) {
            draft.loses(format!("drops {noun} {name}{loss}"));
        }
        draft.object(object, name, Action::Drop);
    }
    // The table of a trigger, and everything in a database, are known to the catalogue alone.
    if matches!(kind, "drop_trigger" | "drop_database") {
        draft.lock_unknown();
    }
    Some(draft)
}

/// An account as written, without what quotes it.
fn account(pieces: &[super::cursor::Piece<'_>]) -> Option<String> {
    let name: String = pieces.iter().map(|piece| piece.text.replace(['\'', '"', '`'], "")).collect();
    (!name.is_empty()).then_some(name)
}

fn index(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    cursor.next();
    cursor.if_exists();
    let index = cursor.simple_name()?;
    if !cursor.eat("on") {
        return None;
    }
    let table = cursor.name()?;
    let mut draft = Draft::new("drop_index");
    draft.commits(COMMITS);
    draft.object(ObjectKind::Index, format!("{table}.{index}"), Action::Drop);
    draft.object(ObjectKind::Table, &table, Action::Alter);
    let mut costs = Costs::default();
    if index.eq_ignore_ascii_case("primary") {
        costs.drops_key();
        draft.loses_part(
            &[("constraint", &format!("{table}.PRIMARY")), ("table", &table)],
            format!("drops the primary key of table {table}, by which its rows are told apart"),
        );
    }
    costs.options(&mut cursor)?;
    costs.apply(&mut draft, &table);
    cursor.is_done().then_some(draft)
}

fn rename_tables(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("rename_table");
    draft.commits(COMMITS);
    draft.undo_begins("RENAME TABLE ");
    cursor.if_exists();
    for pair in list(cursor.rest()) {
        let mut pair = Cursor::new(pair);
        let table = pair.name()?;
        wait(&mut pair);
        if !pair.eat("to") {
            return None;
        }
        let new = pair.name()?;
        if !pair.is_done() {
            return None;
        }
        draft.undo(Some(format!("{} TO {}", written(&new), written(&table))));
        draft.lock(Mode::MetadataExclusive, &table);
        draft.loses(format!("renames table {table}, which breaks every reader of the old name"));
        draft.object(ObjectKind::Table, table, Action::Alter);
    }
    Some(draft)
}

fn truncate(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    cursor.eat("table");
    let table = cursor.name()?;
    let mut draft = Draft::new("truncate");
    draft.commits(COMMITS);
    draft.lock(Mode::MetadataExclusive, &table);
    draft.loses(format!("truncates {table}"));
    draft.object(ObjectKind::Table, table, Action::Write);
    wait(&mut cursor);
    cursor.is_done().then_some(draft)
}

/// MariaDB's `WAIT n` and `NOWAIT`.
pub(super) fn wait(cursor: &mut Cursor<'_, '_>) {
    if !cursor.eat("nowait") && cursor.eat("wait") {
        cursor.next();
    }
}
