use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    Column as _, ConnectOptions as _, Connection as _, Either, Row as _, TypeInfo as _, ValueRef as _,
};

use super::super::answer::{Answer, AnswerBuilder};
use super::super::session::{
    Claim, Claimed, Holder, InvalidIndex, JournalRow, LockError, Mode, Observer, Scope, Session, Table,
    TargetInfo,
};
use super::super::sql::{audited, end, insert, journal_rows, select, select_end};
use super::super::{Blocker, DbError, Refusal, RefusalKind};
use super::catalog;
use super::lock::FileLock;
use crate::dialect::{Dialect, Facts, Object};

/// How long a statement waits for another connection's lock where the runbook does not say.
const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// Virtual-machine instructions between two looks at the clock and the cancel flag.
const PROGRESS_STEPS: i32 = 1_000;

const TABLE: &str = "rollbook_journal";

pub struct SqliteSession {
    conn: SqliteConnection,
    path: PathBuf,
    info: TargetInfo,
    watch: Arc<Watch>,
    busy: Option<Duration>,
    /// A transaction is asked for, and opened together with its first statement: that saves a trip to
    /// the driver's thread, which is what a short step mostly costs.
    to_begin: bool,
    has_journal: bool,
    has_lease: bool,
    read_only: bool,
}

/// What the progress handler looks at. SQLite has no statement timeout of its own.
struct Watch {
    opened: Instant,
    /// Milliseconds after `opened`; 0 is none.
    deadline: AtomicU64,
    cancelled: AtomicBool,
}

impl Watch {
    fn keep_going(&self) -> bool {
        let deadline = self.deadline.load(Ordering::Relaxed);
        let late = deadline != 0 && self.opened.elapsed().as_millis() as u64 >= deadline;
        !late && !self.cancelled.load(Ordering::Relaxed)
    }

    fn arm(&self, timeout: Option<Duration>) {
        let at = timeout.map_or(0, |timeout| (self.opened.elapsed() + timeout).as_millis().max(1) as u64);
        self.deadline.store(at, Ordering::Relaxed);
        self.cancelled.store(false, Ordering::Relaxed);
    }
}

impl SqliteSession {
    pub async fn open(path: &Path, mode: Mode) -> Result<Self, DbError> {
        if mode != Mode::Create && !path.exists() {
            return Err(DbError::NoSuchFile { path: path.display().to_string() });
        }
        let unreachable =
            |reason: String| DbError::Unreachable { target: format!("sqlite:{}", path.display()), reason };
        // SQLite's own default is kept: with foreign keys on, dropping a table deletes its children's
        // rows first (sqlite.org/foreignkeys.html, section 5).
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(mode == Mode::Create)
            .read_only(mode == Mode::ReadOnly)
            .foreign_keys(false)
            .statement_cache_capacity(0)
            .busy_timeout(DEFAULT_LOCK_TIMEOUT)
            .disable_statement_logging();
        let mut conn = options.connect().await.map_err(|error| unreachable(error.to_string()))?;
        let watch = Arc::new(Watch {
            opened: Instant::now(),
            deadline: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
        });
        let seen = Arc::clone(&watch);
        conn.lock_handle()
            .await
            .map_err(|error| unreachable(error.to_string()))?
            .set_progress_handler(PROGRESS_STEPS, move || seen.keep_going());
        let about = run(
            &mut conn,
            "SELECT sqlite_version(), EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'rollbook_journal'), \
             EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'rollbook_lease')",
            1,
        )
        .await
        .map_err(|error| unreachable(error.to_string()))?;
        let full = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let info = TargetInfo {
            dialect: Dialect::Sqlite,
            server: format!("SQLite {}", about.cell(0, 0).unwrap_or_default()),
            database: path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            user: String::new(),
            place: path.display().to_string(),
            identity: format!("sqlite:{}", full.display()),
        };
        Ok(Self {
            conn,
            path: path.to_path_buf(),
            info,
            watch,
            busy: Some(DEFAULT_LOCK_TIMEOUT),
            to_begin: false,
            has_journal: about.cell(0, 1) == Some("1"),
            has_lease: about.cell(0, 2) == Some("1"),
            read_only: mode == Mode::ReadOnly,
        })
    }

    async fn send(&mut self, sql: &str) -> Result<(), DbError> {
        run(&mut self.conn, sql, 0).await.map(|_| ())
    }

    async fn limit_locks(&mut self, scope: &Scope<'_>) -> Result<(), DbError> {
        let wanted = Some(scope.limits.lock_timeout.unwrap_or(DEFAULT_LOCK_TIMEOUT));
        if self.busy != wanted {
            let millis = wanted.map_or(0, |wait| wait.as_millis());
            self.send(&format!("PRAGMA busy_timeout = {millis}")).await?;
            self.busy = wanted;
        }
        Ok(())
    }

    async fn watched(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.watch.arm(scope.limits.statement_timeout);
        let answer = run(&mut self.conn, sql, keep).await;
        self.watch.arm(None);
        answer
    }
}

pub(super) async fn run(conn: &mut SqliteConnection, sql: &str, keep: u64) -> Result<Answer, DbError> {
    run_into(conn, sql, AnswerBuilder::new(keep)).await.map_err(|(_, error)| error)
}

/// An error comes with how many statements of the text were done before it.
async fn run_into(
    conn: &mut SqliteConnection,
    sql: &str,
    mut answer: AnswerBuilder,
) -> Result<Answer, (usize, DbError)> {
    let mut done = 0;
    let mut stream = sqlx::raw_sql(audited(sql)).fetch_many(conn);
    while let Some(item) = stream.try_next().await.map_err(|error| (done, failure(error)))? {
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

fn push(answer: &mut AnswerBuilder, row: &SqliteRow) {
    answer.columns(|| row.columns().iter().map(|column| column.name().to_owned()).collect());
    answer.row((0..row.len()).map(|i| {
        let value = row.try_get_raw(i).ok().filter(|value| !value.is_null())?;
        if value.type_info().name() == "BLOB" {
            let bytes: Vec<u8> = row.try_get_unchecked(i).unwrap_or_default();
            return Some(Cow::Owned(format!("x'{}'", crate::source::hex(&bytes))));
        }
        Some(Cow::Owned(row.try_get_unchecked::<String, _>(i).unwrap_or_default()))
    }));
}

fn failure(error: sqlx::Error) -> DbError {
    match &error {
        sqlx::Error::Database(refusal) => {
            let code = refusal.code().map_or_else(String::new, Cow::into_owned);
            DbError::Refused(Box::new(Refusal {
                message: refusal.message().to_owned(),
                kind: kind(&code, refusal.message()),
                code,
                ..Refusal::default()
            }))
        }
        other => DbError::Lost(other.to_string()),
    }
}

/// SQLITE_BUSY and SQLITE_LOCKED with their extended codes; SQLITE_INTERRUPT; SQLITE_FULL
/// (sqlite.org/rescode.html). SQLITE_ERROR is for anything: its text tells whether the statement is wrong.
fn kind(code: &str, message: &str) -> RefusalKind {
    let unreadable = ["no such ", "near ", "unrecognized token", "ambiguous column name"];
    match code.parse::<u32>().map(|code| code & 0xff) {
        Ok(5 | 6) => RefusalKind::Contention,
        Ok(9) => RefusalKind::Cancelled,
        Ok(13) => RefusalKind::NoSpace,
        Ok(1) if unreadable.iter().any(|start| message.starts_with(start)) => RefusalKind::Statement,
        _ => RefusalKind::Final,
    }
}

/// A refused journal row means that another writer has the position.
fn conflict(error: DbError, rows: &[JournalRow]) -> DbError {
    match (error.refusal(), rows.first()) {
        // SQLITE_CONSTRAINT_PRIMARYKEY (sqlite.org/rescode.html)
        (Some(refusal), Some(row)) if refusal.code == "1555" => DbError::JournalConflict { pos: row.pos },
        _ => error,
    }
}

/// A literal of a text that is ours.
pub(super) fn quoted(text: &str) -> String {
    super::super::sql::quoted(Dialect::Sqlite, text)
}

#[async_trait]
impl Session for SqliteSession {
    fn info(&self) -> &TargetInfo {
        &self.info
    }

    async fn read_journal(&mut self, runbook: Option<&str>) -> Result<Vec<JournalRow>, DbError> {
        if !self.has_journal {
            return Ok(Vec::new());
        }
        let sql = select(Dialect::Sqlite, TABLE, runbook);
        let answer = run_into(&mut self.conn, &sql, AnswerBuilder::whole()).await;
        let answer = answer.map_err(|(_, error)| error.on_reading())?;
        Ok(journal_rows(answer))
    }

    async fn claim(&mut self, claim: &Claim) -> Result<Claimed, LockError> {
        let lock = FileLock::take(&self.path, claim)?;
        let mut last = Answer::default();
        if self.has_lease {
            let sql = "SELECT run, operator, pos FROM rollbook_lease";
            last = run(&mut self.conn, sql, 1).await.map_err(DbError::on_reading)?;
        }
        if let (false, Some(run), Some(operator)) = (self.has_journal, last.cell(0, 0), last.cell(0, 1)) {
            let (run, operator) = (run.to_owned(), operator.to_owned());
            return Err(DbError::JournalMissing { run, operator }.into());
        }
        if !(self.has_journal && self.has_lease) {
            self.send(&format!("BEGIN IMMEDIATE; {} COMMIT", include_str!("journal.sql")))
                .await
                .map_err(DbError::without_journal)?;
            (self.has_journal, self.has_lease) = (true, true);
        }
        let answer = run(&mut self.conn, &select_end(TABLE), 1).await?;
        let pos = end(&answer);
        DbError::if_shortened(pos, last.cell(0, 2))?;
        let sql = format!(
            "INSERT OR REPLACE INTO rollbook_lease VALUES (1, {}, {}, {pos})",
            quoted(&claim.run),
            quoted(&claim.operator)
        );
        self.send(&sql).await.map_err(DbError::on_journal)?;
        Ok(Claimed { lock: Box::new(lock), pos, taken_over: None })
    }

    async fn holder(&mut self) -> Result<Option<Holder>, DbError> {
        Ok(FileLock::holder(&self.path))
    }

    async fn begin(&mut self, scope: &Scope<'_>) -> Result<(), DbError> {
        self.limit_locks(scope).await?;
        self.to_begin = true;
        Ok(())
    }

    async fn execute(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        if std::mem::take(&mut self.to_begin) {
            return self.watched(scope, &format!("BEGIN IMMEDIATE;\n{sql}"), keep).await;
        }
        self.watched(scope, sql, keep).await
    }

    async fn commit(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        if rows.is_empty() {
            return self.send("COMMIT").await;
        }
        // One text, one trip to the driver's thread: a thousand short steps are mostly such trips.
        let sql = format!("{}; COMMIT", insert(Dialect::Sqlite, TABLE, rows));
        match run_into(&mut self.conn, &sql, AnswerBuilder::new(0)).await {
            Ok(_) => Ok(()),
            // The rows were refused, not the transaction.
            Err((0, error)) => Err(conflict(error, rows).on_journal()),
            Err((_, error)) => Err(error),
        }
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.to_begin = false;
        match self.send("ROLLBACK").await {
            // Some errors end the transaction by themselves (sqlite.org/lang_transaction.html).
            Err(error) if error.refusal().is_some_and(|r| r.message.contains("no transaction is active")) => {
                Ok(())
            }
            other => other,
        }
    }

    async fn append(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        let sql = insert(Dialect::Sqlite, TABLE, rows);
        self.send(&sql).await.map_err(|error| conflict(error, rows).on_journal())
    }

    async fn execute_outside(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.limit_locks(scope).await?;
        self.watched(scope, sql, keep).await
    }

    async fn execute_read_only(
        &mut self,
        scope: &Scope<'_>,
        sql: &str,
        keep: u64,
    ) -> Result<Answer, DbError> {
        self.limit_locks(scope).await?;
        self.send("PRAGMA query_only = ON").await?;
        let answer = self.watched(scope, sql, keep).await;
        if !self.read_only {
            self.send("PRAGMA query_only = OFF").await?;
        }
        answer
    }

    async fn definition(&mut self, objects: &[Object]) -> Result<Option<Vec<String>>, DbError> {
        catalog::definition(&mut self.conn, objects).await
    }

    /// An index of SQLite is made whole or not at all.
    async fn invalid_indexes(&mut self, _: &Facts) -> Result<Vec<InvalidIndex>, DbError> {
        Ok(Vec::new())
    }

    /// SQLite runs in the client's process and ends with it.
    async fn still_running(&mut self, _: &Scope<'_>) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    async fn describe(&mut self, table: &str) -> Result<Option<Table>, DbError> {
        catalog::describe(&mut self.conn, table).await
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(FlagObserver(Arc::clone(&self.watch)))
    }

    async fn close(self: Box<Self>) {
        // A transaction that is still open is rolled back by SQLite at the next open.
        let _ = self.conn.close().await;
    }
}

/// SQLite runs in this process: there is nobody to ask, and a flag that stops it.
struct FlagObserver(Arc<Watch>);

#[async_trait]
impl Observer for FlagObserver {
    async fn blockers(&mut self) -> Result<Vec<Blocker>, DbError> {
        Ok(Vec::new())
    }

    async fn cancel(&mut self) -> Result<(), DbError> {
        self.0.cancelled.store(true, Ordering::Relaxed);
        Ok(())
    }
}
