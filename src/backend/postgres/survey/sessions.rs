//! Who else is there: locks, open and prepared transactions, replicas and slots.

use super::Look;
use crate::backend::survey::Held;
use crate::backend::{Answer, Blocker, DbError};
use crate::dialect::Dialect;

/// A prepared transaction has no process; its locks outlive its session.
const LOCKS: &str = " SELECT t.name, l.mode, l.granted, l.pid, a.usename, coalesce(nullif(a.application_name, ''), a.backend_type), \
      a.state, floor(extract(epoch FROM clock_timestamp() - a.xact_start)), left(a.query, 2000), x.gid, \
      floor(extract(epoch FROM clock_timestamp() - x.prepared)) \
    FROM tree t JOIN pg_locks l ON l.locktype = 'relation' AND l.relation = t.oid \
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
    LEFT JOIN pg_prepared_xacts x ON l.pid IS NULL AND l.virtualtransaction = '-1/' || x.transaction \
    WHERE l.pid IS DISTINCT FROM pg_backend_pid() ORDER BY 1, 8 DESC NULLS LAST, 4, 2";

/// Transactions that are open for more than an instant, or hold a snapshot: a `CONCURRENTLY` waits for them.
const TRANSACTIONS: &str = "SELECT pid, usename, coalesce(nullif(application_name, ''), backend_type), state, \
      floor(extract(epoch FROM clock_timestamp() - xact_start)), left(query, 2000) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '1 s' \
      AND backend_type IN ('client backend', 'autovacuum worker', 'parallel worker') ORDER BY xact_start LIMIT 20";

const PREPARED: &str = "SELECT gid, owner, floor(extract(epoch FROM clock_timestamp() - prepared)) FROM pg_prepared_xacts \
    WHERE database = current_database() ORDER BY prepared";

const REPLICAS: &str = "SELECT coalesce(nullif(application_name, ''), 'a replica'), coalesce(client_addr::text, 'local'), state, sync_state, \
      floor(extract(epoch FROM replay_lag)), pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint FROM pg_stat_replication ORDER BY 1, 2";

const SLOTS: &str = "SELECT slot_name, slot_type, active, wal_status, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
      ELSE pg_current_wal_lsn() END, restart_lsn)::bigint FROM pg_replication_slots WHERE database IS NULL OR database = current_database() ORDER BY 1";

impl Look<'_> {
    pub(super) async fn locks(&mut self) -> Result<(), DbError> {
        let Some(answer) = self.of_relations("who holds locks", LOCKS).await? else { return Ok(()) };
        let mut hidden = false;
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
            let mut by = blocker(&answer, row, 3);
            hidden |= is_hidden(cell(8));
            if let Some(gid) = answer.cell(row, 9) {
                by = Blocker {
                    process: format!("prepared transaction `{gid}`"),
                    seconds: cell(10).parse().ok(),
                    ..Blocker::default()
                };
            } else if answer.cell(row, 3).is_none() {
                by.process = "a prepared transaction".to_owned();
            }
            let held = Held { mode: spelled(cell(1)), granted: cell(2) == "t", by };
            if let Some(relation) = self.relation(cell(0)) {
                relation.held.push(held);
            }
        }
        if hidden {
            self.sight.unseen.push(
                "what other roles' sessions do: grant pg_monitor or pg_read_all_stats to see it".to_owned(),
            );
        }
        Ok(())
    }

    pub(super) async fn transactions(&mut self) -> Result<(), DbError> {
        if let Some(answer) = self.ask("open transactions", TRANSACTIONS.to_owned()).await? {
            self.sight.transactions = (0..answer.rows.len()).map(|row| blocker(&answer, row, 0)).collect();
        }
        if let Some(answer) = self.ask("prepared transactions", PREPARED.to_owned()).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
                let text = format!(
                    "prepared transaction `{}` of {} has been left open for {} s: it keeps its locks until COMMIT PREPARED or ROLLBACK PREPARED",
                    cell(0),
                    cell(1),
                    cell(2)
                );
                self.sight.note("transactions", true, text);
            }
        }
        Ok(())
    }

    pub(super) async fn replication(&mut self) -> Result<(), DbError> {
        let standby = self.sight.notes.iter().any(|note| note.topic == "replication");
        if !standby && let Some(answer) = self.ask("replicas", REPLICAS.to_owned()).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
                let hidden = answer.cell(row, 2).is_none();
                let lag = match (answer.cell(row, 4), answer.cell(row, 5)) {
                    _ if hidden => "its state is not shown to this role".to_owned(),
                    (Some(seconds), Some(bytes)) => format!("{seconds} s and {bytes} bytes behind"),
                    (None, Some(bytes)) => format!("{bytes} bytes behind"),
                    _ => "its lag is not known".to_owned(),
                };
                let text = format!("{} ({}), {}, {}: {lag}", cell(0), cell(1), cell(2), cell(3));
                let late = cell(4).parse::<u64>().is_ok_and(|seconds| seconds >= 10);
                self.sight.note("replication", late, text);
            }
            if answer.rows.is_empty() {
                self.sight.note("replication", false, "no replica is connected");
            }
        }
        if let Some(answer) = self.ask("replication slots", SLOTS.to_owned()).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
                let idle = cell(2) != "t";
                let state = if idle { "inactive" } else { "active" };
                let text = format!(
                    "slot {} ({}, {state}, WAL {}) keeps {} bytes of WAL{}",
                    cell(0),
                    cell(1),
                    cell(3),
                    answer.cell(row, 4).unwrap_or("an unknown number of"),
                    if idle { ", and all that the run writes" } else { "" }
                );
                self.sight.note("replication", idle, text);
            }
        }
        Ok(())
    }
}

/// A session; of another role's statement this one may see nothing.
fn blocker(answer: &Answer, row: usize, at: usize) -> Blocker {
    let mut blocker = Blocker::read(Dialect::Postgres, answer, row, at);
    if is_hidden(answer.cell(row, at + 5).unwrap_or_default()) {
        blocker.query.clear();
    }
    blocker
}

/// What `pg_stat_activity` says of another role's statement to one that may not see it.
fn is_hidden(query: &str) -> bool {
    query == "<insufficient privilege>"
}

/// `AccessExclusiveLock` as statements write it.
fn spelled(mode: &str) -> String {
    let mut words = String::new();
    for c in mode.trim_end_matches("Lock").chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_uppercase());
    }
    words
}
