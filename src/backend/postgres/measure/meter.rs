use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sqlx::postgres::PgConnectOptions;

use super::super::super::measure::{
    InTransaction, Measured, Meter, PLANNED, Reading, Trial, is_planned, mode,
};
use super::super::super::{Answer, DbError, Mode, Refusal, Session};
use super::super::session::{PostgresSession, run};
use super::bystanders::Bystanders;
use super::relations::Relations;
use crate::dialect::{Dialect, Facts};

/// Nobody else is on a scratch database, so that a wait is a mistake. What a worker process reads is counted
/// by itself and not seen from here.
const SETTINGS: &str = "SET lock_timeout = '5s'; SET max_parallel_workers_per_gather = 0; SET max_parallel_maintenance_workers = 0";

/// Granted locks of the own session.
const LOCKS: &str =
    "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted";

/// Counted since before the transaction too: the server passes its counters on from time to time, and never in a
/// transaction.
const SCANS_INSIDE: &str = "SELECT relid, seq_scan FROM pg_stat_xact_all_tables WHERE seq_scan > 0";

const SCANS_OUTSIDE: &str = "SELECT relid, seq_scan FROM pg_stat_all_tables WHERE seq_scan > 0";

/// active_sql_transaction, invalid_transaction_termination (PostgreSQL manual, appendix A).
const NO_TRANSACTION: [&str; 2] = ["25001", "2D000"];

pub struct PostgresMeter {
    session: PostgresSession,
    options: PgConnectOptions,
    /// Whether the server counts what is read.
    counts: bool,
}

impl PostgresMeter {
    pub async fn open(options: &PgConnectOptions) -> Result<Self, DbError> {
        let mut session = PostgresSession::open(options, Mode::ReadOnly).await?;
        let sql = format!("{SETTINGS}; SHOW track_counts");
        let counts = run(session.conn(), sql, 1).await?.single() == Some("on");
        Ok(Self { session, options: options.clone(), counts })
    }

    async fn ask(&mut self, sql: impl Into<String>) -> Result<Answer, DbError> {
        run(self.session.conn(), sql.into(), u64::MAX).await
    }

    async fn relations(&mut self) -> Result<Relations, DbError> {
        Relations::read(self.session.conn()).await
    }

    async fn inside(
        &mut self,
        settings: &[&str],
        sql: &str,
        facts: &Facts,
        before: &Relations,
    ) -> Result<Measured, DbError> {
        self.ask("BEGIN").await?;
        for setting in settings {
            self.ask(*setting).await?;
        }
        let counted = counters(&self.ask(SCANS_INSIDE).await?);
        self.ask(sql).await?;
        let locks = locks(&self.ask(LOCKS).await?);
        let scanned = self.ask(SCANS_INSIDE).await?;
        let after = self.relations().await?;
        self.ask("COMMIT").await?;
        let transaction = Ok(InTransaction::Held);
        Ok(self.measured(facts, (before, &after), Ok(locks), (counted, counters(&scanned)), transaction))
    }

    async fn outside(
        &mut self,
        sql: &str,
        facts: &Facts,
        before: &Relations,
        refusal: &Refusal,
    ) -> Result<Measured, DbError> {
        let counted = self.counted().await?;
        let tables = before.named_tables(facts);
        let locks = if tables.is_empty() {
            self.ask(sql).await?;
            Err("it runs outside of a transaction and names no table, so that nothing made it wait"
                .to_owned())
        } else {
            let mut bystanders = Bystanders::on(&self.options, self.session.pid(), &tables).await?;
            tokio::select! {
                done = run(self.session.conn(), sql.to_owned(), 0) => done.map(|_| ())?,
                error = bystanders.give_way() => return Err(error),
            }
            Ok(bystanders.seen())
        };
        let after = self.relations().await?;
        let scanned = self.counted().await?;
        let transaction = Ok(InTransaction::Refused(refusal.message.clone()));
        Ok(self.measured(facts, (before, &after), locks, (counted, scanned), transaction))
    }

    /// Scans so far, this session's among them.
    async fn counted(&mut self) -> Result<Counters, DbError> {
        self.ask("SELECT pg_stat_force_next_flush()").await?;
        Ok(counters(&self.ask(SCANS_OUTSIDE).await?))
    }

    fn measured(
        &self,
        facts: &Facts,
        (before, after): (&Relations, &Relations),
        locks: Reading<Vec<(String, &'static str)>>,
        (counted, scanned): (Counters, Counters),
        transaction: Reading<InTransaction>,
    ) -> Measured {
        let rewritten = after.rewritten(before);
        // It reads the new files that it makes, which have no rows.
        let truncates = facts.kind == "truncate";
        let scanned: BTreeSet<String> = scanned
            .into_iter()
            .filter(|(oid, count)| counted.get(oid).is_none_or(|counted| counted < count))
            .map(|(oid, _)| oid)
            .collect();
        let scans = match facts.kind {
            _ if truncates => Ok(Vec::new()),
            _ if is_planned(facts) => Err(PLANNED.to_owned()),
            _ if !self.counts => Err("track_counts is off".to_owned()),
            "vacuum" if rewritten.is_empty() => Err("the server does not count what VACUUM reads".to_owned()),
            _ => Ok(before.tables(&scanned)),
        };
        Measured {
            locks: locks.map(|locks| before.locked(facts, &locks)),
            indexes: Ok(if truncates { Vec::new() } else { after.built(before) }),
            rewritten: Ok(rewritten),
            scanned: scans,
            transaction,
        }
    }
}

/// Scans by table.
type Counters = BTreeMap<String, u64>;

fn counters(answer: &Answer) -> Counters {
    let row = |row: usize| Some((answer.cell(row, 0)?.to_owned(), answer.cell(row, 1)?.parse().ok()?));
    (0..answer.rows.len()).filter_map(row).collect()
}

fn locks(answer: &Answer) -> Vec<(String, &'static str)> {
    let row =
        |row: usize| Some((answer.cell(row, 0)?.to_owned(), mode(Dialect::Postgres, answer.cell(row, 1)?)?));
    (0..answer.rows.len()).filter_map(row).collect()
}

#[async_trait]
impl Meter for PostgresMeter {
    fn session(&mut self) -> &mut dyn Session {
        &mut self.session
    }

    async fn others(&mut self) -> Result<Vec<String>, DbError> {
        let sql = "SELECT 'process ' || pid || coalesce(', ' || usename, '') || coalesce(', ' || nullif(application_name, ''), '') \
                   FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                   AND coalesce(backend_type, 'client backend') = 'client backend' ORDER BY pid";
        Ok(self.ask(sql).await?.rows.into_iter().flatten().flatten().collect())
    }

    async fn ways_out(&mut self) -> Result<Vec<String>, DbError> {
        let sql = "SELECT DISTINCT 'foreign server ' || srvname FROM pg_user_mappings \
                   UNION ALL SELECT 'subscription ' || subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid \
                   WHERE d.datname = current_database() ORDER BY 1";
        Ok(self.ask(sql).await?.rows.into_iter().flatten().flatten().collect())
    }

    async fn measure(&mut self, settings: &[&str], sql: &str, facts: &Facts) -> Result<Trial, DbError> {
        let before = self.relations().await?;
        let inside = self.inside(settings, sql, facts, &before).await;
        if inside.is_err() && !matches!(inside, Err(DbError::Lost(_))) {
            self.ask("ROLLBACK").await?;
        }
        let measured = match inside {
            Err(DbError::Refused(refusal)) if NO_TRANSACTION.contains(&refusal.code.as_str()) => {
                self.outside(sql, facts, &before, &refusal).await
            }
            inside => inside,
        };
        match measured {
            Ok(measured) => Ok(Trial::Measured(Box::new(measured))),
            Err(DbError::Refused(refusal)) => Ok(Trial::Refused(refusal)),
            Err(error) => Err(error),
        }
    }

    async fn close(self: Box<Self>) {
        Box::new(self.session).close().await;
    }
}
