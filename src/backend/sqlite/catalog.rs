//! What `sqlite_schema` and the table pragmas say.

use sqlx::sqlite::SqliteConnection;

use super::super::DbError;
use super::super::session::{Column, Presence, Table};
use super::session::{quoted, run};
use crate::dialect::{Object, ObjectKind};

pub(super) async fn probe(conn: &mut SqliteConnection, object: &Object) -> Result<Presence, DbError> {
    let kind = match object.kind {
        ObjectKind::Table => "table",
        ObjectKind::Index => "index",
        ObjectKind::View => "view",
        ObjectKind::Trigger => "trigger",
        _ => return Ok(Presence::Unknown),
    };
    let sql = format!(
        "SELECT 1 FROM sqlite_schema WHERE type = '{kind}' AND name = {} COLLATE NOCASE",
        quoted(&object.name)
    );
    let found = run(conn, &sql, 1).await?.returned > 0;
    Ok(if found { Presence::Present } else { Presence::Absent })
}

pub(super) async fn describe(conn: &mut SqliteConnection, table: &str) -> Result<Option<Table>, DbError> {
    let sql = format!("SELECT name, type, \"notnull\", pk FROM pragma_table_info({})", quoted(table));
    let answer = run(conn, &sql, u64::MAX).await?;
    if answer.rows.is_empty() {
        return Ok(None);
    }
    let mut columns = Vec::new();
    let mut key: Vec<(u32, String)> = Vec::new();
    for row in 0..answer.rows.len() {
        let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
        columns.push(Column { name: cell(0).to_owned(), kind: cell(1).to_owned(), nullable: cell(2) == "0" });
        if let Some(place) = cell(3).parse().ok().filter(|place| *place > 0) {
            key.push((place, cell(0).to_owned()));
        }
    }
    key.sort();
    Ok(Some(Table { columns, primary_key: key.into_iter().map(|(_, name)| name).collect() }))
}
