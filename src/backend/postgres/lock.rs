//! The run lock: a session advisory lock on a connection of its own.
//!
//! It is tried, never waited for, and its connection holds no transaction and no snapshot: a waiting
//! or an open one would block `CREATE INDEX CONCURRENTLY`, which waits for older snapshots.

use async_trait::async_trait;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::super::session::{Claim, Holder, LockError, RunLock};
use super::session::{connect, quoted, run};

/// `Roll`, `book` in ASCII. Advisory locks are of one database (PostgreSQL manual, 13.3.5).
const KEY: [u32; 2] = [0x526f_6c6c, 0x626f_6f6b];

pub struct AdvisoryLock {
    conn: PgConnection,
}

impl AdvisoryLock {
    pub async fn take(options: &PgConnectOptions, claim: &Claim) -> Result<Self, LockError> {
        // Who, since when and in which run is in the connection's name: every role may read it.
        let name = format!("rollbook lock {} {} {}", claim.run, claim.since, claim.operator);
        let mut conn = connect(options, &name).await?;
        let sql = format!("SELECT pg_try_advisory_lock({}, {})", KEY[0], KEY[1]);
        let answer = run(&mut conn, sql, 1).await?;
        if answer.single() == Some("t") {
            return Ok(Self { conn });
        }
        let holder = holder(&mut conn).await?;
        let _ = conn.close().await;
        Err(LockError::Held(holder))
    }
}

async fn holder(conn: &mut PgConnection) -> Result<Holder, LockError> {
    let sql = format!(
        "SELECT a.pid, a.application_name, a.usename, to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
         FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
         WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {} AND l.objid = {} \
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        KEY[0], KEY[1]
    );
    let answer = run(conn, sql, 1).await?;
    let cell = |i: usize| answer.cell(0, i).unwrap_or_default().to_owned();
    let name = cell(1);
    let mut words = name.strip_prefix("rollbook lock ").unwrap_or_default().split(' ');
    let run_id = words.next().unwrap_or_default().to_owned();
    let since = words.next().filter(|since| !since.is_empty()).map_or_else(|| cell(3), str::to_owned);
    let operator = words.next().filter(|who| !who.is_empty()).map_or_else(|| cell(2), str::to_owned);
    let sql = format!(
        "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() \
         AND starts_with(application_name, {})",
        quoted(&format!("rollbook {run_id} "))
    );
    let running = run(conn, sql, 1).await?;
    let cell_id = running.single().and_then(|name| name.split(' ').nth(2)).map(str::to_owned);
    Ok(Holder { operator, run: run_id, since, cell: cell_id, process: format!("server process {}", cell(0)) })
}

#[async_trait]
impl RunLock for AdvisoryLock {
    /// The session's own name says it: see `application_name` of the pinned connection.
    fn at(&mut self, _cell: &str) {}

    async fn release(self: Box<Self>) {
        // Closing the connection releases the lock, whether the goodbye arrives or not.
        let _ = self.conn.close().await;
    }
}
