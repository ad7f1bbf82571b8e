//! What the system catalogs say.

use sqlx::postgres::PgConnection;

use super::super::DbError;
use super::super::session::{Column, InvalidIndex, Surroundings, Table, TableName};
use super::super::sql::{grouped, table_names};
use super::session::{quoted, run};
use crate::dialect::{Facts, Object, ObjectKind};

pub(super) struct ServerFacts {
    pub version: String,
    pub database: String,
    pub database_oid: String,
    pub user: String,
    pub system: String,
    pub pid: String,
    pub journal: Journal,
}

/// What of the journal's tables is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    None,
    /// The lease alone: what was done here is known to nobody any more.
    Lost,
    Whole,
}

/// One round trip. `pg_control_system()` names the cluster: the same database name on another
/// server, or restored into another cluster, is another target (PostgreSQL manual, 9.27.11).
pub(super) async fn about_server(conn: &mut PgConnection) -> Result<ServerFacts, DbError> {
    let sql = "SELECT current_setting('server_version'), current_database(), \
               (SELECT oid FROM pg_database WHERE datname = current_database()), current_user, \
               CASE WHEN has_function_privilege('pg_control_system()', 'execute') \
                    THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '-' END, \
               pg_backend_pid(), \
               (SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class c \
                JOIN pg_namespace n ON n.oid = c.relnamespace \
                WHERE n.nspname = 'rollbook' AND c.relname IN ('journal', 'lease'))";
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
        journal: match cell(6).as_str() {
            "journal lease" => Journal::Whole,
            "lease" => Journal::Lost,
            _ => Journal::None,
        },
    })
}

/// Object kinds that `definition.sql` describes by their own name. A column, a constraint and a trigger
/// are parts of a table, which the statement names too.
fn is_described(kind: ObjectKind) -> bool {
    use ObjectKind as K;
    matches!(
        kind,
        K::Table | K::Index | K::View | K::Type | K::Sequence | K::Function | K::Schema | K::Database
    )
}

/// The names of the objects and their tables as a list of literals.
fn names(objects: &[Object]) -> String {
    let names: Vec<String> = objects.iter().map(|object| quoted(&object.name)).collect();
    names.join(", ")
}

pub(super) async fn definition(
    conn: &mut PgConnection,
    objects: &[Object],
) -> Result<Option<Vec<String>>, DbError> {
    let has_table = objects.iter().any(|o| matches!(o.kind, ObjectKind::Table | ObjectKind::View));
    let described = |object: &Object| match object.kind {
        ObjectKind::Column | ObjectKind::Constraint | ObjectKind::Trigger => has_table,
        kind => is_described(kind),
    };
    if objects.is_empty() || !objects.iter().all(described) {
        return Ok(None);
    }
    let sql = include_str!("definition.sql").replace("{names}", &names(objects));
    let answer = run(conn, sql, u64::MAX).await?;
    Ok(Some(answer.rows.into_iter().flatten().flatten().collect()))
}

/// Indexes of the statement's names that are not valid, and for `REINDEX` the copies that it makes
/// under names of its own (PostgreSQL manual, REINDEX, "Rebuilding Indexes Concurrently").
pub(super) async fn invalid_indexes(
    conn: &mut PgConnection,
    statement: &Facts,
) -> Result<Vec<InvalidIndex>, DbError> {
    let builds = statement.kind == "create_index";
    if !(builds || statement.kind == "reindex") || statement.objects.is_empty() {
        return Ok(Vec::new());
    }
    let left = if builds {
        "(c.relname = name AND pg_table_is_visible(c.oid)) OR n.nspname || '.' || c.relname = name"
    } else {
        "c.relname ~ '_cc(new|old)[0-9]*$' AND (to_regclass(name) IN (i.indrelid) \
         OR EXISTS (SELECT 1 FROM pg_index o WHERE o.indexrelid = to_regclass(name) AND o.indrelid = i.indrelid))"
    };
    let sql = format!(
        "SELECT format('%I.%I', n.nspname, c.relname), p.pid FROM pg_index i \
         JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_stat_progress_create_index p ON p.index_relid = i.indexrelid \
         WHERE NOT (i.indisvalid AND i.indisready) \
         AND EXISTS (SELECT 1 FROM unnest(ARRAY[{}]::text[]) named (name) WHERE {left}) ORDER BY 1",
        names(&statement.objects)
    );
    let answer = run(conn, sql, u64::MAX).await?;
    let index = |row: usize| {
        let name = answer.cell(row, 0).unwrap_or_default().to_owned();
        InvalidIndex {
            removal: format!("DROP INDEX CONCURRENTLY {name}"),
            name,
            builder: answer.cell(row, 1).map(|pid| format!("server process {pid}")),
        }
    };
    Ok((0..answer.rows.len()).map(index).collect())
}

pub(super) async fn tables(conn: &mut PgConnection) -> Result<Vec<TableName>, DbError> {
    let sql = "SELECT n.nspname, c.relname, pg_table_is_visible(c.oid) FROM pg_class c \
               JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' \
               AND n.nspname NOT IN ('information_schema', 'rollbook') ORDER BY 3 DESC, 2, 1";
    Ok(table_names(&run(conn, sql.to_owned(), u64::MAX).await?))
}

pub(super) async fn describe(conn: &mut PgConnection, table: &str) -> Result<Option<Table>, DbError> {
    let name = quoted(table);
    let sql = format!(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, \
                coalesce(array_position(i.indkey::int2[], a.attnum), -1), \
                CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END, a.attgenerated <> '', \
                (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.collname) FROM pg_collation c \
                 JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid = a.attcollation AND a.attcollation <> \
                 (SELECT typcollation FROM pg_type WHERE oid = a.atttypid)) \
         FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary \
              LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attrelid = to_regclass({name}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    );
    let answer = run(conn, sql, u64::MAX).await?;
    if answer.rows.is_empty() {
        return Ok(None);
    }
    let mut found = Table::default();
    let mut key: Vec<(i64, String)> = Vec::new();
    for row in 0..answer.rows.len() {
        let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
        found.columns.push(Column {
            name: cell(0).to_owned(),
            kind: cell(1).to_owned(),
            nullable: cell(2) != "t",
            default: answer.cell(row, 4).map(str::to_owned),
            collation: answer.cell(row, 6).map(str::to_owned),
            generated: cell(5) == "t",
        });
        if let Some(place) = cell(3).parse().ok().filter(|place| *place >= 0) {
            key.push((place, cell(0).to_owned()));
        }
    }
    key.sort();
    // Whole columns in their own collation, all in the same direction; an expression has the number 0.
    let sql = format!(
        "SELECT i.indexrelid, a.attname FROM pg_index i \
         CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indcollation::oid[], i.indoption::int2[]) \
         WITH ORDINALITY k (attnum, coll, options, place) \
         LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND a.attnum > 0 \
         AND (a.attcollation = k.coll) AND k.options & 1 = i.indoption[0] & 1 \
         WHERE i.indrelid = to_regclass({name}) AND i.indisunique AND i.indisvalid AND i.indpred IS NULL \
         AND k.place <= i.indnkeyatts ORDER BY NOT i.indisprimary, 1, k.place"
    );
    let unique = grouped(&run(conn, sql, u64::MAX).await?);
    found.primary_key = key.into_iter().map(|(_, name)| name).collect();
    found.unique = unique;
    Ok(Some(found))
}

pub(super) async fn surroundings(conn: &mut PgConnection, table: &str) -> Result<Surroundings, DbError> {
    let name = quoted(table);
    let mut found = Surroundings::default();
    // A table that was never analysed has -1 for an estimate (manual, 53.11).
    let sql = format!(
        "SELECT reltuples::bigint, pg_total_relation_size(oid) FROM pg_class WHERE oid = to_regclass({name})"
    );
    let size = run(conn, sql, 1).await?;
    found.rows = size.cell(0, 0).and_then(|rows| rows.parse().ok());
    found.bytes = size.cell(0, 1).and_then(|bytes| bytes.parse().ok());
    let sql = format!(
        "SELECT 'index ' || indexrelid::regclass FROM pg_index WHERE indrelid = to_regclass({name}) \
         UNION SELECT 'foreign key ' || conname || ' of ' || conrelid::regclass FROM pg_constraint \
               WHERE confrelid = to_regclass({name}) AND contype = 'f' \
         UNION SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = to_regclass({name}) AND NOT tgisinternal \
         UNION SELECT CASE c.relkind WHEN 'm' THEN 'materialized view ' ELSE 'view ' END || c.oid::regclass \
               FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class c ON c.oid = r.ev_class \
               WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = to_regclass({name}) AND c.oid <> d.refobjid \
         ORDER BY 1"
    );
    found.dependants = run(conn, sql, u64::MAX).await?.rows.into_iter().flatten().flatten().collect();
    Ok(found)
}
