//! What a server tells of the things that a plan touches. Every query is in this folder.
//!
//! None locks a table: sizes are asked for only where nobody has or awaits `ACCESS EXCLUSIVE`, because
//! `pg_table_size` opens the table, and definitions of views and rules, which open theirs, are left alone.

mod dependants;
mod relations;
mod sessions;
mod usage;

use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::super::survey::{Relation, Sight, Wanted};
use super::super::{Answer, DbError};
use super::session::{connect, quoted, run};
use crate::dialect::ObjectKind;

/// Read only, and over quickly whatever happens: the catalogs themselves may be locked.
const LIMITS: &str =
    "SET default_transaction_read_only = on; SET lock_timeout = '200ms'; SET statement_timeout = '5s'";

pub(in crate::backend) async fn survey(
    options: &PgConnectOptions,
    wanted: &Wanted,
) -> Result<Sight, DbError> {
    let mut conn = connect(options, "rollbook survey").await?;
    run(&mut conn, LIMITS.to_owned(), 0).await?;
    let mut look = Look { conn, wanted, sight: Sight::default() };
    look.server().await?;
    look.relations().await?;
    look.columns().await?;
    look.constraints().await?;
    look.dependants().await?;
    look.mentions().await?;
    look.locks().await?;
    look.transactions().await?;
    look.replication().await?;
    look.usage().await?;
    look.statements().await?;
    look.others().await?;
    look.sight.note(
        "disk",
        false,
        "PostgreSQL does not tell how much of its disk is free; look at the data directory's host",
    );
    Ok(look.sight)
}

struct Look<'a> {
    conn: PgConnection,
    wanted: &'a Wanted,
    sight: Sight,
}

/// The asked names and the relations that they are; `tree` has a relation with its partitions and children.
fn with_relations(names: &str) -> String {
    format!(
        "WITH RECURSIVE asked (name) AS (SELECT unnest(ARRAY[{names}]::text[])), \
         rel AS (SELECT a.name, c.*, n.nspname, n.nspname || '.' || c.relname AS called FROM asked a \
           JOIN pg_class c ON (c.relname = a.name AND pg_table_is_visible(c.oid)) \
             OR EXISTS (SELECT 1 FROM pg_namespace s WHERE s.oid = c.relnamespace AND s.nspname || '.' || c.relname = a.name) \
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 't'), \
         tree (name, root, oid) AS (SELECT name, oid, oid FROM rel UNION \
           SELECT t.name, t.root, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid) "
    )
}

const SETTINGS: &str = "SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('server_version_num', \
    'lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout', 'wal_level', \
    'max_locks_per_transaction', 'max_connections', 'max_prepared_transactions', 'maintenance_work_mem', 'max_wal_size', \
    'max_parallel_maintenance_workers', 'max_slot_wal_keep_size', 'track_counts', 'autovacuum', 'TimeZone', \
    'default_transaction_read_only')";

const SERVER: &str = "SELECT coalesce(current_schema(), ''), pg_is_in_recovery(), current_setting('block_size'), \
    to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"'), \
    to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"'), pg_database_size(datname) \
    FROM pg_stat_database WHERE datname = current_database()";

impl Look<'_> {
    async fn ask(&mut self, what: &str, sql: String) -> Result<Option<Answer>, DbError> {
        let answer = run(&mut self.conn, sql, u64::MAX).await;
        self.sight.take(what, answer)
    }

    /// A question about the asked relations; none where there are none.
    async fn of_relations(&mut self, what: &str, sql: &str) -> Result<Option<Answer>, DbError> {
        let names: Vec<String> = self.wanted.relations().into_iter().map(quoted).collect();
        if names.is_empty() {
            return Ok(None);
        }
        self.ask(what, format!("{}{sql}", with_relations(&names.join(", ")))).await
    }

    fn relation(&mut self, name: &str) -> Option<&mut Relation> {
        self.sight.relations.iter_mut().find(|relation| relation.name == name)
    }

    async fn server(&mut self) -> Result<(), DbError> {
        if let Some(answer) = self.ask("settings", SETTINGS.to_owned()).await? {
            let pair = |row: usize| Some((answer.cell(row, 0)?.to_owned(), answer.cell(row, 1)?.to_owned()));
            self.sight.settings = (0..answer.rows.len()).filter_map(pair).collect();
        }
        // Our own limits are not the server's.
        for name in ["lock_timeout", "statement_timeout", "default_transaction_read_only"] {
            let sql = format!("SELECT reset_val FROM pg_settings WHERE name = '{name}'");
            if let Some(value) = self.ask("settings", sql).await?.as_ref().and_then(Answer::single) {
                self.sight.settings.insert(name.to_owned(), value.to_owned());
            }
        }
        let Some(answer) = self.ask("the server's state", SERVER.to_owned()).await? else { return Ok(()) };
        let cell = |i: usize| answer.cell(0, i).unwrap_or_default().to_owned();
        self.sight.schema = cell(0);
        self.sight.settings.insert("stats_reset".to_owned(), cell(3));
        self.sight.settings.insert("started".to_owned(), cell(4));
        self.sight.settings.insert("database_size".to_owned(), cell(5));
        if cell(1) == "t" {
            self.sight.note("replication", true, "this server is a standby: it takes no writes");
        }
        Ok(())
    }

    /// What is no relation: whether it is there at all.
    async fn others(&mut self) -> Result<(), DbError> {
        let mut parts = Vec::new();
        for (index, object) in self.wanted.objects.iter().enumerate() {
            let name = quoted(&object.name);
            let named = |schema: &str, column: &str, visible: &str| {
                format!(
                    "(({column} = {name} AND {visible}) OR {schema}::regnamespace::text || '.' || {column} = {name})"
                )
            };
            let from = match object.kind {
                ObjectKind::Type => {
                    format!("pg_type WHERE {}", named("typnamespace", "typname", "pg_type_is_visible(oid)"))
                }
                ObjectKind::Function => {
                    format!(
                        "pg_proc WHERE {}",
                        named("pronamespace", "proname", "pg_function_is_visible(oid)")
                    )
                }
                ObjectKind::Schema => format!("pg_namespace WHERE nspname = {name}"),
                ObjectKind::Database => format!("pg_database WHERE datname = {name}"),
                _ => continue,
            };
            parts.push(format!("SELECT {index} WHERE EXISTS (SELECT 1 FROM {from})"));
        }
        if parts.is_empty() {
            return Ok(());
        }
        let Some(answer) = self.ask("types, functions and schemas", parts.join(" UNION ")).await? else {
            return Ok(());
        };
        self.sight.found(self.wanted, &answer);
        Ok(())
    }
}
