//! Two sessions that stand in a statement's way, so that what it waits for can be read.
//!
//! A statement that no transaction holds has let go of its locks when it is done. So one session holds what every
//! change of a table has to wait for, and one is a reader, whom only the strongest lock waits for. When the statement
//! waits for one of them, its locks are read, and that one goes.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::super::super::DbError;
use super::super::super::measure::mode;
use super::super::session::{connect, run};
use crate::dialect::Dialect;

/// How often the statement is looked at.
const GLANCE: Duration = Duration::from_millis(10);

/// The first of them goes first.
const MODES: [&str; 2] = ["ACCESS SHARE", "SHARE UPDATE EXCLUSIVE"];

pub(super) struct Bystanders {
    /// Server processes with their sessions.
    standing: Vec<(String, PgConnection)>,
    eye: PgConnection,
    /// The statement's own server process.
    pid: String,
    seen: BTreeSet<(String, &'static str)>,
}

impl Bystanders {
    /// Holds the tables, which are written as SQL takes them.
    pub(super) async fn on(
        options: &PgConnectOptions,
        pid: &str,
        tables: &[String],
    ) -> Result<Self, DbError> {
        let mut standing = Vec::new();
        for mode in MODES {
            let mut conn = connect(options, "rollbook bystander").await?;
            let sql = format!(
                "BEGIN; LOCK TABLE ONLY {} IN {mode} MODE; SELECT pg_backend_pid()",
                tables.join(", ONLY ")
            );
            let pid = run(&mut conn, sql, 1).await?.single().unwrap_or_default().to_owned();
            standing.push((pid, conn));
        }
        let eye = connect(options, "rollbook observer").await?;
        Ok(Self { standing, eye, pid: pid.to_owned(), seen: BTreeSet::new() })
    }

    /// Lets the statement through, one step after the other. Ends by an error alone.
    pub(super) async fn give_way(&mut self) -> DbError {
        loop {
            if let Err(error) = self.glance().await {
                return error;
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    async fn glance(&mut self) -> Result<(), DbError> {
        let sql = format!("SELECT unnest(pg_blocking_pids({}))", self.pid);
        let waits_for = run(&mut self.eye, sql, u64::MAX).await?;
        let waits_for: Vec<&str> = waits_for.rows.iter().flatten().flatten().map(String::as_str).collect();
        let stands = |(pid, _): &(String, PgConnection)| waits_for.contains(&pid.as_str());
        let last = self.standing.iter().rposition(stands);
        // It waits still: what it has and what it asks for are there to be read.
        self.read_locks().await?;
        if let Some(last) = last {
            let (_, mut conn) = self.standing.remove(last);
            run(&mut conn, "COMMIT".to_owned(), 0).await?;
        }
        Ok(())
    }

    async fn read_locks(&mut self) -> Result<(), DbError> {
        let sql =
            format!("SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND pid = {}", self.pid);
        let answer = run(&mut self.eye, sql, u64::MAX).await?;
        for row in 0..answer.rows.len() {
            let (relation, spelled) = (answer.cell(row, 0), answer.cell(row, 1));
            if let (Some(relation), Some(mode)) =
                (relation, spelled.and_then(|spelled| mode(Dialect::Postgres, spelled)))
            {
                self.seen.insert((relation.to_owned(), mode));
            }
        }
        Ok(())
    }

    /// Every lock that the statement had or asked for while it was looked at.
    pub(super) fn seen(self) -> Vec<(String, &'static str)> {
        self.seen.into_iter().collect()
    }
}
