//! What `sqlite_schema` and the table pragmas say.

use rusqlite::Connection;

use super::super::DbError;
use super::super::session::{Column, Surroundings, Table, TableName};
use super::super::sql::{grouped, table_names};
use super::connection::run;
use super::session::quoted;
use crate::dialect::{self, Dialect, Object, ObjectKind, TokenKind};

/// The schema's own text of each object and of what hangs on it.
pub(super) fn definition(db: &Connection, objects: &[Object]) -> Result<Option<Vec<String>>, DbError> {
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
    let answer = run(db, &sql, u64::MAX)?;
    Ok(Some(answer.rows.into_iter().flatten().flatten().collect()))
}

pub(super) fn tables(db: &Connection) -> Result<Vec<TableName>, DbError> {
    let sql = "SELECT NULL, name, 't' FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#' \
               AND name NOT IN ('rollbook_journal', 'rollbook_lease', 'rollbook_control') ORDER BY name";
    Ok(table_names(&run(db, sql, u64::MAX)?))
}

pub(super) fn describe(db: &Connection, table: &str) -> Result<Option<Table>, DbError> {
    let table = pragma_arguments(table);
    let sql = format!("SELECT name, type, \"notnull\", pk, dflt_value FROM pragma_table_info({table})");
    let answer = run(db, &sql, u64::MAX)?;
    if answer.rows.is_empty() {
        return Ok(None);
    }
    let mut found = Table::default();
    let mut key: Vec<(u32, String)> = Vec::new();
    for row in 0..answer.rows.len() {
        let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
        found.columns.push(Column {
            name: cell(0).to_owned(),
            kind: cell(1).to_owned(),
            nullable: cell(2) == "0",
            default: answer.cell(row, 4).map(str::to_owned),
            collation: None,
            // The pragma leaves generated columns out.
            generated: false,
        });
        if let Some(place) = cell(3).parse().ok().filter(|place| *place > 0) {
            key.push((place, cell(0).to_owned()));
        }
    }
    key.sort();
    let primary_key: Vec<String> = key.into_iter().map(|(_, name)| name).collect();
    let unique = unique_indexes(db, &table, &primary_key)?;
    found.primary_key = primary_key;
    found.unique = unique;
    Ok(Some(found))
}

/// `INTEGER PRIMARY KEY` is the table itself and no index of it (sqlite.org/lang_createtable.html, section 5).
fn unique_indexes(db: &Connection, table: &str, primary_key: &[String]) -> Result<Vec<Vec<String>>, DbError> {
    let sql = format!(
        "SELECT i.name, c.name FROM pragma_index_list({table}) i, pragma_index_info(i.name) c \
         WHERE i.\"unique\" AND NOT i.partial ORDER BY i.seq DESC, c.seqno"
    );
    let answer = run(db, &sql, u64::MAX)?;
    let mut unique = grouped(&answer);
    if !primary_key.is_empty() && !unique.iter().any(|key| key == primary_key) {
        unique.insert(0, primary_key.to_vec());
    }
    Ok(unique)
}

/// A table's name as the pragma functions take it: `'t'`, or `'t', 'main'`.
fn pragma_arguments(name: &str) -> String {
    let tokens = dialect::lex(Dialect::Sqlite, name);
    let parts = tokens.iter().filter(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdent));
    let mut parts: Vec<String> = parts
        .map(|token| {
            let text = &name[token.span.start..token.span.end];
            let bare = match token.kind {
                TokenKind::QuotedIdent => text[1..text.len() - 1].replace("\"\"", "\"").replace("``", "`"),
                _ => text.to_owned(),
            };
            quoted(&bare)
        })
        .collect();
    parts.reverse();
    parts.join(", ")
}

pub(super) fn surroundings(db: &Connection, table: &str) -> Result<Surroundings, DbError> {
    let arguments = pragma_arguments(table);
    let name = arguments.split(", ").next().unwrap_or_default();
    let mut found = Surroundings::default();
    // SQLite keeps no estimate, and counts over the smallest index.
    let rows = run(db, &format!("SELECT count(*) FROM {table}"), 1)?;
    found.rows = rows.single().and_then(|rows| rows.parse().ok());
    let sql = format!(
        "SELECT type || ' ' || name FROM sqlite_schema \
         WHERE type IN ('index', 'trigger') AND tbl_name = {name} COLLATE NOCASE AND sql IS NOT NULL \
         UNION SELECT 'view ' || name FROM sqlite_schema \
               WHERE type = 'view' AND instr(lower(sql), lower({name})) > 0 \
         UNION SELECT 'foreign key of ' || s.name FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f \
               WHERE s.type = 'table' AND f.\"table\" = {name} COLLATE NOCASE \
         ORDER BY 1"
    );
    found.dependants = run(db, &sql, u64::MAX)?.rows.into_iter().flatten().flatten().collect();
    Ok(found)
}
