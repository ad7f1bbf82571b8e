use sqlite3_parser::ast::{Cmd, CreateTableBody, InsertBody, Name, QualifiedName, Stmt};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator as _};

use super::super::draft::Draft;
use super::super::spelling::spelled;
use super::{alter_table, data, pragma};
use crate::dialect::{Action, Dialect, ObjectKind};

/// None where the text is not one statement that the parser accepts.
pub(in super::super) fn read(sql: &str) -> Option<Draft> {
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, sql.as_bytes());
    let (Ok(Some(command)), Ok(None)) = (parser.next(), parser.next()) else { return None };
    Some(match &command {
        Cmd::Stmt(statement) => classify(statement),
        Cmd::Explain(_) | Cmd::ExplainQueryPlan(_) => {
            let mut draft = Draft::new("explain");
            draft.reads_only(true);
            draft
        }
    })
}

fn classify(statement: &Stmt) -> Draft {
    match statement {
        Stmt::AlterTable(table, body) => alter_table::read(&full_name(table), body),
        Stmt::Select(select) => {
            let mut draft = Draft::new("select");
            data::select(&mut draft, select, &[]);
            draft.reads_only(true);
            draft
        }
        Stmt::Insert { .. } | Stmt::Update { .. } | Stmt::Delete { .. } => write(statement),
        Stmt::CreateTable { .. }
        | Stmt::CreateIndex { .. }
        | Stmt::CreateView { .. }
        | Stmt::CreateTrigger { .. }
        | Stmt::CreateVirtualTable { .. } => create(statement),
        Stmt::DropTable { tbl_name, .. } => {
            // With foreign keys on, ON DELETE CASCADE takes the rows that refer to it as well.
            lossy_drop("drop_table", ObjectKind::Table, tbl_name, "drops table", " and its data")
        }
        Stmt::DropView { view_name, .. } => lossy_drop(
            "drop_view",
            ObjectKind::View,
            view_name,
            "drops view",
            ", which breaks every reader of it",
        ),
        Stmt::DropIndex { idx_name, .. } => drop("drop_index", ObjectKind::Index, &full_name(idx_name)),
        Stmt::DropTrigger { trigger_name, .. } => {
            drop("drop_trigger", ObjectKind::Trigger, &full_name(trigger_name))
        }
        Stmt::Pragma(name, body) => pragma::read(&plain(&name.name), body.is_some()),
        Stmt::Analyze(name) => rebuild("analyze", name.as_ref()),
        Stmt::Reindex { obj_name } => {
            let mut draft = rebuild("reindex", obj_name.as_ref());
            draft.builds_index(Some(true));
            draft
        }
        Stmt::Vacuum(_, into) => {
            let mut draft = Draft::new("vacuum");
            draft.never("VACUUM cannot run inside a transaction");
            draft.scans(Some(true));
            if into.is_none() {
                draft.rewrites(Some(true));
                draft.lock_named("EXCLUSIVE", "main", crate::dialect::Blocks::Everything);
            }
            draft
        }
        Stmt::Attach { .. } => {
            let mut draft = Draft::new("attach");
            draft.never("ATTACH is not undone by a rollback, and older releases refuse it in a transaction");
            draft
        }
        Stmt::Detach(_) => {
            let mut draft = Draft::new("detach");
            draft.never("DETACH cannot run inside a transaction");
            draft
        }
        Stmt::Begin(..) => control("begin"),
        Stmt::Commit(_) => control("commit"),
        Stmt::Rollback { .. } => control("rollback"),
        Stmt::Savepoint(_) => control("savepoint"),
        Stmt::Release(_) => control("release_savepoint"),
    }
}

fn control(kind: &'static str) -> Draft {
    let mut draft = Draft::new(kind);
    draft.control();
    draft
}

fn drop(kind: &'static str, object: ObjectKind, name: &str) -> Draft {
    let mut draft = Draft::new(kind);
    draft.lock_database();
    draft.object(object, name, Action::Drop);
    draft
}

fn lossy_drop(kind: &'static str, object: ObjectKind, name: &QualifiedName, what: &str, loss: &str) -> Draft {
    let name = full_name(name);
    let mut draft = drop(kind, object, &name);
    draft.loses(format!("{what} {name}{loss}"));
    draft
}

fn rebuild(kind: &'static str, name: Option<&QualifiedName>) -> Draft {
    let mut draft = Draft::new(kind);
    draft.lock_database();
    draft.scans(Some(true));
    if let Some(name) = name {
        // A table, an index or (for REINDEX) a collation: the schema tells.
        draft.object(ObjectKind::Other, full_name(name), Action::Alter);
    }
    draft
}

fn write(statement: &Stmt) -> Draft {
    let mut names = Vec::new();
    match statement {
        Stmt::Insert { with, or_conflict, tbl_name, body, .. } => {
            let mut draft = begin_write("insert", tbl_name);
            data::with(&mut draft, with.as_ref(), &mut names);
            if let InsertBody::Select(select, _) = body {
                data::select(&mut draft, select, &names);
            }
            data::replaces(&mut draft, *or_conflict, &full_name(tbl_name));
            draft
        }
        Stmt::Update { with, or_conflict, tbl_name, from, where_clause, .. } => {
            let mut draft = begin_write("update", tbl_name);
            data::with(&mut draft, with.as_ref(), &mut names);
            if let Some(from) = from {
                data::from(&mut draft, from, &names);
            }
            let every = data::is_unrestricted(where_clause.as_ref());
            if every {
                draft.loses(format!("overwrites every row of {}", full_name(tbl_name)));
            }
            draft.scans(every.then_some(true));
            data::replaces(&mut draft, *or_conflict, &full_name(tbl_name));
            draft
        }
        Stmt::Delete { with, tbl_name, where_clause, .. } => {
            let mut draft = begin_write("delete", tbl_name);
            data::with(&mut draft, with.as_ref(), &mut names);
            let every = data::is_unrestricted(where_clause.as_ref());
            let rows = if every { "every row" } else { "rows" };
            draft.loses(format!("deletes {rows} of {}", full_name(tbl_name)));
            draft.scans(every.then_some(true));
            draft
        }
        _ => Draft::unknown(),
    }
}

fn begin_write(kind: &'static str, table: &QualifiedName) -> Draft {
    let mut draft = Draft::new(kind);
    draft.lock_database();
    draft.object(ObjectKind::Table, full_name(table), Action::Write);
    draft
}

fn create(statement: &Stmt) -> Draft {
    let (kind, object, name) = match statement {
        Stmt::CreateTable { tbl_name, body: CreateTableBody::AsSelect(_), .. } => {
            ("create_table_as", ObjectKind::Table, tbl_name)
        }
        Stmt::CreateTable { tbl_name, .. } => ("create_table", ObjectKind::Table, tbl_name),
        Stmt::CreateIndex { idx_name, .. } => ("create_index", ObjectKind::Index, idx_name),
        Stmt::CreateView { view_name, .. } => ("create_view", ObjectKind::View, view_name),
        Stmt::CreateTrigger { trigger_name, .. } => ("create_trigger", ObjectKind::Trigger, trigger_name),
        Stmt::CreateVirtualTable { tbl_name, .. } => ("create_virtual_table", ObjectKind::Table, tbl_name),
        _ => return Draft::unknown(),
    };
    let mut draft = Draft::new(kind);
    let temporary = match statement {
        Stmt::CreateTable { temporary, .. }
        | Stmt::CreateView { temporary, .. }
        | Stmt::CreateTrigger { temporary, .. } => *temporary,
        _ => false,
    };
    // It stands in a file of the connection's own.
    let own = name.db_name.as_ref().is_some_and(|schema| plain(schema).eq_ignore_ascii_case("temp"));
    if !temporary && !own {
        draft.lock_database();
    }
    draft.object(object, full_name(name), Action::Create);
    let noun = match object {
        ObjectKind::Index => "INDEX",
        ObjectKind::View => "VIEW",
        ObjectKind::Trigger => "TRIGGER",
        _ => "TABLE",
    };
    let fresh = !matches!(
        statement,
        Stmt::CreateTable { if_not_exists: true, .. }
            | Stmt::CreateIndex { if_not_exists: true, .. }
            | Stmt::CreateView { if_not_exists: true, .. }
            | Stmt::CreateTrigger { if_not_exists: true, .. }
            | Stmt::CreateVirtualTable { if_not_exists: true, .. }
    );
    draft.undo_begins(format!("DROP {noun} "));
    draft.undo(fresh.then(|| spelled(Dialect::Sqlite, &full_name(name))));
    match statement {
        Stmt::CreateTable { body: CreateTableBody::AsSelect(select), .. } => {
            data::select(&mut draft, select, &[]);
            draft.scans(Some(true));
        }
        Stmt::CreateView { select, .. } => {
            data::select(&mut draft, select, &[]);
            draft.scans_later();
        }
        Stmt::CreateIndex { tbl_name, .. } => {
            draft.object(ObjectKind::Table, plain(tbl_name), Action::Alter);
            let builds = if fresh { Some(true) } else { None };
            draft.scans(builds);
            draft.builds_index(builds);
        }
        Stmt::CreateTrigger { tbl_name, .. } => {
            draft.object(ObjectKind::Table, full_name(tbl_name), Action::Alter);
        }
        _ => {}
    }
    draft
}

/// With its schema as written.
pub(super) fn full_name(name: &QualifiedName) -> String {
    match &name.db_name {
        Some(schema) => format!("{}.{}", plain(schema), plain(&name.name)),
        None => plain(&name.name),
    }
}

/// Without its quotes; SQLite keeps the case.
pub(super) fn plain(name: &Name) -> String {
    let inside = |open: char, close: char| {
        let inside = name.0.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        inside.map(|inside| (inside, close))
    };
    match inside('"', '"').or(inside('`', '`')).or(inside('\'', '\'')).or(inside('[', ']')) {
        Some((inside, ']')) => inside.to_owned(),
        Some((inside, quote)) => inside.replace(&format!("{quote}{quote}"), &quote.to_string()),
        None => name.0.to_owned(),
    }
}
