//! What can be asked of a SQLite file beside a backfill: a runbook's own question, and wishes. There is
//! nobody in the file who could be harmed unseen.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rusqlite::Connection;

use super::super::lookout::Lookout;
use super::super::session::Mode;
use super::super::wish::{Change, Row, Wishes, wishes};
use super::super::{Answer, DbError};
use super::connection::{failure, open, run};
use crate::dialect::Dialect;

/// How long it waits for a batch of another process. A run's own lookout is on the run's thread: what it
/// waited for would wait for it.
const BUSY: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(5)];
/// How long a runbook's own question may take: it is asked twice a second.
const PATIENCE: Duration = Duration::from_secs(2);

pub struct SqliteLookout {
    path: PathBuf,
    busy: Duration,
    db: Option<Connection>,
    deadline: Arc<Mutex<Option<Instant>>>,
}

impl SqliteLookout {
    /// `apart`: of a process that does not run the batches.
    pub fn new(path: &Path, apart: bool) -> Self {
        Self { path: path.to_path_buf(), busy: BUSY[usize::from(apart)], db: None, deadline: Arc::default() }
    }

    fn send(&mut self, sql: &str) -> Result<Answer, DbError> {
        let db = match &mut self.db {
            Some(db) => db,
            None => {
                let deadline = Arc::clone(&self.deadline);
                let in_time = move || {
                    let deadline = *deadline.lock().unwrap_or_else(PoisonError::into_inner);
                    deadline.is_none_or(|deadline| Instant::now() < deadline)
                };
                self.db.insert(open(&self.path, Mode::ReadWrite, self.busy, in_time).map_err(failure)?)
            }
        };
        run(db, sql, u64::MAX)
    }

    fn limit(&self, time: Option<Duration>) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) =
            time.map(|time| Instant::now() + time);
    }

    fn row<'a>(run: &'a str) -> Row<'a> {
        Row { dialect: Dialect::Sqlite, table: "rollbook_control", run }
    }
}

#[async_trait]
impl Lookout for SqliteLookout {
    async fn ask(&mut self, sql: &str) -> Result<Option<String>, DbError> {
        self.send("PRAGMA query_only = ON")?;
        self.limit(Some(PATIENCE));
        let answer = self.send(sql);
        self.limit(None);
        self.send("PRAGMA query_only = OFF")?;
        Ok(answer?.single().map(str::to_owned))
    }

    async fn listen(&mut self, run: &str) -> Result<(), DbError> {
        self.send(include_str!("control.sql")).map_err(DbError::without_journal)?;
        self.send(&Self::row(run).listen()).map(|_| ())
    }

    async fn wishes(&mut self, run: &str) -> Result<Option<Wishes>, DbError> {
        Ok(wishes(&self.send(&Self::row(run).read())?))
    }

    async fn wish(&mut self, run: &str, change: Change, by: &str, at: &str) -> Result<bool, DbError> {
        Ok(self.send(&Self::row(run).wish(change, by, at))?.affected == 1)
    }

    async fn heed(&mut self, run: &str, number: i64) -> Result<(), DbError> {
        self.send(&Self::row(run).heed(number)).map(|_| ())
    }
}
