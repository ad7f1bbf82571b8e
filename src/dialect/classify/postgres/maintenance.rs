//! Statements that keep a server in order, where they are plain enough to be read without a parser, and those whose
//! effect is nowhere in their text.

use super::super::draft::{Draft, Mode};
use super::expression;
use super::reader::Reader;
use crate::dialect::{Action, Blocks, ObjectKind, TokenKind};

/// The outer None is another statement, the inner one a statement that makes no sense.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Option<Draft>> {
    const VERBS: [&str; 13] = [
        "truncate", "lock", "refresh", "cluster", "repack", "vacuum", "analyze", "analyse", "reindex",
        "call", "execute", "load", "reassign",
    ];
    let draft = match reader.eat_any(&VERBS)? {
        "truncate" => truncate(reader),
        "lock" => lock(reader),
        "refresh" => refresh(reader),
        "cluster" => cluster(reader, "cluster"),
        "repack" => {
            reader.doubt();
            cluster(reader, "repack")
        }
        "vacuum" => vacuum(reader),
        "reindex" => reindex(reader),
        "call" => {
            let (name, _) = reader.words().name(reader.at())?;
            let _ = expression::read(reader);
            let mut draft = opaque("call", "runs a procedure whose effect cannot be read from its text");
            draft.object(ObjectKind::Function, name, Action::Read);
            Some(draft)
        }
        "execute" => {
            let _ = expression::read(reader);
            Some(opaque("execute", "runs a prepared statement whose effect cannot be read from its text"))
        }
        "load" => {
            reader.eat_kind(TokenKind::Str);
            Some(opaque("load", "loads a library whose effect cannot be read from its text"))
        }
        "reassign" => {
            let mut draft = Draft::new("reassign_owned");
            draft.loses(
                "gives everything that a role owns to another one, which cannot be told apart afterwards",
            );
            draft.lock_unknown();
            let _ = reader.eat(&["owned", "by"])
                && reader.skip_names().is_some()
                && reader.eat(&["to"])
                && reader.skip_name();
            Some(draft)
        }
        _ => analyze(reader),
    };
    if !reader.is_done() {
        reader.doubt();
        reader.set_at(reader.end());
    }
    Some(draft)
}

fn opaque(kind: &'static str, what: &'static str) -> Draft {
    let mut draft = Draft::new(kind);
    draft.loses(what);
    draft.lock_unknown();
    draft.cost_unknown();
    draft
}

/// The tables that are named next, each perhaps with columns.
fn tables(reader: &mut Reader<'_, '_>) -> Option<Vec<String>> {
    let mut tables = Vec::new();
    loop {
        reader.eat(&["only"]);
        tables.push(reader.name()?);
        reader.eat(&["*"]);
        if reader.is("(") {
            reader.names()?;
        }
        if !reader.eat(&[","]) {
            return Some(tables);
        }
    }
}

/// Options in parentheses, if they are there.
fn options(reader: &mut Reader<'_, '_>) -> std::ops::Range<usize> {
    let start = reader.at();
    reader.settings().unwrap_or(start..start)
}

fn truncate(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("truncate");
    reader.eat(&["table"]);
    let tables = tables(reader)?;
    let _ = reader.eat(&["restart", "identity"]) || reader.eat(&["continue", "identity"]);
    let also = if reader.eat(&["cascade"]) { ", with every table that refers to it" } else { "" };
    reader.eat(&["restrict"]);
    // The table and its indexes get new files.
    draft.rewrites(Some(true));
    draft.keeps_indexes();
    for table in tables {
        draft.lock(Mode::AccessExclusive, &table);
        draft.loses(format!("truncates {table}{also}"));
        draft.object(ObjectKind::Table, table, Action::Write);
    }
    Some(draft)
}

fn lock(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    const MODES: [(&[&str], Mode); 8] = [
        (&["access", "share"], Mode::AccessShare),
        (&["row", "share"], Mode::RowShare),
        (&["row", "exclusive"], Mode::RowExclusive),
        (&["share", "update", "exclusive"], Mode::ShareUpdateExclusive),
        (&["share", "row", "exclusive"], Mode::ShareRowExclusive),
        (&["share"], Mode::Share),
        (&["exclusive"], Mode::Exclusive),
        (&["access", "exclusive"], Mode::AccessExclusive),
    ];
    let mut draft = Draft::new("lock_table");
    reader.eat(&["table"]);
    let tables = tables(reader)?;
    let mut mode = Mode::AccessExclusive;
    if reader.eat(&["in"]) {
        mode = MODES.iter().find(|(words, _)| reader.eat(words)).map(|(_, mode)| *mode)?;
        if !reader.eat(&["mode"]) {
            return None;
        }
    }
    reader.eat(&["nowait"]);
    for table in tables {
        draft.lock(mode, &table);
        draft.object(ObjectKind::Table, table, Action::Read);
    }
    Some(draft)
}

fn refresh(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("refresh_materialized_view");
    if !reader.eat(&["materialized", "view"]) {
        return None;
    }
    let concurrently = reader.eat(&["concurrently"]);
    let name = reader.name()?;
    let _ = reader.eat(&["with", "no", "data"]) || reader.eat(&["with", "data"]);
    draft.lock(if concurrently { Mode::Exclusive } else { Mode::AccessExclusive }, &name);
    draft.object(ObjectKind::View, name, Action::Write);
    draft.rewrites(Some(!concurrently));
    draft.scans(Some(true));
    Some(draft)
}

fn cluster(reader: &mut Reader<'_, '_>, kind: &'static str) -> Option<Draft> {
    let mut draft = Draft::new(kind);
    draft.rewrites(Some(true));
    draft.scans(Some(true));
    options(reader);
    reader.eat(&["verbose"]);
    if reader.is_done() {
        draft.lock_unknown();
        draft.never("CLUSTER of all tables cannot run inside a transaction block");
        return Some(draft);
    }
    let mut table = reader.name()?;
    // As it was written before PostgreSQL 8.4: the index comes first.
    if reader.eat(&["on"]) {
        table = reader.name()?;
    } else if reader.eat(&["using"]) {
        reader.name()?;
    }
    draft.lock(Mode::AccessExclusive, &table);
    draft.object(ObjectKind::Table, table, Action::Alter);
    Some(draft)
}

fn vacuum(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("vacuum");
    let options = options(reader);
    let mut full = reader.words().find(options, &["full"]).is_some();
    while let Some(option) = reader.eat_any(&["full", "freeze", "verbose", "analyze", "analyse"]) {
        full |= option == "full";
    }
    if !reader.is_done() {
        for table in tables(reader)? {
            draft.lock(if full { Mode::AccessExclusive } else { Mode::ShareUpdateExclusive }, &table);
            draft.object(ObjectKind::Table, table, Action::Alter);
        }
    }
    draft.rewrites(Some(full));
    draft.scans(Some(true));
    draft.never("VACUUM cannot run inside a transaction block");
    Some(draft)
}

fn analyze(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("analyze");
    options(reader);
    reader.eat(&["verbose"]);
    if !reader.is_done() {
        for table in tables(reader)? {
            draft.lock(Mode::ShareUpdateExclusive, &table);
            draft.object(ObjectKind::Table, table, Action::Read);
        }
    }
    Some(draft)
}

fn reindex(reader: &mut Reader<'_, '_>) -> Option<Draft> {
    let mut draft = Draft::new("reindex");
    draft.scans(Some(true));
    // The index is built anew; the table is not.
    draft.builds_index(Some(true));
    let options = options(reader);
    let target = reader.eat_any(&["index", "table", "schema", "database", "system"])?;
    let concurrently =
        reader.eat(&["concurrently"]) || reader.words().find(options, &["concurrently"]).is_some();
    if concurrently {
        draft.never("REINDEX CONCURRENTLY cannot run inside a transaction block");
    }
    let name = if reader.is_done() { String::new() } else { reader.name()? };
    match target {
        "table" => {
            draft.lock(if concurrently { Mode::ShareUpdateExclusive } else { Mode::Share }, &name);
            draft.object(ObjectKind::Table, name, Action::Alter);
            if !concurrently {
                // Its indexes are locked against everybody, and whoever reads the table opens them.
                draft.blocks(Some(Blocks::Everything));
            }
        }
        "index" => {
            draft.object(ObjectKind::Index, &name, Action::Alter);
            if !concurrently {
                // SHARE on the table, which the text does not name; ACCESS EXCLUSIVE on the index.
                draft.lock(Mode::AccessExclusive, &name);
            }
        }
        "schema" => {
            draft.object(ObjectKind::Schema, name, Action::Alter);
            draft.never("REINDEX SCHEMA cannot run inside a transaction block");
            if !concurrently {
                draft.lock_unknown();
            }
        }
        _ => {
            draft.object(ObjectKind::Database, name, Action::Alter);
            draft.never("REINDEX DATABASE and REINDEX SYSTEM cannot run inside a transaction block");
            if !concurrently {
                draft.lock_unknown();
            }
        }
    }
    Some(draft)
}
