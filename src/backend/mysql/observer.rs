//! Looks at a session from beside it: whom it waits for, and how to stop it.

use async_trait::async_trait;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};

use super::super::session::Observer;
use super::super::{Answer, Blocker, DbError};
use super::session::{connect, run};
use crate::dialect::Dialect;

pub struct MysqlObserver {
    options: MySqlConnectOptions,
    /// The observed connection.
    id: String,
    mariadb: bool,
    conn: Option<MySqlConnection>,
}

impl MysqlObserver {
    pub fn new(options: MySqlConnectOptions, id: String, mariadb: bool) -> Self {
        Self { options, id, mariadb, conn: None }
    }

    async fn ask(&mut self, sql: &str) -> Result<Answer, DbError> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(&self.options).await?,
        };
        let answer = run(&mut conn, sql, u64::MAX).await?;
        self.conn = Some(conn);
        Ok(answer)
    }

    /// MySQL knows who has a table's definition or its rows locked (8.4 manual, 29.12.13).
    fn of_mysql(&self) -> String {
        let id = &self.id;
        format!(
            "SELECT DISTINCT b.processlist_id AS id, '' AS note FROM performance_schema.threads t \
             JOIN performance_schema.metadata_locks w ON w.owner_thread_id = t.thread_id AND w.lock_status = 'PENDING' \
             JOIN performance_schema.metadata_locks g ON g.object_type = w.object_type \
               AND g.object_schema <=> w.object_schema AND g.object_name <=> w.object_name \
               AND g.lock_status = 'GRANTED' AND g.owner_thread_id <> w.owner_thread_id \
             JOIN performance_schema.threads b ON b.thread_id = g.owner_thread_id \
             WHERE t.processlist_id = {id} \
             UNION SELECT DISTINCT b.processlist_id, '' FROM performance_schema.threads t \
             JOIN performance_schema.data_lock_waits w ON w.requesting_thread_id = t.thread_id \
             JOIN performance_schema.threads b ON b.thread_id = w.blocking_thread_id \
             WHERE t.processlist_id = {id}"
        )
    }

    /// MariaDB tells who has rows locked. Who has a table's definition locked it tells only with a
    /// plugin, so that every open transaction is named, as one that may be in the way.
    fn of_mariadb(&self) -> String {
        let id = &self.id;
        format!(
            "SELECT DISTINCT b.trx_mysql_thread_id AS id, '' AS note FROM information_schema.innodb_lock_waits w \
             JOIN information_schema.innodb_trx r ON r.trx_id = w.requesting_trx_id \
             JOIN information_schema.innodb_trx b ON b.trx_id = w.blocking_trx_id \
             WHERE r.trx_mysql_thread_id = {id} \
             UNION SELECT t.trx_mysql_thread_id, 'perhaps in the way' FROM information_schema.innodb_trx t \
             JOIN information_schema.processlist me ON me.id = {id} AND me.state LIKE 'Waiting for%metadata lock%' \
             WHERE t.trx_mysql_thread_id NOT IN (0, {id}, CONNECTION_ID())"
        )
    }
}

#[async_trait]
impl Observer for MysqlObserver {
    async fn blockers(&mut self) -> Result<Vec<Blocker>, DbError> {
        let waits = if self.mariadb { self.of_mariadb() } else { self.of_mysql() };
        let sql = format!(
            "SELECT p.id, p.user, p.host, CONCAT(p.command, IF(b.note = '', '', CONCAT(', ', b.note))), \
             TIMESTAMPDIFF(SECOND, x.trx_started, NOW()), COALESCE(LEFT(p.info, 2000), '') \
             FROM ({waits}) b JOIN information_schema.processlist p ON p.id = b.id \
             LEFT JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = p.id ORDER BY 5 DESC, 1"
        );
        let answer = self.ask(&sql).await?;
        let blocker = |row| Blocker::read(Dialect::Mysql, &answer, row, 0);
        Ok((0..answer.rows.len()).map(blocker).collect())
    }

    /// A session that is gone is idle too.
    async fn is_idle(&mut self) -> Result<bool, DbError> {
        let sql = format!(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE id = {} AND command <> 'Sleep'",
            self.id
        );
        Ok(self.ask(&sql).await?.single() == Some("0"))
    }

    async fn cancel(&mut self) -> Result<(), DbError> {
        self.ask(&format!("KILL QUERY {}", self.id)).await.map(|_| ())
    }
}
