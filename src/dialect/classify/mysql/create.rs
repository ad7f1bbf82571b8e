use super::super::draft::{Draft, Mode};
use super::alter_table::{index_options, written};
use super::cost::Costs;
use super::cursor::{Cursor, Piece};
use super::statement::{self, COMMITS, runs};
use super::{data, drop};
use crate::dialect::{Action, ObjectKind};

pub(super) fn read(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    cursor.next();
    let replaces = cursor.eat_all(&["or", "replace"]);
    let mut draft = created(cursor, replaces)?;
    if replaces {
        draft.undo(None);
    }
    Some(draft)
}

fn created(mut cursor: Cursor<'_, '_>, replaces: bool) -> Option<Draft> {
    if cursor.eat("algorithm") {
        cursor.value()?;
    }
    definer(&mut cursor)?;
    if cursor.eat_all(&["sql", "security"]) {
        cursor.next()?;
    }
    let temporary = cursor.eat("temporary");
    cursor.eat_any(&["aggregate", "undo", "online", "offline"]);
    let unique = cursor.eat_any(&["unique", "fulltext", "spatial", "vector"]);
    match cursor.next()?.word.as_str() {
        "table" => table(cursor, temporary, replaces),
        "index" => index(cursor, unique),
        _ if unique.is_some() && unique != Some("spatial") => None,
        "view" => {
            let (mut draft, name) = named(&mut cursor, "create_view", ObjectKind::View)?;
            view(&mut draft, &name, cursor.rest());
            Some(draft)
        }
        "procedure" => routine(cursor, "create_procedure"),
        "function" => routine(cursor, "create_function"),
        "trigger" => trigger(cursor),
        "event" => {
            let (mut draft, _) = named(&mut cursor, "create_event", ObjectKind::Other)?;
            event_body(&mut draft, cursor);
            Some(draft)
        }
        "database" | "schema" => {
            let (mut draft, name) = named(&mut cursor, "create_database", ObjectKind::Database)?;
            if replaces {
                draft.loses(format!("replaces database {name} and all its data"));
            }
            Some(draft)
        }
        "sequence" => {
            let (mut draft, name) = named(&mut cursor, "create_sequence", ObjectKind::Sequence)?;
            if replaces {
                draft.loses(format!("replaces sequence {name} and its position"));
            }
            Some(draft)
        }
        "user" => account("create_user", "user", replaces),
        "role" => account("create_role", "role", replaces),
        "server" => replaced(named(&mut cursor, "create_server", ObjectKind::Other)?, "server", replaces),
        "library" => Some(named(&mut cursor, "create_library", ObjectKind::Function)?.0),
        "tablespace" => Some(named(&mut cursor, "create_tablespace", ObjectKind::Other)?.0),
        "logfile" if cursor.eat("group") => {
            Some(named(&mut cursor, "create_logfile_group", ObjectKind::Other)?.0)
        }
        "resource" if cursor.eat("group") => {
            Some(named(&mut cursor, "create_resource_group", ObjectKind::Other)?.0)
        }
        "reference" if unique == Some("spatial") && cursor.eat("system") => {
            let mut draft = Draft::new("create_spatial_reference_system");
            draft.commits(COMMITS);
            Some(draft)
        }
        _ => None,
    }
}

/// `DEFINER = account`, if there is one.
pub(super) fn definer(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    if cursor.eat("definer") {
        cursor.value()?;
        cursor.group();
        if cursor.peek().is_some_and(|host| host.text.starts_with('@')) {
            cursor.next();
        }
    }
    Some(())
}

fn named(cursor: &mut Cursor<'_, '_>, kind: &'static str, object: ObjectKind) -> Option<(Draft, String)> {
    let fresh = !cursor.if_not_exists();
    let name = cursor.name()?;
    let mut draft = Draft::new(kind);
    undone_by_drop(&mut draft, kind, &name, fresh);
    draft.commits(COMMITS);
    draft.object(object, &name, Action::Create);
    Some((draft, name))
}

fn undone_by_drop(draft: &mut Draft, kind: &str, name: &str, fresh: bool) {
    let noun = kind.trim_start_matches("create_").trim_end_matches("_as").replace('_', " ").to_uppercase();
    draft.undo_begins(format!("DROP {noun} "));
    draft.undo(fresh.then(|| written(name)));
}

fn replaced((mut draft, name): (Draft, String), noun: &str, replaces: bool) -> Option<Draft> {
    if replaces {
        draft.loses(format!("replaces {noun} {name}, which breaks every user of it"));
    }
    Some(draft)
}

fn account(kind: &'static str, noun: &str, replaces: bool) -> Option<Draft> {
    let mut draft = Draft::new(kind);
    draft.commits(COMMITS);
    if replaces {
        draft.loses(format!("replaces a {noun} and what it was granted"));
    }
    Some(draft)
}

fn table(mut cursor: Cursor<'_, '_>, temporary: bool, replaces: bool) -> Option<Draft> {
    let fresh = !cursor.if_not_exists() && !replaces;
    let name = cursor.name()?;
    let query = query(cursor.rest());
    let mut draft = Draft::new(if query.is_some() { "create_table_as" } else { "create_table" });
    if !temporary {
        draft.commits(COMMITS);
    }
    draft.object(ObjectKind::Table, &name, Action::Create);
    undone_by_drop(&mut draft, "create_table", &name, fresh);
    if replaces && !temporary {
        draft.loses(format!("replaces table {name} and its data"));
        draft.lock(Mode::MetadataExclusive, &name);
    }
    drop::wait(&mut cursor);
    let like = cursor.eat("like").then(|| cursor.name());
    let inside = cursor.rest().first().is_some_and(|piece| piece.text == "(");
    if inside && cursor.word_after(1) == "like" {
        let mut group = Cursor::new(cursor.group()?);
        group.next();
        draft.object(ObjectKind::Table, group.name()?, Action::Read);
    } else if let Some(like) = like {
        draft.object(ObjectKind::Table, like?, Action::Read);
    } else if cursor.is_done() {
        return None;
    }
    for at in (0..cursor.rest().len()).filter(|at| cursor.rest()[*at].word == "references") {
        if let Some(referenced) = Cursor::new(&cursor.rest()[at + 1..]).name() {
            draft.object(ObjectKind::Table, referenced, Action::Read);
        }
    }
    if let Some(query) = query {
        data::also_reads(&mut draft, query);
        draft.scans(Some(true));
    }
    Some(draft)
}

/// The query that a table is made from. `SELECT` and `WITH` begin none where they stand in an
/// expression, which is always in parentheses of its own.
fn query<'p, 'a>(pieces: &'p [Piece<'a>]) -> Option<&'p [Piece<'a>]> {
    let mut cursor = Cursor::new(pieces);
    loop {
        let is_query = matches!(cursor.word(), "select" | "values" | "table")
            || (cursor.word() == "with" && !matches!(cursor.word_after(1), "system" | "parser"));
        if is_query
            || (cursor.is_mark("(") && matches!(cursor.word_after(1), "select" | "with" | "values" | "table"))
        {
            return Some(cursor.rest());
        }
        // `PARTITION BY … (PARTITION p VALUES LESS THAN …)` is in parentheses, which are stepped over.
        if cursor.group().is_none() {
            cursor.next()?;
        }
    }
}

fn index(mut cursor: Cursor<'_, '_>, kind: Option<&str>) -> Option<Draft> {
    let fresh = !cursor.if_not_exists();
    let index = cursor.simple_name()?;
    index_options(&mut cursor)?;
    if !cursor.eat("on") {
        return None;
    }
    let table = cursor.name()?;
    cursor.group()?;
    let mut draft = Draft::new("create_index");
    draft.commits(COMMITS);
    draft.object(ObjectKind::Index, format!("{table}.{index}"), Action::Create);
    draft.object(ObjectKind::Table, &table, Action::Alter);
    draft.builds_index(Some(true));
    draft.undo_begins("DROP INDEX ");
    draft.undo(fresh.then(|| format!("{} ON {}", written(&index), written(&table))));
    let mut costs = Costs::default();
    match kind {
        Some("fulltext" | "vector") => {
            costs.builds_closed();
            costs.may_rewrite();
        }
        Some("spatial") => costs.builds_closed(),
        _ => costs.builds(),
    }
    while !cursor.is_done() {
        let before = cursor.rest().len();
        index_options(&mut cursor)?;
        costs.options(&mut cursor)?;
        drop::wait(&mut cursor);
        if cursor.rest().len() == before {
            return None;
        }
    }
    costs.apply(&mut draft, &table);
    Some(draft)
}

/// The view itself is stored, not run.
pub(super) fn view(draft: &mut Draft, name: &str, pieces: &[Piece<'_>]) {
    draft.lock(Mode::MetadataExclusive, name);
    data::also_reads(draft, pieces);
    draft.scans_later();
}

fn routine(mut cursor: Cursor<'_, '_>, kind: &'static str) -> Option<Draft> {
    let (draft, _) = named(&mut cursor, kind, ObjectKind::Function)?;
    (cursor.is_mark("(") || cursor.word() == "returns").then_some(draft)
}

fn trigger(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let (mut draft, _) = named(&mut cursor, "create_trigger", ObjectKind::Trigger)?;
    cursor.eat_any(&["before", "after"])?;
    cursor.until(|piece| piece.word == "on");
    if !cursor.eat("on") {
        return None;
    }
    let table = cursor.name()?;
    draft.lock(Mode::MetadataExclusive, &table);
    draft.object(ObjectKind::Table, table, Action::Alter);
    cursor.eat_all(&["for", "each", "row"]).then_some(draft)
}

/// An event runs by itself, so that its body counts as if it ran now.
pub(super) fn event_body(draft: &mut Draft, mut cursor: Cursor<'_, '_>) {
    cursor.until(|piece| piece.word == "do");
    if !cursor.eat("do") {
        return;
    }
    let body = statement::classify(cursor.rest())
        .filter(|body| matches!(body.kind(), "insert" | "update" | "delete" | "set"));
    match body {
        Some(body) => {
            let reads_only = draft.is_read_only();
            draft.include(body);
            draft.reads_only(reads_only);
        }
        None => runs(draft, "runs a body by itself, whose effect is not read from its text"),
    }
    draft.commits(COMMITS);
}
