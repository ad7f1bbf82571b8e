//! What MySQL and MariaDB say of whom a backfill harms.

use async_trait::async_trait;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};

use super::super::lookout::{Lookout, Replica, Replication};
use super::super::patience::soon;
use super::super::wish::{Change, Row, Wishes, wishes};
use super::super::{Answer, DbError};
use super::catalog::called;
use super::session::{connect, run};
use crate::dialect::{Dialect, TokenKind, lex};

/// How long a runbook's own question may take: it is asked twice a second.
const PATIENCE_SECONDS: u32 = 2;

/// A connection that is opened when it is needed, and again when it broke.
struct Line {
    options: MySqlConnectOptions,
    conn: Option<MySqlConnection>,
}

impl Line {
    fn new(options: &MySqlConnectOptions) -> Self {
        Self { options: options.clone(), conn: None }
    }

    async fn ask(&mut self, sql: &str) -> Result<Answer, DbError> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(&self.options).await?,
        };
        let answer = soon(run(&mut conn, sql, u64::MAX)).await;
        // A refusal leaves the connection as it was; of what broke nothing is kept.
        if matches!(answer, Ok(_) | Err(DbError::Refused(_))) {
            self.conn = Some(conn);
        }
        answer
    }
}

pub struct MysqlLookout {
    line: Line,
    /// The backfill's own connection.
    id: String,
    mariadb: bool,
}

impl MysqlLookout {
    pub fn new(options: &MySqlConnectOptions, id: &str, mariadb: bool) -> Self {
        Self { line: Line::new(options), id: id.to_owned(), mariadb }
    }

    fn row<'a>(run: &'a str) -> Row<'a> {
        Row { dialect: Dialect::Mysql, table: "rollbook_control", run }
    }
}

#[async_trait]
impl Lookout for MysqlLookout {
    /// A primary does not know how far its replicas are, only that they read its binary log.
    async fn replicas(&mut self) -> Result<Replication, DbError> {
        let sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'";
        let unknown = first(&self.line.ask(sql).await?);
        Ok(Replication { unknown, ..Replication::default() })
    }

    /// `Threads_running` without the one that asks, the backfill's own while a batch runs, and those that wait
    /// for work and count as running all the same: the event scheduler, replicas that read the log, and a replica's
    /// own threads. Whoever may not see them in the list (`PROCESS`) knows of the event scheduler at least.
    async fn load(&mut self) -> Result<u64, DbError> {
        let answer = self.line.ask("SHOW GLOBAL STATUS LIKE 'Threads_running'").await?;
        let running: u64 = answer.cell(0, 1).and_then(|text| text.parse().ok()).unwrap_or_default();
        let others = format!(
            "SELECT COALESCE(SUM(id = {} AND command <> 'Sleep'), 0) + GREATEST(@@GLOBAL.event_scheduler = 'ON', \
             COALESCE(SUM(command = 'Daemon' OR command LIKE 'Binlog Dump%' OR user = 'system user'), 0)) \
             FROM information_schema.processlist",
            self.id
        );
        let others = first(&self.line.ask(&others).await?);
        Ok(running.saturating_sub(1 + others))
    }

    async fn waiting(&mut self) -> Result<u64, DbError> {
        let id = &self.id;
        let sql = if self.mariadb {
            format!(
                "SELECT COUNT(DISTINCT w.requesting_trx_id) FROM information_schema.innodb_lock_waits w \
                 JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id WHERE b.trx_mysql_thread_id = {id}"
            )
        } else {
            format!(
                "SELECT COUNT(*) FROM (SELECT w.requesting_thread_id FROM performance_schema.data_lock_waits w \
                 JOIN performance_schema.threads t ON t.thread_id = w.blocking_thread_id WHERE t.processlist_id = {id} \
                 UNION SELECT w.owner_thread_id FROM performance_schema.metadata_locks w \
                 JOIN performance_schema.metadata_locks g ON g.object_type = w.object_type \
                   AND g.object_schema <=> w.object_schema AND g.object_name <=> w.object_name \
                   AND g.lock_status = 'GRANTED' AND g.owner_thread_id <> w.owner_thread_id \
                 JOIN performance_schema.threads t ON t.thread_id = g.owner_thread_id \
                 WHERE w.lock_status = 'PENDING' AND t.processlist_id = {id}) waits"
            )
        };
        Ok(first(&self.line.ask(&sql).await?))
    }

    async fn ask(&mut self, sql: &str) -> Result<Option<String>, DbError> {
        // MariaDB counts in seconds and for every statement, MySQL in milliseconds and for SELECT.
        let limit = match self.mariadb {
            true => format!("SET SESSION max_statement_time = {PATIENCE_SECONDS}"),
            false => format!("SET SESSION max_execution_time = {}", PATIENCE_SECONDS * 1000),
        };
        self.line.ask(&limit).await?;
        self.line.ask("START TRANSACTION READ ONLY").await?;
        let answer = self.line.ask(sql).await;
        if !matches!(answer, Err(DbError::Lost(_))) {
            self.line.ask("ROLLBACK").await?;
        }
        Ok(answer?.single().map(str::to_owned))
    }

    async fn estimate(&mut self, table: &str) -> Result<Option<u64>, DbError> {
        let name = unquoted(table);
        let sql = format!(
            "SELECT table_rows FROM information_schema.tables WHERE {}",
            called(&name, "table_schema", "table_name")
        );
        Ok(self.line.ask(&sql).await?.single().and_then(|rows| rows.parse().ok()))
    }

    async fn listen(&mut self, run: &str) -> Result<(), DbError> {
        // Looked for first: who may write it need not be allowed to make it.
        let there = "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'rollbook_control'";
        if self.line.ask(there).await?.single().is_none() {
            self.line.ask(include_str!("control.sql")).await.map_err(DbError::without_journal)?;
        }
        self.line.ask(&Self::row(run).listen()).await.map(|_| ())
    }

    async fn wishes(&mut self, run: &str) -> Result<Option<Wishes>, DbError> {
        Ok(wishes(&self.line.ask(&Self::row(run).read()).await?))
    }

    async fn wish(&mut self, run: &str, change: Change, by: &str, at: &str) -> Result<bool, DbError> {
        Ok(self.line.ask(&Self::row(run).wish(change, by, at)).await?.affected == 1)
    }

    async fn heed(&mut self, run: &str, number: i64) -> Result<(), DbError> {
        self.line.ask(&Self::row(run).heed(number)).await.map(|_| ())
    }
}

/// A name as the catalog has it.
fn unquoted(name: &str) -> String {
    let part = |token: crate::dialect::Token| {
        let text = &name[token.span.start..token.span.end];
        match token.kind {
            TokenKind::QuotedIdent => text.trim_matches('`').replace("``", "`"),
            _ => text.to_owned(),
        }
    };
    lex(Dialect::Mysql, name).into_iter().map(part).collect()
}

fn first(answer: &Answer) -> u64 {
    answer.single().and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A replica's own lag, `Seconds_Behind_Source`, knows nothing of what has not reached it, and is NULL when
/// it has stopped (MySQL 8.4 manual, 15.7.7.35). How far the target's journal has come there says what has
/// arrived and been applied, and needs no privilege but to read it.
pub struct MysqlReplica {
    name: String,
    line: Line,
}

impl MysqlReplica {
    pub fn new(name: &str, options: &MySqlConnectOptions) -> Self {
        Self { name: name.to_owned(), line: Line::new(options) }
    }
}

#[async_trait]
impl Replica for MysqlReplica {
    fn name(&self) -> &str {
        &self.name
    }

    async fn applied(&mut self) -> Result<u64, DbError> {
        Ok(first(&self.line.ask("SELECT COALESCE(MAX(pos), 0) FROM rollbook_journal").await?))
    }
}
