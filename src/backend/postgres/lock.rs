//! The run lock: a session advisory lock on a connection of its own, with a lease beside it.
//!
//! It is tried, never waited for, and its connection holds no transaction and no snapshot: a waiting
//! or an open one would block `CREATE INDEX CONCURRENTLY`, which waits for older snapshots.
//!
//! The lock alone says who may run. The lease says who that is, and whether they are alive: a server
//! keeps the session of a client whose machine is gone for as long as TCP does, which is hours.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::super::lease::{Heart, LeasedLock};
use super::super::patience::soon;
use super::super::session::{Claim, Claimed, Holder, LockError};
use super::super::{Answer, DbError};
use super::session::{quoted, run};

/// `Roll`, `book` in ASCII. Advisory locks are of one database (PostgreSQL manual, 13.3.5).
const KEY: [u32; 2] = [0x526f_6c6c, 0x626f_6f6b];

/// Of the same key.
const ATTEMPT: &str = "pg_try_advisory_lock(x'526f6c6c'::int, x'626f6f6b'::int)";

/// The connection that holds the lock.
pub(super) struct Lock {
    conn: PgConnection,
    token: String,
    pub taken_over: Option<Holder>,
}

impl Lock {
    /// Tries the lock. `session` is the server process of the run's own connection.
    pub async fn take(conn: PgConnection, claim: &Claim, session: &str) -> Result<Self, LockError> {
        let mut lock = Self { conn, token: String::new(), taken_over: None };
        // Who, since when and in which run is in the connection's name: every role may read it. A lease
        // that a crash of the server takes back a moment is as good: nobody waits for its disk. The lock
        // is not tried on a session that others share: it would stay with the pooler.
        let sql = format!(
            "SET application_name = {}; SET synchronous_commit = off; \
             SELECT pg_backend_pid(), CASE WHEN pg_backend_pid() <> {session} THEN {ATTEMPT} END",
            quoted(&format!("rollbook lock {} {} {}", claim.run, claim.since, claim.operator))
        );
        let answer = lock.ask(sql).await?;
        if answer.single() == Some(session) {
            return Err(LockError::Pooler);
        }
        if answer.cell(0, 1) == Some("t") {
            return Ok(lock);
        }
        let holder = holder(&mut lock.conn).await?.unwrap_or_default();
        if holder.silent.is_some_and(|silent| silent > claim.lease) && lock.end(&holder).await? {
            lock.taken_over = Some(holder);
            return Ok(lock);
        }
        let _ = lock.conn.close().await;
        Err(LockError::Held(Box::new(holder)))
    }

    async fn ask(&mut self, sql: String) -> Result<Answer, DbError> {
        soon(run(&mut self.conn, sql, 1)).await
    }

    /// Ends the lock's session of an owner that is silent, and a transaction that it left open. What
    /// the server runs for it outside a transaction comes to its own end, and is in doubt until then.
    async fn end(&mut self, holder: &Holder) -> Result<bool, DbError> {
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
             AND pid <> pg_backend_pid() AND (starts_with(application_name, {}) \
             OR (starts_with(application_name, {}) AND state LIKE 'idle in transaction%'))",
            quoted(&format!("rollbook lock {} ", holder.run)),
            quoted(&format!("rollbook {} ", holder.run)),
        );
        match self.ask(sql).await {
            Ok(_) => {}
            // It belongs to a role whose sessions this one may not end.
            Err(DbError::Refused(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.once_free().await
    }

    /// A lease without a journal beside it: what was done here is known to nobody any more.
    pub async fn lost_journal(&mut self) -> DbError {
        match self.ask("SELECT run, operator FROM rollbook.lease".to_owned()).await {
            Ok(last) => {
                let cell = |i: usize| last.cell(0, i).unwrap_or_default().to_owned();
                DbError::JournalMissing { run: cell(0), operator: cell(1) }
            }
            Err(error) => error,
        }
    }

    /// Writes the lease, once its table is there, and keeps it alive.
    pub async fn lease(mut self, claim: &Claim, pos: i64) -> Result<Claimed, DbError> {
        // Whoever has the lock is the only one here, so that there is one row.
        let sql = format!(
            "WITH last AS (SELECT token, pos FROM rollbook.lease), new AS (SELECT {}::varchar(64) AS run, \
             {}::varchar(160) AS operator, {}::varchar(40) AS since, pg_backend_pid() AS pid, {pos}::bigint AS pos), \
             again AS (UPDATE rollbook.lease l SET token = l.token + 1, run = new.run, operator = new.operator, \
             since = new.since, pid = new.pid, cell = '', pos = new.pos, heartbeat = clock_timestamp() \
             FROM new WHERE l.pos <= new.pos RETURNING l.token), \
             first AS (INSERT INTO rollbook.lease (token, run, operator, since, pid, cell, pos, heartbeat) \
             SELECT 1, run, operator, since, pid, '', pos, clock_timestamp() FROM new \
             WHERE NOT EXISTS (SELECT FROM last) RETURNING token) \
             SELECT (SELECT pos FROM last), (SELECT token FROM again UNION ALL SELECT token FROM first)",
            quoted(&claim.run),
            quoted(&claim.operator),
            quoted(&claim.since),
        );
        let answer = self.ask(sql).await.map_err(DbError::on_journal)?;
        DbError::if_shortened(pos, answer.single())?;
        answer.cell(0, 1).unwrap_or_default().clone_into(&mut self.token);
        let taken_over = self.taken_over.take();
        Ok(Claimed { lock: Box::new(LeasedLock::new(Box::new(self), claim.lease, pos)), pos, taken_over })
    }
}

#[async_trait]
impl Heart for Lock {
    async fn attempt(&mut self) -> Result<bool, DbError> {
        Ok(self.ask(format!("SELECT {ATTEMPT}")).await?.single() == Some("t"))
    }

    async fn beat(&mut self, cell: &str, pos: i64) -> Result<bool, DbError> {
        let sql = format!(
            "UPDATE rollbook.lease SET heartbeat = clock_timestamp(), pos = {pos}, cell = {}::varchar(160) WHERE token = {} RETURNING 1",
            quoted(cell),
            self.token
        );
        Ok(self.ask(sql).await?.returned == 1)
    }

    async fn close(self: Box<Self>) {
        let _ = self.conn.close().await;
    }
}

/// Who holds the lock now, read from the server's locks, its sessions and the lease.
pub(super) async fn holder(conn: &mut PgConnection) -> Result<Option<Holder>, DbError> {
    let sql = format!(
        "SELECT a.pid, a.application_name, a.usename, \
           to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
           to_regclass('rollbook.lease') IS NOT NULL \
           AND has_table_privilege(to_regclass('rollbook.lease'), 'SELECT') \
         FROM pg_locks l JOIN pg_stat_activity a USING (pid) \
         WHERE l.locktype = 'advisory' AND l.granted AND l.classid = {} AND l.objid = {} \
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        KEY[0], KEY[1]
    );
    let answer = run(conn, sql, 1).await?;
    if answer.rows.is_empty() {
        return Ok(None);
    }
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
    let process = format!("server process {}", cell(0));
    let mut holder = Holder { operator, run: run_id, since, cell: cell_id, process, silent: None };
    if cell(4) == "t" {
        // The lease has room for whole names, which the connection's has not.
        let sql = format!(
            "SELECT operator, cell, floor(extract(epoch FROM clock_timestamp() - heartbeat)) FROM rollbook.lease \
             WHERE pid = {}",
            cell(0)
        );
        let lease = run(conn, sql, 1).await?;
        if let Some(operator) = lease.cell(0, 0) {
            operator.clone_into(&mut holder.operator);
        }
        holder.cell = lease.cell(0, 1).filter(|cell| !cell.is_empty()).map(str::to_owned).or(holder.cell);
        holder.silent = lease.cell(0, 2).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    }
    Ok(Some(holder))
}
