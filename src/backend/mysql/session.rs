use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlRow};
use sqlx::{
    Column as _, ConnectOptions as _, Connection as _, Either, Row as _, TypeInfo as _, ValueRef as _,
};

use super::super::answer::{Answer, AnswerBuilder};
use super::super::patience::{reach, soon};
use super::super::session::{
    Claim, Claimed, Holder, InvalidIndex, JournalRow, Limits, LockError, Observer, Scope, Session,
    Surroundings, Table, TableName, TargetInfo,
};
use super::super::sql::{audited, end, insert, journal_rows, remove_replaced, select, select_end};
use super::super::{Address, DbError, Lookout, Refusal, RefusalKind};
use super::catalog::{self, ServerFacts};
use super::lock::{self, Lock};
use super::lookout::MysqlLookout;
use super::observer::MysqlObserver;
use crate::dialect::{Action, Dialect, Facts, Object, ObjectKind};

const TABLE: &str = "rollbook_journal";

pub struct MysqlSession {
    conn: MySqlConnection,
    options: MySqlConnectOptions,
    info: TargetInfo,
    /// `CONNECTION_ID()`.
    id: String,
    mariadb: bool,
    has_journal: bool,
    /// Tables whose rows a transaction holds, as far as they were asked for.
    transactional: BTreeSet<String>,
    /// Lock timeout that the session has now.
    lock_timeout: Option<Duration>,
}

impl MysqlSession {
    pub async fn open(options: &MySqlConnectOptions) -> Result<Self, DbError> {
        let mut conn = connect(options).await?;
        let facts: ServerFacts = soon(catalog::about_server(&mut conn)).await?;
        let place = options
            .get_socket()
            .map_or_else(|| options.get_host().to_owned(), |path| path.display().to_string());
        let info = TargetInfo {
            dialect: Dialect::Mysql,
            server: format!("{} {}", if facts.mariadb { "MariaDB" } else { "MySQL" }, facts.version),
            database: facts.database.clone(),
            user: facts.user,
            place: format!("{place}:{}", options.get_port()),
            identity: format!("mysql:{}:{}", facts.server_identity, facts.database),
        };
        Ok(Self {
            conn,
            options: options.clone(),
            info,
            id: facts.connection,
            mariadb: facts.mariadb,
            has_journal: facts.has_journal,
            transactional: BTreeSet::new(),
            lock_timeout: None,
        })
    }

    /// Sends our own text, whose answer does not matter.
    async fn send(&mut self, sql: &str) -> Result<(), DbError> {
        run(&mut self.conn, sql, 0).await.map(|_| ())
    }

    /// Both locks of the server: on a table's definition, and on rows. It counts in whole seconds
    /// (MySQL 8.4 manual, 7.1.8, `lock_wait_timeout`; 17.14, `innodb_lock_wait_timeout`).
    async fn limit_locks(&mut self, limits: Limits) -> Result<(), DbError> {
        if self.lock_timeout == limits.lock_timeout {
            return Ok(());
        }
        let sql = match limits.lock_timeout {
            Some(limit) => {
                let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
                let seconds = seconds.max(1);
                format!(
                    "SET SESSION lock_wait_timeout = {seconds}, SESSION innodb_lock_wait_timeout = {seconds}"
                )
            }
            None => "SET SESSION lock_wait_timeout = DEFAULT, SESSION innodb_lock_wait_timeout = DEFAULT"
                .to_owned(),
        };
        self.send(&sql).await?;
        self.lock_timeout = limits.lock_timeout;
        Ok(())
    }

    /// Runs a statement, and has it killed when its time is over: `max_execution_time` is for SELECT
    /// alone (MySQL 8.4 manual, 7.1.8).
    async fn watched(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.limit_locks(scope.limits).await?;
        let text = commented(scope, sql);
        let Some(limit) = scope.limits.statement_timeout else {
            return run(&mut self.conn, &text, keep).await;
        };
        let mut observer = MysqlObserver::new(self.options.clone(), self.id.clone(), self.mariadb);
        let work = run(&mut self.conn, &text, keep);
        tokio::pin!(work);
        tokio::select! {
            biased;
            answer = &mut work => return answer,
            () = tokio::time::sleep(limit) => {}
        }
        // Where the server cannot be told, the statement runs to its own end.
        let _ = observer.cancel().await;
        work.await.map_err(|error| match error {
            DbError::Refused(mut refusal) if refusal.is_cancelled() => {
                refusal.message = format!("canceled after its statement timeout of {} ms", limit.as_millis());
                DbError::Refused(refusal)
            }
            other => other,
        })
    }
}

/// Opens a connection whose settings are the same everywhere that the lexer or an answer depends on
/// them: backslashes escape, double quotes are strings, times are UTC.
pub(super) async fn connect(options: &MySqlConnectOptions) -> Result<MySqlConnection, DbError> {
    let options = options
        .clone()
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone("+00:00".to_owned())
        .statement_cache_capacity(0)
        .disable_statement_logging();
    let address = || Address::Mysql { options: Box::new(options.clone()) };
    let mut conn = reach(options.connect(), address).await?;
    let mode = soon(run(&mut conn, "SELECT @@SESSION.sql_mode", 1)).await?;
    let kept: Vec<&str> =
        mode.single().unwrap_or_default().split(',').filter(|part| !UNREADABLE.contains(part)).collect();
    let settings = format!("SET SESSION sql_mode = {}, SESSION autocommit = 1", quoted(&kept.join(",")));
    soon(run(&mut conn, &settings, 0)).await?;
    Ok(conn)
}

/// SQL modes under which the same text would be other tokens, and the names that stand for several
/// modes with one of those among them (MySQL 8.4 manual, 7.1.11; MariaDB, "SQL_MODE").
const UNREADABLE: [&str; 8] =
    ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"];

pub(super) async fn run(conn: &mut MySqlConnection, sql: &str, keep: u64) -> Result<Answer, DbError> {
    run_into(conn, sql, AnswerBuilder::new(keep)).await
}

/// Runs one statement in the text protocol, where every type arrives as the text that the server's
/// own shell prints.
async fn run_into(
    conn: &mut MySqlConnection,
    sql: &str,
    mut answer: AnswerBuilder,
) -> Result<Answer, DbError> {
    let mut stream = sqlx::raw_sql(audited(sql)).fetch_many(conn);
    while let Some(item) = stream.try_next().await.map_err(failure)? {
        match item {
            Either::Left(result) => answer.affected(result.rows_affected()),
            Either::Right(row) => push(&mut answer, &row),
        }
    }
    drop(stream);
    Ok(answer.finish())
}

fn push(answer: &mut AnswerBuilder, row: &MySqlRow) {
    answer.columns(|| row.columns().iter().map(|column| column.name().to_owned()).collect());
    answer.row((0..row.len()).map(|i| {
        let value = row.try_get_raw(i).ok().filter(|value| !value.is_null())?;
        let bits = value.type_info().name() == "BIT";
        let bytes: Vec<u8> = row.try_get_unchecked(i).unwrap_or_default();
        // The type does not tell text of a binary collation from bytes.
        let hex = |bytes: &[u8]| format!("x'{}'", crate::source::hex(bytes));
        Some(Cow::Owned(match String::from_utf8(bytes) {
            Ok(text) if !bits => text,
            Ok(text) => hex(text.as_bytes()),
            Err(error) => hex(error.as_bytes()),
        }))
    }));
}

fn failure(error: sqlx::Error) -> DbError {
    let sqlx::Error::Database(refusal) = &error else { return DbError::Lost(error.to_string()) };
    let Some(refusal) = refusal.try_downcast_ref::<MySqlDatabaseError>() else {
        return DbError::Lost(error.to_string());
    };
    if ends_session(refusal.number()) {
        return DbError::Lost(refusal.message().to_owned());
    }
    DbError::Refused(Box::new(Refusal {
        message: refusal.message().to_owned(),
        code: refusal.number().to_string(),
        kind: kind(refusal.number()),
        ..Refusal::default()
    }))
}

/// Errors with which the server ends the session (MySQL 8.4 error reference; MariaDB error codes):
/// ER_SERVER_SHUTDOWN, ER_NORMAL_SHUTDOWN, ER_SHUTDOWN_COMPLETE, ER_CONNECTION_KILLED (MariaDB),
/// ER_SESSION_WAS_KILLED, ER_CLIENT_INTERACTION_TIMEOUT.
fn ends_session(number: u16) -> bool {
    matches!(number, 1053 | 1077 | 1079 | 1927 | 3169 | 4031)
}

/// ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_LOCK_NOWAIT, ER_CHECKREAD (MariaDB's record that has changed
/// since the snapshot); ER_QUERY_INTERRUPTED, ER_STATEMENT_TIMEOUT (MariaDB), ER_QUERY_TIMEOUT;
/// ER_DISK_FULL, ER_RECORD_FILE_FULL; ER_DBACCESS_DENIED, ER_BAD_FIELD, ER_PARSE, ER_TABLEACCESS_DENIED,
/// ER_COLUMNACCESS_DENIED, ER_NO_SUCH_TABLE, ER_SP_DOES_NOT_EXIST, ER_NON_UNIQ (MySQL 8.4 error reference).
fn kind(number: u16) -> RefusalKind {
    match number {
        1205 | 1213 | 3572 | 1020 => RefusalKind::Contention,
        1317 | 1969 | 3024 => RefusalKind::Cancelled,
        1021 | 1114 => RefusalKind::NoSpace,
        1044 | 1052 | 1054 | 1064 | 1142 | 1143 | 1146 | 1305 => RefusalKind::Statement,
        _ => RefusalKind::Final,
    }
}

/// Names the cell in the process list and slow logs. It stands behind, so that it is no part of what
/// the server's errors quote first.
fn commented(scope: &Scope<'_>, sql: &str) -> String {
    format!("{sql}\n{}", tag(scope))
}

fn tag(scope: &Scope<'_>) -> String {
    format!("/* rollbook {}/{} {} */", scope.runbook, scope.cell, scope.run)
}

/// A literal of a text that is ours.
pub(super) fn quoted(text: &str) -> String {
    super::super::sql::quoted(Dialect::Mysql, text)
}

/// A refused journal row means that another writer has the position: ER_DUP_ENTRY.
fn conflict(error: DbError, rows: &[JournalRow]) -> DbError {
    match (error.refusal(), rows.first()) {
        (Some(refusal), Some(row)) if refusal.code == "1062" => DbError::JournalConflict { pos: row.pos },
        _ => error,
    }
}

#[async_trait]
impl Session for MysqlSession {
    fn info(&self) -> &TargetInfo {
        &self.info
    }

    async fn read_journal(&mut self, runbook: Option<&str>) -> Result<Vec<JournalRow>, DbError> {
        if !self.has_journal {
            return Ok(Vec::new());
        }
        let sql = select(Dialect::Mysql, TABLE, runbook);
        let answer = soon(run_into(&mut self.conn, &sql, AnswerBuilder::whole())).await;
        Ok(journal_rows(answer.map_err(DbError::on_reading)?))
    }

    async fn claim(&mut self, claim: &Claim) -> Result<Claimed, LockError> {
        let mut lock = Lock::take(&self.options, claim, &self.id, &self.info.database).await?;
        if !self.has_journal {
            lock.refuse_lost_journal().await?;
            // Each is made or not by itself; what is missing is made by whoever comes next.
            for table in [include_str!("journal.sql"), include_str!("lease.sql")] {
                self.send(table).await.map_err(DbError::without_journal)?;
            }
            self.has_journal = true;
        }
        let answer = soon(run(&mut self.conn, &select_end(TABLE), 1)).await?;
        Ok(lock.lease(claim, &self.id, end(&answer)).await?)
    }

    async fn holder(&mut self) -> Result<Option<Holder>, DbError> {
        soon(lock::holder(&mut self.conn, &self.info.database)).await
    }

    async fn begin(&mut self, scope: &Scope<'_>) -> Result<(), DbError> {
        self.limit_locks(scope.limits).await?;
        soon(self.send("START TRANSACTION")).await
    }

    async fn execute(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.watched(scope, sql, keep).await
    }

    async fn commit(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        if !rows.is_empty() {
            self.send(&insert(Dialect::Mysql, TABLE, rows))
                .await
                .map_err(|error| conflict(error, rows).on_journal())?;
            if let Some(removal) = remove_replaced(TABLE, rows) {
                self.send(&removal).await?;
            }
        }
        self.send("COMMIT").await
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        // InnoDB may need minutes to undo what a large statement has done.
        self.send("ROLLBACK").await
    }

    async fn append(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        self.send(&insert(Dialect::Mysql, TABLE, rows))
            .await
            .map_err(|error| conflict(error, rows).on_journal())
    }

    async fn execute_outside(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.watched(scope, sql, keep).await
    }

    async fn execute_read_only(
        &mut self,
        scope: &Scope<'_>,
        sql: &str,
        keep: u64,
    ) -> Result<Answer, DbError> {
        self.send("START TRANSACTION READ ONLY").await?;
        let answer = self.watched(scope, sql, keep).await;
        if !matches!(answer, Err(DbError::Lost(_))) {
            self.rollback().await?;
        }
        answer
    }

    async fn definition(&mut self, objects: &[Object]) -> Result<Option<Vec<String>>, DbError> {
        soon(catalog::definition(&mut self.conn, objects)).await
    }

    async fn refuses_transaction(&mut self, objects: &[Object]) -> Result<Option<String>, DbError> {
        let written: Vec<&str> = objects
            .iter()
            .filter(|object| object.kind == ObjectKind::Table && object.action == Action::Write)
            .map(|object| object.name.as_str())
            .filter(|name| !self.transactional.contains(*name))
            .collect();
        let why = soon(catalog::without_transactions(&mut self.conn, &written)).await?;
        if why.is_none() {
            self.transactional.extend(written.into_iter().map(str::to_owned));
        }
        Ok(why)
    }

    /// An index of InnoDB is made whole or not at all.
    async fn invalid_indexes(&mut self, _: &Facts) -> Result<Vec<InvalidIndex>, DbError> {
        Ok(Vec::new())
    }

    async fn still_running(&mut self, scope: &Scope<'_>) -> Result<Option<String>, DbError> {
        let sql = format!(
            "SELECT CONCAT('connection ', id, ', for ', time, ' s: ', COALESCE(state, '')) \
             FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND INSTR(info, {}) > 0 \
             AND INSTR(info, 'information_schema.processlist') = 0",
            quoted(&tag(scope))
        );
        Ok(soon(run(&mut self.conn, &sql, 1)).await?.single().map(str::to_owned))
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
        Box::new(MysqlObserver::new(self.options.clone(), self.id.clone(), self.mariadb))
    }

    fn lookout(&self) -> Box<dyn Lookout> {
        Box::new(MysqlLookout::new(&self.options, &self.id, self.mariadb))
    }

    async fn close(mut self: Box<Self>) {
        // Nothing depends on the goodbye: the server notices a closed socket by itself.
        let _ = soon(async { Ok(self.conn.close().await) }).await;
    }
}
