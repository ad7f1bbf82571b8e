//! The run lock: `GET_LOCK` on a connection of its own, with a lease beside it.
//!
//! It is tried, never waited for. Its name holds the database, because such locks are of the whole
//! server (MySQL 8.4 manual, 14.14).

use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use sqlx::Connection as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};

use super::super::lease::{Heart, LeasedLock};
use super::super::patience::soon;
use super::super::session::{Claim, Claimed, Holder, LockError};
use super::super::{Answer, DbError};
use super::session::{connect, quoted, run};

/// A lock's name has at most 64 characters (MySQL 8.4 manual, 14.14).
const LONGEST_NAME: usize = 64;

fn name(database: &str) -> String {
    let name = format!("rollbook:{database}");
    if name.chars().count() <= LONGEST_NAME {
        return name;
    }
    format!("rollbook:{}", &crate::source::hex(&Sha256::digest(database))[..40])
}

/// The connection that holds the lock.
pub(super) struct Lock {
    conn: MySqlConnection,
    name: String,
    token: String,
    taken_over: Option<Holder>,
}

impl Lock {
    /// Tries the lock. `session` is the id of the run's own connection.
    pub async fn take(
        options: &MySqlConnectOptions,
        claim: &Claim,
        session: &str,
        database: &str,
    ) -> Result<Self, LockError> {
        let conn = connect(options).await?;
        let mut lock = Self { conn, name: quoted(&name(database)), token: String::new(), taken_over: None };
        if lock.ask("SELECT CONNECTION_ID()").await?.single() == Some(session) {
            return Err(LockError::Pooler);
        }
        if lock.attempt().await? {
            return Ok(lock);
        }
        let holder = holder(&mut lock.conn, database).await?.unwrap_or_default();
        if holder.silent.is_some_and(|silent| silent > claim.lease) && lock.end().await? {
            lock.taken_over = Some(holder);
            return Ok(lock);
        }
        let _ = lock.conn.close().await;
        Err(LockError::Held(Box::new(holder)))
    }

    async fn ask(&mut self, sql: &str) -> Result<Answer, DbError> {
        soon(run(&mut self.conn, sql, 1)).await
    }

    /// Ends the lock's session of an owner that is silent, and its run's session where that only sits
    /// on an open transaction. What the server runs for it comes to its own end, and is in doubt until
    /// then.
    async fn end(&mut self) -> Result<bool, DbError> {
        let sql = "SELECT p.id FROM rollbook_lease l JOIN information_schema.processlist p \
                   ON p.id = l.pid OR (p.id = l.session AND p.command = 'Sleep') WHERE p.id <> CONNECTION_ID()";
        let answer = run(&mut self.conn, sql, u64::MAX).await?;
        for id in answer.rows.iter().flatten().flatten() {
            match self.ask(&format!("KILL {id}")).await {
                // It belongs to a user whose sessions this one may not end, or it has just ended.
                Ok(_) | Err(DbError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        self.once_free().await
    }

    /// A lease without a journal beside it: what was done here is known to nobody any more.
    pub async fn refuse_lost_journal(&mut self) -> Result<(), DbError> {
        let sql = "SELECT GROUP_CONCAT(table_name) FROM information_schema.tables \
                   WHERE table_schema = DATABASE() AND table_name IN ('rollbook_journal', 'rollbook_lease')";
        if self.ask(sql).await?.single() != Some("rollbook_lease") {
            return Ok(());
        }
        let last = self.ask("SELECT run, operator FROM rollbook_lease").await?;
        let cell = |i: usize| last.cell(0, i).unwrap_or_default().to_owned();
        Err(DbError::JournalMissing { run: cell(0), operator: cell(1) })
    }

    /// Writes the lease, once its table is there, and keeps it alive.
    pub async fn lease(mut self, claim: &Claim, session: &str, pos: i64) -> Result<Claimed, DbError> {
        let last = self.ask("SELECT pos FROM rollbook_lease").await.map_err(DbError::on_journal)?;
        DbError::if_shortened(pos, last.single())?;
        let texts = [&claim.run, &claim.operator, &claim.since].map(|text| quoted(text));
        let sql = format!(
            "INSERT INTO rollbook_lease (id, token, run, operator, since, pid, session, cell, pos, heartbeat) \
             VALUES (1, 1, {}, CONNECTION_ID(), {session}, '', {pos}, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE \
             token = token + 1, run = VALUES(run), operator = VALUES(operator), since = VALUES(since), \
             pid = VALUES(pid), session = VALUES(session), cell = '', pos = VALUES(pos), heartbeat = VALUES(heartbeat)",
            texts.join(", ")
        );
        self.ask(&sql).await.map_err(DbError::on_journal)?;
        let answer = self.ask("SELECT token FROM rollbook_lease").await?;
        answer.single().unwrap_or_default().clone_into(&mut self.token);
        let taken_over = self.taken_over.take();
        Ok(Claimed { lock: Box::new(LeasedLock::new(Box::new(self), claim.lease, pos)), pos, taken_over })
    }
}

#[async_trait]
impl Heart for Lock {
    async fn attempt(&mut self) -> Result<bool, DbError> {
        let sql = format!("SELECT GET_LOCK({}, 0)", self.name);
        Ok(self.ask(&sql).await?.single() == Some("1"))
    }

    async fn beat(&mut self, cell: &str, pos: i64) -> Result<bool, DbError> {
        let sql = format!(
            "UPDATE rollbook_lease SET heartbeat = UTC_TIMESTAMP(6), pos = {pos}, cell = {} WHERE token = {}",
            quoted(cell),
            self.token
        );
        Ok(self.ask(&sql).await?.affected == 1)
    }

    async fn close(self: Box<Self>) {
        let _ = self.conn.close().await;
    }
}

/// Who holds the lock now, read from the server and the lease.
pub(super) async fn holder(conn: &mut MySqlConnection, database: &str) -> Result<Option<Holder>, DbError> {
    let sql = format!("SELECT IS_USED_LOCK({})", quoted(&name(database)));
    let answer = run(conn, &sql, 1).await?;
    let Some(id) = answer.single() else { return Ok(None) };
    let process = format!("connection {id}");
    let sql = format!(
        "SELECT run, operator, since, cell, FLOOR(TIMESTAMPDIFF(MICROSECOND, heartbeat, UTC_TIMESTAMP(6)) / 1000000) \
         FROM rollbook_lease WHERE pid = {id}"
    );
    let lease = match run(conn, &sql, 1).await {
        Ok(lease) => lease,
        // There is no lease yet, or this user may not read it.
        Err(DbError::Refused(_)) => Answer::default(),
        Err(error) => return Err(error),
    };
    let cell = |i: usize| lease.cell(0, i).unwrap_or_default().to_owned();
    Ok(Some(Holder {
        run: cell(0),
        operator: cell(1),
        since: cell(2),
        cell: Some(cell(3)).filter(|cell| !cell.is_empty()),
        process,
        silent: cell(4).parse().ok().map(Duration::from_secs),
    }))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn a_lock_is_of_one_database_and_its_name_is_never_too_long() {
        assert_eq!(name("shop"), "rollbook:shop");
        let long = name(&"x".repeat(60));
        assert!(long.len() <= 64 && long != name(&"x".repeat(61)));
    }
}
