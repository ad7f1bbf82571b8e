//! What the system catalogs say.

use sqlx::postgres::PgConnection;

use super::super::DbError;
use super::super::session::{Column, Presence, Table};
use super::session::{quoted, run};
use crate::dialect::{Object, ObjectKind};

pub(super) struct ServerFacts {
    pub version: String,
    pub database: String,
    pub database_oid: String,
    pub user: String,
    pub system: String,
    pub pid: String,
    pub has_journal: bool,
}

/// One round trip. `pg_control_system()` names the cluster: the same database name on another
/// server, or restored into another cluster, is another target (PostgreSQL manual, 9.27.11).
pub(super) async fn about_server(conn: &mut PgConnection) -> Result<ServerFacts, DbError> {
    let sql = "SELECT current_setting('server_version'), current_database(), \
               (SELECT oid FROM pg_database WHERE datname = current_database()), current_user, \
               CASE WHEN has_function_privilege('pg_control_system()', 'execute') \
                    THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '-' END, \
               pg_backend_pid(), to_regclass('rollbook.journal') IS NOT NULL";
    let answer = run(conn, sql.to_owned(), 1).await?;
    let cell = |i: usize| answer.cell(0, i).unwrap_or_default().to_owned();
    Ok(ServerFacts {
        // `15.18 (Debian 15.18-0+deb12u1)`: the packager's words are not the server's version.
        version: cell(0).split(' ').next().unwrap_or_default().to_owned(),
        database: cell(1),
        database_oid: cell(2),
        user: cell(3),
        system: cell(4),
        pid: cell(5),
        has_journal: cell(6) == "t",
    })
}

pub(super) async fn probe(conn: &mut PgConnection, object: &Object) -> Result<Presence, DbError> {
    let name = quoted(&object.name);
    // Names are unquoted already, so they are compared as they are and never parsed again.
    let called = |column: &str, visible: &str| {
        format!("(({column} = {name} AND {visible}) OR n.nspname || '.' || {column} = {name})")
    };
    let class = called("c.relname", "pg_table_is_visible(c.oid)");
    let relation = format!("FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {class}");
    let sql = match object.kind {
        ObjectKind::Index => format!(
            "SELECT CASE WHEN i.indisvalid AND i.indisready THEN 'present' ELSE 'invalid' END \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_index i ON i.indexrelid = c.oid WHERE {class}"
        ),
        ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence => format!("SELECT 'present' {relation}"),
        ObjectKind::Type => format!(
            "SELECT 'present' FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {}",
            called("t.typname", "pg_type_is_visible(t.oid)")
        ),
        ObjectKind::Schema => format!("SELECT 'present' FROM pg_namespace n WHERE n.nspname = {name}"),
        ObjectKind::Database => format!("SELECT 'present' FROM pg_database WHERE datname = {name}"),
        _ => return Ok(Presence::Unknown),
    };
    let answer = run(conn, sql, 1).await?;
    Ok(match answer.single() {
        None => Presence::Absent,
        Some("invalid") => Presence::Invalid,
        Some(_) => Presence::Present,
    })
}

pub(super) async fn describe(conn: &mut PgConnection, table: &str) -> Result<Option<Table>, DbError> {
    let name = quoted(table);
    let sql = format!(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
                coalesce(array_position(i.indkey::int2[], a.attnum), -1) \
         FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary \
         WHERE a.attrelid = to_regclass({name}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    );
    let answer = run(conn, sql, u64::MAX).await?;
    if answer.rows.is_empty() {
        return Ok(None);
    }
    let mut columns = Vec::new();
    let mut key: Vec<(i64, String)> = Vec::new();
    for row in 0..answer.rows.len() {
        let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
        columns.push(Column { name: cell(0).to_owned(), kind: cell(1).to_owned(), nullable: cell(2) != "t" });
        if let Some(place) = cell(3).parse().ok().filter(|place| *place >= 0) {
            key.push((place, cell(0).to_owned()));
        }
    }
    key.sort();
    Ok(Some(Table { columns, primary_key: key.into_iter().map(|(_, name)| name).collect() }))
}
