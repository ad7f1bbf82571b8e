//! Looks at a session from beside it: whom it waits for, and how to stop it.

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::super::session::Observer;
use super::super::{Blocker, DbError};
use super::session::{connect, run};
use crate::dialect::Dialect;

pub struct PostgresObserver {
    options: PgConnectOptions,
    /// The observed backend.
    pid: String,
    conn: Option<PgConnection>,
}

impl PostgresObserver {
    pub fn new(options: PgConnectOptions, pid: String) -> Self {
        Self { options, pid, conn: None }
    }

    async fn ask(&mut self, sql: String) -> Result<super::super::Answer, DbError> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(&self.options, "rollbook observer").await?,
        };
        let answer = run(&mut conn, sql, u64::MAX).await?;
        self.conn = Some(conn);
        Ok(answer)
    }
}

#[async_trait]
impl Observer for PostgresObserver {
    /// `pg_blocking_pids` counts those in front of us in the queue too, and a prepared transaction as
    /// process 0 (PostgreSQL manual, 9.27.1).
    async fn blockers(&mut self) -> Result<Vec<Blocker>, DbError> {
        let sql = format!(
            "SELECT DISTINCT b.pid, coalesce(a.usename, ''), coalesce(nullif(a.application_name, ''), a.backend_type, ''), \
             coalesce(a.state, ''), floor(extract(epoch FROM clock_timestamp() - a.xact_start)), coalesce(left(a.query, 2000), '') \
             FROM unnest(pg_blocking_pids({})) b (pid) LEFT JOIN pg_stat_activity a USING (pid) ORDER BY 5 DESC NULLS LAST, 1",
            self.pid
        );
        let answer = self.ask(sql).await?;
        let blocker = |row| Blocker::read(Dialect::Postgres, &answer, row, 0);
        Ok((0..answer.rows.len()).map(blocker).collect())
    }

    /// Without `track_activities` a session has no state, and nothing is known.
    async fn is_idle(&mut self) -> Result<bool, DbError> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE coalesce(state, '') NOT LIKE 'idle%') = 0 FROM pg_stat_activity \
             WHERE pid = {}",
            self.pid
        );
        Ok(self.ask(sql).await?.single() == Some("t"))
    }

    async fn cancel(&mut self) -> Result<(), DbError> {
        self.ask(format!("SELECT pg_cancel_backend({})", self.pid)).await.map(|_| ())
    }
}
