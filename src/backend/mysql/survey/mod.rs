//! What a server tells of the things that a plan touches. Every query is in this folder.
//!
//! `information_schema` may open a table, which waits behind an exclusive lock on its definition and
//! keeps nobody out itself; it is told to give up after a second.

mod dependants;
mod relations;
mod sessions;
mod usage;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};

use super::super::survey::{self, Relation, Sight, Wanted};
use super::super::{Answer, DbError};
use super::session::{connect, quoted, run};
use crate::dialect::{Dialect, ObjectKind};

const VARIABLES: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'sql_mode', 'lock_wait_timeout', \
    'innodb_lock_wait_timeout', 'innodb_online_alter_log_max_size', 'innodb_tmpdir', 'tmpdir', 'innodb_file_per_table', \
    'innodb_buffer_pool_size', 'innodb_sort_buffer_size', 'innodb_ddl_buffer_size', 'innodb_ddl_threads', 'binlog_format', \
    'log_bin', 'gtid_mode', 'foreign_key_checks', 'lower_case_table_names', 'read_only', 'super_read_only', \
    'performance_schema', 'userstat', 'max_execution_time', 'max_statement_time', 'transaction_isolation', \
    'old_alter_table', 'alter_algorithm', 'datadir', 'default_storage_engine')";

pub(in crate::backend) async fn survey(
    options: &MySqlConnectOptions,
    wanted: &Wanted,
) -> Result<Sight, DbError> {
    let mut conn = connect(options).await?;
    run(&mut conn, "SET SESSION lock_wait_timeout = 1", 0).await?;
    let version = run(&mut conn, "SELECT VERSION()", 1).await?;
    let mariadb = version.single().is_some_and(|version| version.contains("MariaDB"));
    let limit = if mariadb { "max_statement_time = 5" } else { "max_execution_time = 5000" };
    run(&mut conn, &format!("SET SESSION {limit}"), 0).await?;
    run(&mut conn, "SET SESSION TRANSACTION READ ONLY", 0).await?;
    let mut look = Look { conn, mariadb, wanted, names: Vec::new(), sight: Sight::default() };
    look.server().await?;
    look.tables().await?;
    look.columns().await?;
    look.keys().await?;
    look.dependants().await?;
    look.mentions().await?;
    look.locks().await?;
    look.transactions().await?;
    look.replication().await?;
    look.disk().await?;
    look.usage().await?;
    look.others().await?;
    Ok(look.sight)
}

struct Look<'a> {
    conn: MySqlConnection,
    mariadb: bool,
    wanted: &'a Wanted,
    /// The asked tables, each as it was asked for, with its database and its own name.
    names: Vec<(String, String, String)>,
    sight: Sight,
}

impl Look<'_> {
    async fn ask(&mut self, what: &str, sql: &str) -> Result<Option<Answer>, DbError> {
        let answer = run(&mut self.conn, sql, u64::MAX).await;
        self.sight.take(what, answer)
    }

    /// A condition that holds for the asked tables.
    fn asked(&self, schema: &str, name: &str) -> String {
        let pairs: Vec<String> = self
            .names
            .iter()
            .map(|(_, database, table)| {
                format!("({schema} = {} AND {name} = {})", quoted(database), quoted(table))
            })
            .collect();
        if pairs.is_empty() { "FALSE".to_owned() } else { format!("({})", pairs.join(" OR ")) }
    }

    /// The relations that a row speaks of: one may have been asked for under two names.
    fn relations(&mut self, schema: &str, name: &str) -> impl Iterator<Item = &mut Relation> {
        let folds = self.sight.folds_case;
        let called = format!("{schema}.{name}");
        self.sight.relations.iter_mut().filter(move |relation| {
            if folds { relation.called.eq_ignore_ascii_case(&called) } else { relation.called == called }
        })
    }

    async fn server(&mut self) -> Result<(), DbError> {
        if let Some(answer) = self.ask("settings", VARIABLES).await? {
            let pair =
                |row: usize| Some((answer.cell(row, 0)?.to_lowercase(), answer.cell(row, 1)?.to_owned()));
            self.sight.settings = (0..answer.rows.len()).filter_map(pair).collect();
        }
        self.sight.folds_case =
            self.sight.settings.get("lower_case_table_names").is_some_and(|value| value != "0");
        let about = "SELECT DATABASE(), VERSION()";
        let Some(answer) = self.ask("the database", about).await? else { return Ok(()) };
        self.sight.schema = answer.cell(0, 0).unwrap_or_default().to_owned();
        let read_only = self.sight.settings.get("read_only").is_some_and(|value| value == "ON");
        if read_only {
            self.sight.note("replication", true, "read_only is on: this server takes no writes");
        }
        if let Some(answer) = self.ask("how long the server runs", "SHOW GLOBAL STATUS LIKE 'Uptime'").await?
            && let Some(seconds) = answer.cell(0, 1)
        {
            self.sight.settings.insert("uptime".to_owned(), seconds.to_owned());
        }
        let schema = self.sight.schema.clone();
        let split = |name: &&str| {
            let (database, table) = name.split_once('.').unwrap_or((schema.as_str(), name));
            ((*name).to_owned(), database.to_owned(), table.to_owned())
        };
        let tables = self.wanted.objects.iter().filter(|object| {
            matches!(object.kind, ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence)
        });
        let mut names: Vec<&str> = tables.map(|object| object.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        self.names = names.iter().map(split).collect();
        Ok(())
    }

    /// MariaDB tells with a plugin only, MySQL not at all.
    async fn disk(&mut self) -> Result<(), DbError> {
        let plugin = "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'DISKS' AND plugin_status = 'ACTIVE'";
        if self.mariadb && self.ask("plugins", plugin).await?.as_ref().and_then(Answer::single) == Some("1") {
            // The mount that the data directory is on is the one with the longest matching path.
            let sql = "SELECT available * 1024 FROM information_schema.disks WHERE @@datadir LIKE CONCAT(path, '%') \
                       ORDER BY LENGTH(path) DESC LIMIT 1";
            if let Some(answer) = self.ask("the free disk", sql).await? {
                self.sight.free_bytes = answer.single().and_then(|text| text.parse().ok());
            }
        }
        if self.sight.free_bytes.is_none() {
            let text = if self.mariadb {
                "MariaDB tells how much of its disk is free with the plugin `disks` and the privilege FILE only; look at the data directory's host"
            } else {
                "MySQL does not tell how much of its disk is free; look at the data directory's host"
            };
            self.sight.note("disk", false, text);
        }
        Ok(())
    }

    async fn others(&mut self) -> Result<(), DbError> {
        let mut parts = Vec::new();
        for (index, object) in self.wanted.objects.iter().enumerate() {
            let (database, name) = match object.name.rsplit_once('.') {
                Some((database, name)) => (quoted(database), quoted(name)),
                None => ("DATABASE()".to_owned(), quoted(&object.name)),
            };
            let from = match object.kind {
                ObjectKind::Trigger => {
                    format!(
                        "information_schema.triggers WHERE trigger_schema = {database} AND trigger_name = {name}"
                    )
                }
                ObjectKind::Function => {
                    format!(
                        "information_schema.routines WHERE routine_schema = {database} AND routine_name = {name}"
                    )
                }
                ObjectKind::Schema | ObjectKind::Database => {
                    format!("information_schema.schemata WHERE schema_name = {}", quoted(&object.name))
                }
                ObjectKind::Index => {
                    let (table, index) = object.name.rsplit_once('.').unwrap_or_default();
                    let (database, table) = match table.split_once('.') {
                        Some((database, table)) => (quoted(database), quoted(table)),
                        None => ("DATABASE()".to_owned(), quoted(table)),
                    };
                    format!(
                        "information_schema.statistics WHERE table_schema = {database} AND table_name = {table} AND index_name = {}",
                        quoted(index)
                    )
                }
                _ => continue,
            };
            parts.push(format!("SELECT {index} AS found FROM DUAL WHERE EXISTS (SELECT 1 FROM {from})"));
        }
        if parts.is_empty() {
            return Ok(());
        }
        let Some(answer) = self.ask("triggers, routines and indexes", &parts.join(" UNION ")).await? else {
            return Ok(());
        };
        self.sight.found(self.wanted, &answer);
        Ok(())
    }
}

/// Whether the text has the name in it as a whole word, quoted or not.
fn mentions(text: &str, name: &str) -> bool {
    survey::mentions(Dialect::Mysql, text, name)
}
