use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rusqlite::Connection;

use super::super::answer::{Answer, AnswerBuilder};
use super::super::session::{
    Claim, Claimed, Holder, InvalidIndex, JournalRow, LockError, Mode, Observer, Scope, Session,
    Surroundings, Table, TableName, TargetInfo,
};
use super::super::sql::{end, insert, journal_rows, remove_replaced, select, select_end};
use super::super::{Blocker, DbError, Lookout};
use super::catalog;
use super::connection::{failure, open, run, run_into};
use super::lock::FileLock;
use super::lookout::SqliteLookout;
use crate::dialect::{Dialect, Facts, Object};

/// How long a statement waits for another connection's lock where the runbook does not say.
const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_secs(5);

const TABLE: &str = "rollbook_journal";

pub struct SqliteSession {
    db: Connection,
    path: PathBuf,
    info: TargetInfo,
    watch: Arc<Watch>,
    busy: Option<Duration>,
    has_journal: bool,
    has_lease: bool,
    read_only: bool,
}

/// What the progress handler looks at while a statement of the runbook runs. SQLite has no statement
/// timeout of its own.
#[derive(Default)]
struct Watch(Mutex<Watched>);

#[derive(Clone, Default)]
struct Watched {
    deadline: Option<Instant>,
    /// Raised by somebody on another thread.
    stop: Arc<AtomicBool>,
    armed: bool,
}

impl Watch {
    fn look(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_going(&self) -> bool {
        let watched = self.look();
        let late = watched.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        !(watched.armed && (late || watched.stop.load(Ordering::Relaxed)))
    }

    /// Runs `work` under a time limit and the flag.
    fn over<T>(&self, timeout: Option<Duration>, work: impl FnOnce() -> T) -> T {
        let set = |armed, deadline| {
            let mut watched = self.look();
            (watched.armed, watched.deadline) = (armed, deadline);
        };
        set(true, timeout.map(|timeout| Instant::now() + timeout));
        let done = work();
        set(false, None);
        done
    }
}

impl SqliteSession {
    pub async fn open(path: &Path, mode: Mode) -> Result<Self, DbError> {
        if mode != Mode::Create && !path.exists() {
            return Err(DbError::NoSuchFile { path: path.display().to_string() });
        }
        let unreachable =
            |reason: String| DbError::Unreachable { target: format!("sqlite:{}", path.display()), reason };
        let watch = Arc::new(Watch::default());
        let seen = Arc::clone(&watch);
        let about = "SELECT sqlite_version(), EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'rollbook_journal'), \
                     EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'rollbook_lease')";
        let (db, about) = open(path, mode, DEFAULT_LOCK_TIMEOUT, move || seen.keep_going())
            .map_err(failure)
            .and_then(|db| run(&db, about, 1).map(|about| (db, about)))
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
            db,
            path: path.to_path_buf(),
            info,
            watch,
            busy: Some(DEFAULT_LOCK_TIMEOUT),
            has_journal: about.cell(0, 1) == Some("1"),
            has_lease: about.cell(0, 2) == Some("1"),
            read_only: mode == Mode::ReadOnly,
        })
    }

    fn send(&self, sql: &str) -> Result<(), DbError> {
        run(&self.db, sql, 0).map(|_| ())
    }

    fn limit_locks(&mut self, scope: &Scope<'_>) -> Result<(), DbError> {
        let wanted = Some(scope.limits.lock_timeout.unwrap_or(DEFAULT_LOCK_TIMEOUT));
        if self.busy != wanted {
            let millis = wanted.map_or(0, |wait| wait.as_millis());
            self.send(&format!("PRAGMA busy_timeout = {millis}"))?;
            self.busy = wanted;
        }
        Ok(())
    }

    fn watched(&self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.watch.over(scope.limits.statement_timeout, || run(&self.db, sql, keep))
    }

    /// Writes journal rows.
    fn write(&self, rows: &[JournalRow]) -> Result<(), DbError> {
        match (self.send(&insert(Dialect::Sqlite, TABLE, rows)), rows.first()) {
            // SQLITE_CONSTRAINT_PRIMARYKEY (sqlite.org/rescode.html): another writer has the position.
            (Err(DbError::Refused(refusal)), Some(row)) if refusal.code == "1555" => {
                Err(DbError::JournalConflict { pos: row.pos })
            }
            (written, _) => written.map_err(DbError::on_journal),
        }
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
        let answer = run_into(&self.db, &sql, AnswerBuilder::whole()).map_err(DbError::on_reading)?;
        Ok(journal_rows(answer))
    }

    async fn claim(&mut self, claim: &Claim) -> Result<Claimed, LockError> {
        let lock = FileLock::take(&self.path, claim)?;
        let mut last = Answer::default();
        if self.has_lease {
            let sql = "SELECT run, operator, pos FROM rollbook_lease";
            last = run(&self.db, sql, 1).map_err(DbError::on_reading)?;
        }
        if let (false, Some(run), Some(operator)) = (self.has_journal, last.cell(0, 0), last.cell(0, 1)) {
            let (run, operator) = (run.to_owned(), operator.to_owned());
            return Err(DbError::JournalMissing { run, operator }.into());
        }
        if !(self.has_journal && self.has_lease) {
            self.send(&format!("BEGIN IMMEDIATE; {} COMMIT", include_str!("journal.sql")))
                .map_err(DbError::without_journal)?;
            (self.has_journal, self.has_lease) = (true, true);
        }
        let answer = run(&self.db, &select_end(TABLE), 1)?;
        let pos = end(&answer);
        DbError::if_shortened(pos, last.cell(0, 2))?;
        let sql = format!(
            "INSERT OR REPLACE INTO rollbook_lease VALUES (1, {}, {}, {pos})",
            quoted(&claim.run),
            quoted(&claim.operator)
        );
        self.send(&sql).map_err(DbError::on_journal)?;
        Ok(Claimed { lock: Box::new(lock), pos, taken_over: None })
    }

    async fn holder(&mut self) -> Result<Option<Holder>, DbError> {
        Ok(FileLock::holder(&self.path))
    }

    async fn begin(&mut self, scope: &Scope<'_>) -> Result<(), DbError> {
        self.limit_locks(scope)?;
        self.send("BEGIN IMMEDIATE")
    }

    async fn execute(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.watched(scope, sql, keep)
    }

    async fn commit(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        if !rows.is_empty() {
            self.write(rows)?;
            if let Some(removal) = remove_replaced(TABLE, rows) {
                self.send(&removal)?;
            }
        }
        self.send("COMMIT")
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        match self.send("ROLLBACK") {
            // Some errors end the transaction by themselves (sqlite.org/lang_transaction.html).
            Err(error) if error.refusal().is_some_and(|r| r.message.contains("no transaction is active")) => {
                Ok(())
            }
            other => other,
        }
    }

    async fn append(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        self.write(rows)
    }

    async fn execute_outside(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        self.limit_locks(scope)?;
        self.watched(scope, sql, keep)
    }

    async fn execute_read_only(
        &mut self,
        scope: &Scope<'_>,
        sql: &str,
        keep: u64,
    ) -> Result<Answer, DbError> {
        self.limit_locks(scope)?;
        self.send("PRAGMA query_only = ON")?;
        let answer = self.watched(scope, sql, keep);
        if !self.read_only {
            self.send("PRAGMA query_only = OFF")?;
        }
        answer
    }

    async fn definition(&mut self, objects: &[Object]) -> Result<Option<Vec<String>>, DbError> {
        catalog::definition(&self.db, objects)
    }

    /// An index of SQLite is made whole or not at all.
    async fn invalid_indexes(&mut self, _: &Facts) -> Result<Vec<InvalidIndex>, DbError> {
        Ok(Vec::new())
    }

    /// SQLite runs in the client's process and ends with it.
    async fn still_running(&mut self, _: &Scope<'_>) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    async fn tables(&mut self) -> Result<Vec<TableName>, DbError> {
        catalog::tables(&self.db)
    }

    async fn describe(&mut self, table: &str) -> Result<Option<Table>, DbError> {
        catalog::describe(&self.db, table)
    }

    fn heed(&mut self, stop: Arc<AtomicBool>) {
        self.watch.look().stop = stop;
    }

    async fn surroundings(&mut self, table: &str) -> Result<Surroundings, DbError> {
        catalog::surroundings(&self.db, table)
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(Nobody)
    }

    fn lookout(&self) -> Box<dyn Lookout> {
        Box::new(SqliteLookout::new(&self.path, self.read_only))
    }

    async fn close(self: Box<Self>) {
        // A transaction that is still open is rolled back with the connection.
    }
}

/// SQLite runs in this process: there is nobody to ask, and the flag that stops it is raised already.
struct Nobody;

#[async_trait]
impl Observer for Nobody {
    async fn blockers(&mut self) -> Result<Vec<Blocker>, DbError> {
        Ok(Vec::new())
    }

    async fn cancel(&mut self) -> Result<(), DbError> {
        Ok(())
    }
}
