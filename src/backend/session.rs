use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_trait::async_trait;

use super::{Address, Answer, Blocker, DbError, Lookout, mysql, postgres, sqlite};
pub use crate::dialect::{Column, Limits, Surroundings, Table};
use crate::dialect::{Dialect, Facts, Object};

/// One entry of the journal, as the table holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// From 1, over the whole target. It is the primary key: a second writer that slipped past the run
    /// lock collides here and its transaction is refused.
    pub pos: i64,
    /// The position of the entry that this one takes the place of, and that goes with the same commit.
    /// What is read back has none.
    pub replaces: Option<i64>,
    pub runbook: String,
    pub run: String,
    /// RFC 3339, UTC.
    pub at: String,
    /// Canonical JSON.
    pub entry: String,
    pub hash: String,
}

/// What is known of the database that a session is on.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TargetInfo {
    pub dialect: Dialect,
    /// `PostgreSQL 15.18`, `MariaDB 10.11.19`, `SQLite 3.51.1`.
    pub server: String,
    pub database: String,
    pub user: String,
    /// Host and port, or the file.
    pub place: String,
    /// Tells this database from another one of the same name.
    pub identity: String,
}

/// What a table is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The schema that it is in, on MySQL the database; SQLite has none.
    pub schema: Option<String>,
    pub name: String,
    /// Whether its name is enough.
    pub visible: bool,
}

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    ReadWrite,
    /// Makes the SQLite file where there is none.
    Create,
    /// The database itself refuses writes.
    ReadOnly,
}

/// What a transaction or a lone statement is for; it names itself so on the server.
#[derive(Clone, Debug)]
pub struct Scope<'a> {
    pub runbook: &'a str,
    pub run: &'a str,
    pub cell: &'a str,
    pub limits: Limits,
}

/// One pinned connection.
#[async_trait]
pub trait Session: Send {
    fn info(&self) -> &TargetInfo;

    /// Journal rows in order: of one runbook, or of all. None where there is no journal table.
    async fn read_journal(&mut self, runbook: Option<&str>) -> Result<Vec<JournalRow>, DbError>;

    /// Takes the run lock, makes the journal where it is missing, and finds its end.
    async fn claim(&mut self, claim: &Claim) -> Result<Claimed, LockError>;

    /// Who has the run lock.
    async fn holder(&mut self) -> Result<Option<Holder>, DbError>;

    async fn begin(&mut self, scope: &Scope<'_>) -> Result<(), DbError>;

    /// Runs one statement in the open transaction.
    async fn execute(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError>;

    /// Writes the rows in the open transaction and commits it.
    async fn commit(&mut self, rows: &[JournalRow]) -> Result<(), DbError>;

    async fn rollback(&mut self) -> Result<(), DbError>;

    /// Writes the rows, which replace nothing, in a transaction of their own.
    async fn append(&mut self, rows: &[JournalRow]) -> Result<(), DbError>;

    /// Runs one statement outside any transaction.
    async fn execute_outside(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError>;

    /// Runs one statement that the database keeps from writing.
    async fn execute_read_only(&mut self, scope: &Scope<'_>, sql: &str, keep: u64)
    -> Result<Answer, DbError>;

    /// What the catalog says of the objects, a line for each part of them, in a fixed order: an object
    /// that is not there has no line. None where it does not describe such objects at all.
    async fn definition(&mut self, objects: &[Object]) -> Result<Option<Vec<String>>, DbError>;

    /// Why no transaction would hold what a statement does to these objects, if that is so.
    async fn refuses_transaction(&mut self, _objects: &[Object]) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    /// Indexes that a failed build of such a statement left behind: there, slowing writes, and
    /// serving no query.
    async fn invalid_indexes(&mut self, statement: &Facts) -> Result<Vec<InvalidIndex>, DbError>;

    /// A server process that still runs what this scope sent from an earlier connection, and its start.
    async fn still_running(&mut self, scope: &Scope<'_>) -> Result<Option<String>, DbError>;

    /// The tables that a person may mean, those first that are found without their schema. The journal's
    /// own are not among them, nor partitions.
    async fn tables(&mut self) -> Result<Vec<TableName>, DbError>;

    /// A table's columns and key, or `None` where there is no such table.
    async fn describe(&mut self, table: &str) -> Result<Option<Table>, DbError>;

    /// How large a table is, and what hangs on it. On SQLite this counts the rows.
    async fn surroundings(&mut self, table: &str) -> Result<Surroundings, DbError>;

    /// Takes a flag that stops the statement in flight once it is raised, for a database that runs in
    /// this process and on this thread. A server is told by the observer.
    fn heed(&mut self, _stop: Arc<AtomicBool>) {}

    /// A second pair of eyes on this session.
    fn observer(&self) -> Box<dyn Observer>;

    /// Looks out for those whom a backfill of this session harms.
    fn lookout(&self) -> Box<dyn Lookout>;

    async fn close(self: Box<Self>);
}

/// Looks at a session from beside it, over a connection of its own that is opened when it is needed.
#[async_trait]
pub trait Observer: Send {
    /// The sessions that the statement in flight waits for.
    async fn blockers(&mut self) -> Result<Vec<Blocker>, DbError>;
    /// Stops the statement in flight. An error where the server could not be told.
    async fn cancel(&mut self) -> Result<(), DbError>;
    /// Whether the server's side of the session is done with every request that reached it, or is not
    /// there any more. Where nothing lies between the two, it is never idle while a request is out.
    async fn is_idle(&mut self) -> Result<bool, DbError> {
        Ok(false)
    }
}

/// An index that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidIndex {
    /// As SQL takes it.
    pub name: String,
    /// The statement that removes it; no transaction holds it.
    pub removal: String,
    /// The server process that is building it now.
    pub builder: Option<String>,
}

/// Who takes the run lock.
#[derive(Clone, Debug)]
pub struct Claim {
    pub operator: String,
    pub runbook: String,
    pub run: String,
    /// RFC 3339, UTC.
    pub since: String,
    /// How long an owner may be silent before the lock can be taken from them.
    pub lease: Duration,
}

/// The run lock, taken.
pub struct Claimed {
    pub lock: Box<dyn RunLock>,
    /// The last position used in the journal.
    pub pos: i64,
    /// Whose lock it was: they had been silent for longer than their lease.
    pub taken_over: Option<Holder>,
}

/// Who has the run lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    pub operator: String,
    pub run: String,
    pub since: String,
    pub cell: Option<String>,
    /// Process on the client's host, or the server's backend.
    pub process: String,
    /// How long nothing was heard of them; none where the lock itself tells that they live.
    pub silent: Option<Duration>,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another run holds the target")]
    Held(Box<Holder>),
    #[error("the connection goes through a pooler that shares sessions")]
    Pooler,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The run lock, held until it is released or its process dies.
#[async_trait]
pub trait RunLock: Send {
    /// Says which cell is running, for whoever is turned away.
    fn at(&mut self, cell: &str);
    /// Keeps the journal's last position, so that a journal that lost its end is noticed.
    fn wrote(&mut self, _pos: i64) {}
    /// Why it is held no more, if it is not.
    fn lost(&self) -> Option<&str>;
    async fn release(self: Box<Self>);
}

/// Opens a session.
pub async fn open(address: &Address, mode: Mode) -> Result<Box<dyn Session>, DbError> {
    match address {
        Address::Sqlite { path } => Ok(Box::new(sqlite::SqliteSession::open(path, mode).await?)),
        Address::Mysql { options } => Ok(Box::new(mysql::MysqlSession::open(options).await?)),
        Address::Postgres { options } => Ok(Box::new(postgres::PostgresSession::open(options, mode).await?)),
    }
}
