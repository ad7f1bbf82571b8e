//! What `information_schema` and `SHOW CREATE` say.

use sqlx::mysql::MySqlConnection;

use super::super::DbError;
use super::super::session::{Column, Surroundings, Table, TableName};
use super::super::sql::{grouped, table_names};
use super::session::{quoted, run};
use crate::dialect::{self, Dialect, Object, ObjectKind};

pub(super) struct ServerFacts {
    pub version: String,
    pub mariadb: bool,
    pub database: String,
    pub user: String,
    pub connection: String,
    /// Tells this server from another one.
    pub server_identity: String,
    pub has_journal: bool,
}

/// `VERSION()` of MariaDB says so: `10.11.19-MariaDB-0+deb12u1`.
pub(super) async fn about_server(conn: &mut MySqlConnection) -> Result<ServerFacts, DbError> {
    let sql = "SELECT VERSION(), DATABASE(), CURRENT_USER(), CONNECTION_ID(), @@hostname, @@port, @@datadir, \
               (SELECT GROUP_CONCAT(table_name ORDER BY table_name) FROM information_schema.tables \
                WHERE table_schema = DATABASE() \
                AND table_name IN ('rollbook_journal', 'rollbook_lease'))";
    let answer = run(conn, sql, 1).await?;
    let cell = |i: usize| answer.cell(0, i).unwrap_or_default().to_owned();
    let version = cell(0);
    let mariadb = version.contains("MariaDB");
    // MySQL has an id of its own for each server (8.4 manual, 19.1.6.1); MariaDB has a place.
    let server_identity = if mariadb {
        format!("{}:{}:{}", cell(4), cell(5), cell(6))
    } else {
        run(conn, "SELECT @@server_uuid", 1).await?.single().unwrap_or_default().to_owned()
    };
    Ok(ServerFacts {
        version: version.split('-').next().unwrap_or_default().to_owned(),
        mariadb,
        database: cell(1),
        user: cell(2),
        connection: cell(3),
        server_identity,
        has_journal: cell(7) == "rollbook_journal,rollbook_lease",
    })
}

/// The first of the tables whose engine takes part in no transaction, as a sentence.
pub(super) async fn without_transactions(
    conn: &mut MySqlConnection,
    tables: &[&str],
) -> Result<Option<String>, DbError> {
    if tables.is_empty() {
        return Ok(None);
    }
    let names: Vec<String> =
        tables.iter().map(|name| format!("({})", called(name, "t.table_schema", "t.table_name"))).collect();
    let sql = format!(
        "SELECT CONCAT('table ', t.table_name, ' is of engine ', t.engine, ', which no transaction holds') \
         FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine \
         WHERE COALESCE(e.transactions, '') <> 'YES' AND ({}) LIMIT 1",
        names.join(" OR ")
    );
    Ok(run(conn, &sql, 1).await?.single().map(str::to_owned))
}

/// A name with its database, quoted.
fn spelled(name: &str) -> Option<String> {
    let parts: Result<Vec<String>, _> =
        name.split('.').map(|part| dialect::identifier(Dialect::Mysql, part)).collect();
    parts.ok().map(|parts| parts.join("."))
}

/// The condition for a name in `information_schema`, with the connection's database where it has none.
pub(super) fn called(name: &str, schema: &str, column: &str) -> String {
    match name.split_once('.') {
        Some((database, name)) => format!("{schema} = {} AND {column} = {}", quoted(database), quoted(name)),
        None => format!("{schema} = DATABASE() AND {column} = {}", quoted(name)),
    }
}

pub(super) async fn definition(
    conn: &mut MySqlConnection,
    objects: &[Object],
) -> Result<Option<Vec<String>>, DbError> {
    let mut lines = Vec::new();
    let mut described = false;
    for object in objects {
        let found = match object.kind {
            ObjectKind::Table | ObjectKind::View => table(conn, &object.name).await?,
            ObjectKind::Trigger => trigger(conn, &object.name).await?,
            ObjectKind::Function => routine(conn, &object.name).await?,
            ObjectKind::Schema | ObjectKind::Database => schema(conn, &object.name).await?,
            // A part of its table, which the statement names too.
            ObjectKind::Column | ObjectKind::Constraint | ObjectKind::Index => continue,
            ObjectKind::Type | ObjectKind::Sequence | ObjectKind::Other => return Ok(None),
        };
        described = true;
        lines.extend(found);
    }
    lines.dedup();
    Ok(described.then_some(lines))
}

/// `SHOW CREATE TABLE`, a line for each column, key and constraint, and which table of that name it is.
async fn table(conn: &mut MySqlConnection, name: &str) -> Result<Vec<String>, DbError> {
    let Some(spelled) = spelled(name) else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT CONCAT('table ', table_schema, '.', table_name, ' made ', COALESCE(create_time, '')) \
         FROM information_schema.tables WHERE {}",
        called(name, "table_schema", "table_name")
    );
    let made = run(conn, &sql, 1).await?;
    let Some(made) = made.single() else { return Ok(Vec::new()) };
    let mut lines = vec![made.to_owned()];
    let text = shown(conn, &format!("SHOW CREATE TABLE {spelled}"), 1).await?.unwrap_or_default();
    lines.extend(
        text.lines().map(|line| format!("{name}: {}", without_counter(line.trim().trim_end_matches(',')))),
    );
    Ok(lines)
}

/// The next number of a key is no part of a definition: every INSERT changes it.
fn without_counter(line: &str) -> String {
    let Some((before, after)) = line.split_once(" AUTO_INCREMENT=") else { return line.to_owned() };
    format!("{before}{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
}

async fn trigger(conn: &mut MySqlConnection, name: &str) -> Result<Vec<String>, DbError> {
    let sql = format!(
        "SELECT CONCAT('trigger ', trigger_schema, '.', trigger_name, ' ', action_timing, ' ', event_manipulation, \
         ' on ', event_object_table, ': ', action_statement) FROM information_schema.triggers WHERE {}",
        called(name, "trigger_schema", "trigger_name")
    );
    let answer = run(conn, &sql, u64::MAX).await?;
    Ok(answer.rows.into_iter().flatten().flatten().collect())
}

async fn routine(conn: &mut MySqlConnection, name: &str) -> Result<Vec<String>, DbError> {
    let sql = format!(
        "SELECT CONCAT(routine_type, ' ', routine_schema, '.', routine_name, ' changed ', last_altered, ': ', \
         COALESCE(routine_definition, '')) FROM information_schema.routines WHERE {} ORDER BY 1",
        called(name, "routine_schema", "routine_name")
    );
    let answer = run(conn, &sql, u64::MAX).await?;
    Ok(answer.rows.into_iter().flatten().flatten().collect())
}

async fn schema(conn: &mut MySqlConnection, name: &str) -> Result<Vec<String>, DbError> {
    let sql = format!(
        "SELECT CONCAT('database ', schema_name, ' ', default_character_set_name, ' ', default_collation_name) \
         FROM information_schema.schemata WHERE schema_name = {}",
        quoted(name)
    );
    let answer = run(conn, &sql, u64::MAX).await?;
    Ok(answer.rows.into_iter().flatten().flatten().collect())
}

/// One cell of what a SHOW statement answers; None where the object is gone: ER_NO_SUCH_TABLE, ER_BAD_TABLE.
async fn shown(conn: &mut MySqlConnection, sql: &str, column: usize) -> Result<Option<String>, DbError> {
    match run(conn, sql, 1).await {
        Ok(answer) => Ok(answer.cell(0, column).map(str::to_owned)),
        Err(DbError::Refused(refusal)) if matches!(refusal.code.as_str(), "1146" | "1051") => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn tables(conn: &mut MySqlConnection) -> Result<Vec<TableName>, DbError> {
    let sql = "SELECT table_schema, table_name, IF(table_schema = DATABASE(), 't', 'f') FROM information_schema.tables \
               WHERE table_type = 'BASE TABLE' \
               AND table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') \
               AND table_name NOT IN ('rollbook_journal', 'rollbook_lease', 'rollbook_control') ORDER BY 3 DESC, 2, 1";
    Ok(table_names(&run(conn, sql, u64::MAX).await?))
}

pub(super) async fn describe(conn: &mut MySqlConnection, name: &str) -> Result<Option<Table>, DbError> {
    let name = name.replace('`', "");
    let table = called(&name, "c.table_schema", "c.table_name");
    // A column says its collation only where it is not its table's: MODIFY without it would change it.
    let sql = format!(
        "SELECT c.column_name, c.column_type, c.is_nullable, COALESCE(k.ordinal_position, 0), c.column_default, \
                c.extra, c.data_type, \
                CASE WHEN c.collation_name <> t.table_collation THEN c.collation_name END, VERSION() \
         FROM information_schema.columns c JOIN information_schema.tables t \
         ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
         LEFT JOIN information_schema.key_column_usage k \
         ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name \
         AND k.constraint_name = 'PRIMARY' WHERE {table} ORDER BY c.ordinal_position"
    );
    let answer = run(conn, &sql, u64::MAX).await?;
    if answer.rows.is_empty() {
        return Ok(None);
    }
    let mut found = Table::default();
    let mut key: Vec<(u32, String)> = Vec::new();
    for row in 0..answer.rows.len() {
        let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
        let default = answer.cell(row, 4).and_then(|text| default(text, cell(5), cell(6), cell(8)));
        found.columns.push(Column {
            name: cell(0).to_owned(),
            kind: cell(1).to_owned(),
            nullable: cell(2) == "YES",
            default,
            collation: answer.cell(row, 7).map(str::to_owned),
            generated: cell(5).contains("VIRTUAL GENERATED") || cell(5).contains("STORED GENERATED"),
        });
        if let Some(place) = cell(3).parse().ok().filter(|place| *place > 0) {
            key.push((place, cell(0).to_owned()));
        }
    }
    key.sort();
    // A part of a column, or an expression, makes nothing unique that a walk could follow.
    let sql = format!(
        "SELECT index_name, CASE WHEN sub_part IS NULL THEN column_name END FROM information_schema.statistics \
         WHERE non_unique = 0 AND {} ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index",
        called(&name, "table_schema", "table_name")
    );
    let unique = grouped(&run(conn, &sql, u64::MAX).await?);
    found.primary_key = key.into_iter().map(|(_, name)| name).collect();
    found.unique = unique;
    Ok(Some(found))
}

pub(super) async fn surroundings(conn: &mut MySqlConnection, name: &str) -> Result<Surroundings, DbError> {
    let name = name.replace('`', "");
    let mut found = Surroundings::default();
    let sql = format!(
        "SELECT table_rows, data_length + index_length FROM information_schema.tables WHERE {}",
        called(&name, "table_schema", "table_name")
    );
    let size = run(conn, &sql, 1).await?;
    found.rows = size.cell(0, 0).and_then(|rows| rows.parse().ok());
    found.bytes = size.cell(0, 1).and_then(|bytes| bytes.parse().ok());
    found.dependants = dependants(conn, &name).await?;
    Ok(found)
}

/// A column's default as an expression. MariaDB keeps one (10.2.7 and later, with `NULL` for none); MySQL
/// keeps a literal's text and says in `extra` what is an expression.
fn default(text: &str, extra: &str, kind: &str, version: &str) -> Option<String> {
    let numeric = ["int", "decimal", "float", "double", "bit", "year"].iter().any(|word| kind.contains(word));
    if version.contains("MariaDB") {
        return (text != "NULL").then(|| text.to_owned());
    }
    let is_expression = extra.contains("DEFAULT_GENERATED") || numeric;
    Some(match (is_expression, text.starts_with("CURRENT_TIMESTAMP") || numeric) {
        (false, _) => quoted(text),
        (true, true) => text.to_owned(),
        (true, false) => format!("({text})"),
    })
}

async fn dependants(conn: &mut MySqlConnection, name: &str) -> Result<Vec<String>, DbError> {
    let (database, bare) = match name.split_once('.') {
        Some((database, bare)) => (quoted(database), bare),
        None => ("DATABASE()".to_owned(), name),
    };
    let sql = format!(
        "SELECT CONCAT('index ', index_name) FROM information_schema.statistics WHERE {} \
         UNION SELECT CONCAT('foreign key ', constraint_name, ' of ', table_name) \
               FROM information_schema.key_column_usage WHERE {} \
         UNION SELECT CONCAT('trigger ', trigger_name) FROM information_schema.triggers WHERE {} \
         UNION SELECT CONCAT('view ', table_name) FROM information_schema.views \
               WHERE LOCATE(CONCAT('`', {database}, '`.`', {}, '`'), view_definition) > 0 \
         ORDER BY 1",
        called(name, "table_schema", "table_name"),
        called(name, "referenced_table_schema", "referenced_table_name"),
        called(name, "event_object_schema", "event_object_table"),
        quoted(bare),
    );
    Ok(run(conn, &sql, u64::MAX).await?.rows.into_iter().flatten().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::without_counter;

    #[test]
    fn the_next_key_is_no_part_of_a_definition() {
        let line = ") ENGINE=InnoDB AUTO_INCREMENT=251 DEFAULT CHARSET=utf8mb4";
        assert_eq!(without_counter(line), ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");
        assert_eq!(without_counter("`id` int NOT NULL AUTO_INCREMENT"), "`id` int NOT NULL AUTO_INCREMENT");
    }
}
