//! What PostgreSQL says of whom a backfill harms.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::super::lookout::{DeadRows, Lookout, Replica, Replication, Standby, unseen};
use super::super::patience::soon;
use super::super::wish::{Change, Row, Wishes, wishes};
use super::super::{Answer, DbError};
use super::session::{connect, quoted, run};
use crate::dialect::Dialect;

/// How long a runbook's own question may take: it is asked twice a second.
const PATIENCE: &str = "2s";

/// A connection that is opened when it is needed, and again when it broke.
struct Line {
    options: PgConnectOptions,
    name: &'static str,
    conn: Option<PgConnection>,
}

impl Line {
    fn new(options: &PgConnectOptions, name: &'static str) -> Self {
        Self { options: options.clone(), name, conn: None }
    }

    async fn ask(&mut self, sql: String) -> Result<Answer, DbError> {
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => connect(&self.options, self.name).await?,
        };
        let answer = soon(run(&mut conn, sql, u64::MAX)).await;
        // A refusal leaves the connection as it was; of what broke nothing is kept.
        if matches!(answer, Ok(_) | Err(DbError::Refused(_))) {
            self.conn = Some(conn);
        }
        answer
    }
}

pub struct PostgresLookout {
    line: Line,
    /// The backfill's own server process.
    pid: String,
}

impl PostgresLookout {
    pub fn new(options: &PgConnectOptions, pid: &str) -> Self {
        Self { line: Line::new(options, "rollbook lookout"), pid: pid.to_owned() }
    }

    fn row<'a>(run: &'a str) -> Row<'a> {
        Row { dialect: Dialect::Postgres, table: "rollbook.control", run }
    }
}

#[async_trait]
impl Lookout for PostgresLookout {
    /// Standbys and nothing else: a logical slot's reader confirms when it likes, and `pg_receivewal` and
    /// `pg_basebackup` apply nothing. `replay_lag` is what was measured last: of a standby that has
    /// caught up it is old news (PostgreSQL manual, 27.2.4).
    async fn replicas(&mut self) -> Result<Replication, DbError> {
        let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'), \
                   (SELECT count(*) FROM pg_stat_replication), pg_has_role('pg_read_all_stats', 'USAGE'), \
                   r.name, pg_wal_lsn_diff(r.replay_lsn, '0/0'), floor(extract(epoch FROM r.replay_lag) * 1000), \
                   quote_ident(current_user) \
                   FROM (SELECT 1) one LEFT JOIN (SELECT replay_lsn, replay_lag, \
                     coalesce(nullif(application_name, ''), 'standby') || coalesce(' at ' || host(client_addr), '') AS name \
                     FROM pg_stat_replication LEFT JOIN pg_replication_slots ON active_pid = pid \
                     WHERE slot_type IS DISTINCT FROM 'logical' AND state IN ('streaming', 'catchup') \
                     AND replay_lsn IS NOT NULL) r ON true";
        let answer = self.line.ask(sql.to_owned()).await?;
        let number =
            |row: usize, column: usize| answer.cell(row, column).and_then(|text| text.parse::<u64>().ok());
        if number(0, 1).unwrap_or_default() > 0 && answer.cell(0, 2) != Some("t") {
            let role = answer.cell(0, 6).unwrap_or_default();
            return Err(unseen(format!(
                "this role may not see how far replicas are: GRANT pg_read_all_stats TO {role}"
            )));
        }
        let standby = |row: usize| {
            Some(Standby {
                name: answer.cell(row, 3)?.to_owned(),
                applied: number(row, 4)?,
                reported: number(row, 5).map(Duration::from_millis),
            })
        };
        let replicas = (0..answer.rows.len()).filter_map(standby).collect();
        Ok(Replication { position: number(0, 0), replicas, unknown: 0 })
    }

    /// Sessions of clients that run a statement. Those that wait for a lock are among them.
    async fn load(&mut self) -> Result<u64, DbError> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE state IN ('active', 'fastpath function call')), \
             pg_has_role('pg_read_all_stats', 'USAGE'), current_setting('track_activities'), quote_ident(current_user) \
             FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid NOT IN (pg_backend_pid(), {})",
            self.pid
        );
        let answer = self.line.ask(sql).await?;
        let role = answer.cell(0, 3).unwrap_or_default();
        match (answer.cell(0, 1), answer.cell(0, 2)) {
            (Some("t"), Some("on")) => Ok(first(&answer)),
            (Some("t"), _) => Err(unseen("the server does not keep it: track_activities is off".to_owned())),
            _ => Err(unseen(format!(
                "this role may not see what other sessions do: GRANT pg_read_all_stats TO {role}"
            ))),
        }
    }

    /// `pg_blocking_pids` locks the lock table for a moment (PostgreSQL manual, 9.27.1), so that only those
    /// that wait are asked about.
    async fn waiting(&mut self) -> Result<u64, DbError> {
        let sql = format!(
            "WITH waits AS MATERIALIZED (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted) \
             SELECT count(*) FROM waits WHERE {} = ANY (pg_blocking_pids(pid))",
            self.pid
        );
        Ok(first(&self.line.ask(sql).await?))
    }

    /// The threshold is the server's or the table's own (PostgreSQL manual, 25.1.6), over all partitions.
    async fn dead_rows(&mut self, table: &str) -> Result<DeadRows, DbError> {
        let option = |name: &str| {
            format!(
                "coalesce((SELECT option_value FROM pg_options_to_table(c.reloptions) WHERE option_name = '{name}'), \
                 current_setting('{name}'))"
            )
        };
        let sql = format!(
            "SELECT coalesce(sum(pg_stat_get_dead_tuples(c.oid)), 0), \
             floor(sum(least({}::float8 + {}::float8 * greatest(c.reltuples, 0), \
               coalesce(nullif(current_setting('autovacuum_vacuum_max_threshold', true)::float8, -1), 'infinity')))), \
             bool_or(current_setting('autovacuum') = 'off' OR coalesce((SELECT NOT option_value::boolean \
               FROM pg_options_to_table(c.reloptions) WHERE option_name = 'autovacuum_enabled'), false)) \
             FROM pg_class c WHERE {}",
            option("autovacuum_vacuum_threshold"),
            option("autovacuum_vacuum_scale_factor"),
            leaves(table),
        );
        let answer = self.line.ask(sql).await?;
        let number =
            |column: usize| answer.cell(0, column).and_then(|text| text.parse().ok()).unwrap_or_default();
        Ok(DeadRows { rows: number(0), threshold: number(1), off: answer.cell(0, 2) == Some("t") })
    }

    /// What a slot that is lost has kept is gone already.
    async fn kept_log(&mut self) -> Result<Option<(String, u64)>, DbError> {
        let sql = "SELECT slot_name, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) FROM pg_replication_slots \
                   WHERE restart_lsn IS NOT NULL AND wal_status IS DISTINCT FROM 'lost' ORDER BY 2 DESC LIMIT 1";
        let answer = self.line.ask(sql.to_owned()).await?;
        let bytes = answer.cell(0, 1).and_then(|text| text.parse().ok()).unwrap_or_default();
        Ok(answer.cell(0, 0).map(|slot| (slot.to_owned(), bytes)))
    }

    async fn ask(&mut self, sql: &str) -> Result<Option<String>, DbError> {
        let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = '{PATIENCE}'");
        self.line.ask(begin).await?;
        let answer = self.line.ask(sql.to_owned()).await;
        if !matches!(answer, Err(DbError::Lost(_))) {
            self.line.ask("ROLLBACK".to_owned()).await?;
        }
        Ok(answer?.single().map(str::to_owned))
    }

    async fn estimate(&mut self, table: &str) -> Result<Option<u64>, DbError> {
        let sql = format!(
            "SELECT nullif(sum(greatest(c.reltuples, 0))::bigint, 0) FROM pg_class c WHERE {}",
            leaves(table)
        );
        Ok(self.line.ask(sql).await?.single().and_then(|rows| rows.parse().ok()))
    }

    async fn listen(&mut self, run: &str) -> Result<(), DbError> {
        // Looked for first: who may write it need not be allowed to make it.
        let there = "SELECT to_regclass('rollbook.control')";
        if self.line.ask(there.to_owned()).await?.single().is_none() {
            self.line.ask(include_str!("control.sql").to_owned()).await.map_err(DbError::without_journal)?;
        }
        self.line.ask(Self::row(run).listen()).await.map(|_| ())
    }

    async fn wishes(&mut self, run: &str) -> Result<Option<Wishes>, DbError> {
        Ok(wishes(&self.line.ask(Self::row(run).read()).await?))
    }

    async fn wish(&mut self, run: &str, change: Change, by: &str, at: &str) -> Result<bool, DbError> {
        Ok(self.line.ask(Self::row(run).wish(change, by, at)).await?.affected == 1)
    }

    async fn heed(&mut self, run: &str, number: i64) -> Result<(), DbError> {
        self.line.ask(Self::row(run).heed(number)).await.map(|_| ())
    }
}

/// The condition on `pg_class c` that it is the table, or a partition of it that has rows.
fn leaves(table: &str) -> String {
    let name = quoted(table);
    format!(
        "c.relkind <> 'p' AND (c.oid = to_regclass({name}) \
         OR c.oid IN (SELECT relid FROM pg_partition_tree(to_regclass({name}))))"
    )
}

fn first(answer: &Answer) -> u64 {
    answer.single().and_then(|text| text.parse().ok()).unwrap_or_default()
}

pub struct PostgresReplica {
    name: String,
    line: Line,
}

impl PostgresReplica {
    pub fn new(name: &str, options: &PgConnectOptions) -> Self {
        Self { name: name.to_owned(), line: Line::new(options, "rollbook lookout") }
    }
}

#[async_trait]
impl Replica for PostgresReplica {
    fn name(&self) -> &str {
        &self.name
    }

    async fn applied(&mut self) -> Result<u64, DbError> {
        let sql = "SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')";
        let answer = self.line.ask(sql.to_owned()).await?;
        let applied = answer.single().and_then(|text| text.parse().ok());
        applied.ok_or_else(|| unseen("it is no replica: it applies no log".to_owned()))
    }
}
