//! What `sqlite_schema` and the table pragmas say.

use sqlx::sqlite::SqliteConnection;

use super::super::DbError;
use super::super::session::{Column, Table};
use super::session::{quoted, run};
use crate::dialect::{Object, ObjectKind};

/// The schema's own text of each object and of what hangs on it.
pub(super) async fn definition(
    conn: &mut SqliteConnection,
    objects: &[Object],
) -> Result<Option<Vec<String>>, DbError> {
    let held = |object: &&Object| !matches!(object.kind, ObjectKind::Column | ObjectKind::Constraint);
    let names: Vec<String> =
        objects.iter().filter(held).map(|object| quoted(&object.name).to_lowercase()).collect();
    if names.is_empty() {
        return Ok(None);
    }
    let names = names.join(", ");
    let sql = format!(
        "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema \
         WHERE lower(name) IN ({names}) OR lower(tbl_name) IN ({names}) ORDER BY 1"
    );
    let answer = run(conn, &sql, u64::MAX).await?;
    Ok(Some(answer.rows.into_iter().flatten().flatten().collect()))
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
