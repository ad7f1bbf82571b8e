use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgErrorPosition, PgRow};
use sqlx::{Column as _, ConnectOptions as _, Connection as _, Either, Row as _, ValueRef as _};

use super::super::answer::{Answer, AnswerBuilder};
use super::super::patience::{reach, soon};
use super::super::session::{
    Claim, Claimed, Holder, InvalidIndex, JournalRow, Limits, LockError, Mode, Observer, Scope, Session,
    Surroundings, Table, TableName, TargetInfo,
};
use super::super::sql::{audited, end, insert, insert_and_commit, journal_rows, select, select_end};
use super::super::{Address, DbError, Lookout, Refusal, RefusalKind};
use super::catalog::{self, Journal};
use super::lock::{self, Lock};
use super::lookout::PostgresLookout;
use super::observer::PostgresObserver;
use crate::dialect::{Dialect, Facts, Object};

const TABLE: &str = "rollbook.journal";

/// See journal.sql.
const JOURNAL_SCHEMA: &str = "rollbook";

pub struct PostgresSession {
    conn: PgConnection,
    options: PgConnectOptions,
    info: TargetInfo,
    pid: String,
    /// For the run lock: opened beside the first one, because a run needs both.
    second: Option<Result<PgConnection, DbError>>,
    journal: Journal,
    /// Of the open transaction.
    limits: Limits,
}

impl PostgresSession {
    pub async fn open(options: &PgConnectOptions, mode: Mode) -> Result<Self, DbError> {
        let first = async {
            let mut conn = connect(options, "rollbook").await?;
            let facts = soon(catalog::about_server(&mut conn)).await?;
            Ok::<_, DbError>((conn, facts))
        };
        let second = async {
            match mode {
                Mode::ReadOnly => None,
                Mode::ReadWrite | Mode::Create => Some(connect(options, "rollbook").await),
            }
        };
        let (first, second) = tokio::join!(first, second);
        let (mut conn, facts) = first?;
        if facts.user == JOURNAL_SCHEMA {
            // By default a role's own name comes first on the search path (PostgreSQL manual, 5.9.3):
            // with the journal's schema there, a runbook's tables would be made in it.
            let path = "SELECT set_config('search_path', replace(current_setting('search_path'), '\"$user\"', 'public'), false)";
            run(&mut conn, path.to_owned(), 0).await?;
        }
        let place = options
            .get_socket()
            .map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
        let info = TargetInfo {
            dialect: Dialect::Postgres,
            server: format!("PostgreSQL {}", facts.version),
            database: facts.database.clone(),
            user: facts.user,
            place: format!("{place}:{}", options.get_port()),
            identity: format!("postgres:{}:{}:{}", facts.system, facts.database_oid, facts.database),
        };
        Ok(Self {
            conn,
            options: options.clone(),
            info,
            pid: facts.pid,
            second,
            journal: facts.journal,
            limits: Limits::default(),
        })
    }

    pub(super) fn conn(&mut self) -> &mut PgConnection {
        &mut self.conn
    }

    /// The server process.
    pub(super) fn pid(&self) -> &str {
        &self.pid
    }

    /// Opens a transaction with its settings, or none: one that is refused half way is not left open.
    async fn open_transaction(&mut self, scope: &Scope<'_>, begin: &str) -> Result<(), DbError> {
        let opened = self.send(format!("{begin}; {}", settings(scope, "LOCAL"))).await;
        if let Err(DbError::Refused(_)) = opened {
            self.send("ROLLBACK".to_owned()).await?;
        }
        opened
    }

    /// Sends our own text, whose answer does not matter.
    async fn send(&mut self, sql: String) -> Result<(), DbError> {
        run(&mut self.conn, sql, 0).await.map(|_| ())
    }
}

/// How long a goodbye to the server may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Opens a connection under a name that the server shows.
pub(super) async fn connect(options: &PgConnectOptions, name: &str) -> Result<PgConnection, DbError> {
    let options =
        options.clone().application_name(name).statement_cache_capacity(0).disable_statement_logging();
    reach(options.connect(), || Address::Postgres { options: Box::new(options.clone()) }).await
}

/// Runs SQL in the simple protocol, where every type arrives as the text that psql prints.
pub(super) async fn run(conn: &mut PgConnection, sql: String, keep: u64) -> Result<Answer, DbError> {
    run_into(conn, &sql, AnswerBuilder::new(keep)).await.map_err(|(_, error)| error)
}

/// An error comes with how many statements of the text were done before it.
async fn run_into(
    conn: &mut PgConnection,
    sql: &str,
    mut answer: AnswerBuilder,
) -> Result<Answer, (usize, DbError)> {
    let mut done = 0;
    let mut stream = sqlx::raw_sql(audited(sql)).fetch_many(conn);
    while let Some(item) = stream.try_next().await.map_err(|error| (done, failure(error, sql)))? {
        match item {
            Either::Left(result) => {
                done += 1;
                answer.affected(result.rows_affected());
            }
            Either::Right(row) => push(&mut answer, &row),
        }
    }
    drop(stream);
    Ok(answer.finish())
}

fn push(answer: &mut AnswerBuilder, row: &PgRow) {
    answer.columns(|| row.columns().iter().map(|column| column.name().to_owned()).collect());
    answer.row((0..row.len()).map(|i| {
        let value = row.try_get_raw(i).ok().filter(|value| !value.is_null())?;
        let text = value.as_bytes().map(String::from_utf8_lossy).unwrap_or(Cow::Borrowed(""));
        Some(text)
    }));
}

fn failure(error: sqlx::Error, sql: &str) -> DbError {
    let sqlx::Error::Database(refusal) = &error else { return DbError::Lost(error.to_string()) };
    let Some(refusal) = refusal.try_downcast_ref::<PgDatabaseError>() else {
        return DbError::Lost(error.to_string());
    };
    // Class 57P: the server ends the session (admin_shutdown, crash_shutdown, …), so that nothing is
    // known of the statement but that its transaction is gone (PostgreSQL manual, appendix A).
    if refusal.code().starts_with("57P") {
        return DbError::Lost(refusal.message().to_owned());
    }
    let offset = match refusal.position() {
        Some(PgErrorPosition::Original(characters)) => {
            sql.char_indices().nth(characters.saturating_sub(1)).map(|(at, _)| at)
        }
        _ => None,
    };
    DbError::Refused(Box::new(Refusal {
        message: refusal.message().to_owned(),
        code: refusal.code().to_owned(),
        kind: kind(refusal.code()),
        detail: refusal.detail().map(str::to_owned),
        hint: refusal.hint().map(str::to_owned),
        offset,
    }))
}

/// lock_not_available, deadlock_detected, serialization_failure; query_canceled; disk_full; classes
/// feature_not_supported and syntax_error_or_access_rule_violation (PostgreSQL manual, appendix A).
fn kind(sqlstate: &str) -> RefusalKind {
    match sqlstate {
        "55P03" | "40P01" | "40001" => RefusalKind::Contention,
        "57014" => RefusalKind::Cancelled,
        "53100" => RefusalKind::NoSpace,
        state if state.starts_with("0A") || state.starts_with("42") => RefusalKind::Statement,
        _ => RefusalKind::Final,
    }
}

/// PostgreSQL cuts `application_name` at 63 bytes (NAMEDATALEN - 1), so the run comes first.
fn tag(scope: &Scope<'_>) -> String {
    format!("rollbook {} {}", scope.run, scope.cell)
}

/// The statement with a comment that names its cell in `pg_stat_activity` and slow logs. It stands
/// behind, so that the server's error positions stay true.
fn commented(scope: &Scope<'_>, sql: &str) -> String {
    format!("{sql}\n/* rollbook {}/{} {} */", scope.runbook, scope.cell, scope.run)
}

fn settings(scope: &Scope<'_>, local: &str) -> String {
    format!("SET application_name = {}; {}", quoted(&tag(scope)), limits(scope.limits, local))
}

fn limits(limits: Limits, local: &str) -> String {
    let millis = |limit: Option<Duration>| limit.map_or(0, |limit| limit.as_millis());
    format!(
        "SET {local} lock_timeout = {}; SET {local} statement_timeout = {}",
        millis(limits.lock_timeout),
        millis(limits.statement_timeout),
    )
}

/// A literal of a text that is ours.
pub(super) fn quoted(text: &str) -> String {
    super::super::sql::quoted(Dialect::Postgres, text)
}

/// A refused journal row means that another writer has the position.
fn conflict(error: DbError, rows: &[JournalRow]) -> DbError {
    match (error.refusal(), rows.first()) {
        (Some(refusal), Some(row)) if refusal.code == "23505" && refusal.message.contains("journal_pkey") => {
            DbError::JournalConflict { pos: row.pos }
        }
        _ => error,
    }
}

#[async_trait]
impl Session for PostgresSession {
    fn info(&self) -> &TargetInfo {
        &self.info
    }

    async fn read_journal(&mut self, runbook: Option<&str>) -> Result<Vec<JournalRow>, DbError> {
        if self.journal != Journal::Whole {
            return Ok(Vec::new());
        }
        let sql = select(Dialect::Postgres, TABLE, runbook);
        let answer = async {
            let answer = run_into(&mut self.conn, &sql, AnswerBuilder::whole()).await;
            answer.map_err(|(_, error)| error.on_reading())
        };
        Ok(journal_rows(soon(answer).await?))
    }

    async fn claim(&mut self, claim: &Claim) -> Result<Claimed, LockError> {
        let conn = match self.second.take() {
            Some(conn) => conn?,
            None => connect(&self.options, "rollbook").await?,
        };
        let mut lock = Lock::take(conn, claim, &self.pid).await?;
        let end_of_journal = select_end(TABLE);
        let answer = match self.journal {
            Journal::Lost => return Err(lock.lost_journal().await.into()),
            Journal::Whole => soon(run(&mut self.conn, end_of_journal, 1)).await?,
            // One message, so one implicit transaction: the tables are there whole or not at all. Nobody
            // waits for its disk: the first entry's commit comes after it in the log, and does.
            Journal::None => soon(run(
                &mut self.conn,
                format!(
                    "SET LOCAL synchronous_commit = off; SET LOCAL client_min_messages = warning; {} {end_of_journal}",
                    include_str!("journal.sql")
                ),
                1,
            ))
            .await
            .map_err(DbError::without_journal)?,
        };
        self.journal = Journal::Whole;
        Ok(lock.lease(claim, end(&answer)).await?)
    }

    async fn holder(&mut self) -> Result<Option<Holder>, DbError> {
        lock::holder(&mut self.conn).await
    }

    async fn begin(&mut self, scope: &Scope<'_>) -> Result<(), DbError> {
        self.limits = scope.limits;
        self.open_transaction(scope, "BEGIN").await
    }

    async fn execute(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        if self.limits != scope.limits {
            self.limits = scope.limits;
            self.send(limits(scope.limits, "LOCAL")).await?;
        }
        run(&mut self.conn, commented(scope, sql), keep).await
    }

    async fn commit(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        if rows.is_empty() {
            return self.send("COMMIT".to_owned()).await;
        }
        let sql = insert_and_commit(Dialect::Postgres, TABLE, rows);
        match run_into(&mut self.conn, &sql, AnswerBuilder::new(0)).await {
            Ok(_) => Ok(()),
            // The rows were refused, not the transaction.
            Err((0, error)) => Err(conflict(error, rows).on_journal()),
            Err((_, error)) => Err(error),
        }
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.send("ROLLBACK".to_owned()).await
    }

    async fn append(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        self.send(insert(Dialect::Postgres, TABLE, rows))
            .await
            .map_err(|error| conflict(error, rows).on_journal())
    }

    async fn execute_outside(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.send(settings(scope, "")).await?;
        let answer = run(&mut self.conn, commented(scope, sql), keep).await;
        // A cancellation that comes too late strikes here. It is no answer to the statement, whose effect
        // may be there, and it strikes once; a connection that is lost shows at the next request.
        const RESET: &str = "RESET lock_timeout; RESET statement_timeout";
        if !matches!(answer, Err(DbError::Lost(_)))
            && let Err(DbError::Refused(_)) = self.send(RESET.to_owned()).await
        {
            let _ = self.send(RESET.to_owned()).await;
        }
        answer
    }

    async fn execute_read_only(
        &mut self,
        scope: &Scope<'_>,
        sql: &str,
        keep: u64,
    ) -> Result<Answer, DbError> {
        self.open_transaction(scope, "BEGIN READ ONLY").await?;
        let answer = run(&mut self.conn, commented(scope, sql), keep).await;
        if !matches!(answer, Err(DbError::Lost(_))) {
            self.rollback().await?;
        }
        answer
    }

    async fn definition(&mut self, objects: &[Object]) -> Result<Option<Vec<String>>, DbError> {
        catalog::definition(&mut self.conn, objects).await
    }

    async fn invalid_indexes(&mut self, statement: &Facts) -> Result<Vec<InvalidIndex>, DbError> {
        catalog::invalid_indexes(&mut self.conn, statement).await
    }

    async fn still_running(&mut self, scope: &Scope<'_>) -> Result<Option<String>, DbError> {
        let sql = format!(
            "SELECT 'server process ' || pid || coalesce(', since ' || query_start, ', of another role') FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND coalesce(state, 'active') = 'active' \
             AND application_name = left({}, 63)",
            quoted(&tag(scope))
        );
        Ok(run(&mut self.conn, sql, 1).await?.single().map(str::to_owned))
    }

    async fn tables(&mut self) -> Result<Vec<TableName>, DbError> {
        catalog::tables(&mut self.conn).await
    }

    async fn describe(&mut self, table: &str) -> Result<Option<Table>, DbError> {
        catalog::describe(&mut self.conn, table).await
    }

    async fn surroundings(&mut self, table: &str) -> Result<Surroundings, DbError> {
        catalog::surroundings(&mut self.conn, table).await
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(PostgresObserver::new(self.options.clone(), self.pid.clone()))
    }

    fn lookout(&self) -> Box<dyn Lookout> {
        Box::new(PostgresLookout::new(&self.options, &self.pid))
    }

    async fn close(mut self: Box<Self>) {
        // Nothing depends on the goodbye: the server notices a closed socket by itself.
        let _ = tokio::time::timeout(GOODBYE, self.conn.close()).await;
    }
}
