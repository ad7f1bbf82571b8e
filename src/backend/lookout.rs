//! Looks at a server from beside a backfill: whom it harms, and what is wished of it.
//!
//! Like an [`super::Observer`] it has a connection of its own, which is opened when it is needed and
//! again when it broke, so that it can be asked while a batch runs.

use std::time::Duration;

use async_trait::async_trait;

use super::wish::{Change, Wishes};
use super::{Address, DbError, Refusal, mysql, postgres};

/// What the server that is written to knows of its replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replication {
    /// Where the server itself is, in bytes of its log. None where its journal's end is the measure.
    pub position: Option<u64>,
    pub replicas: Vec<Standby>,
    /// Replicas that are connected, and of whose lag the server knows nothing.
    pub unknown: u64,
}

/// A replica, as its primary sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standby {
    pub name: String,
    /// What it has applied, on the scale of the primary's position.
    pub applied: u64,
    pub reported: Option<Duration>,
}

/// What updates have left behind in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeadRows {
    pub rows: u64,
    /// How many call for autovacuum.
    pub threshold: u64,
    /// Autovacuum is off, for the server or for the table.
    pub off: bool,
}

/// Each question is for one limit, so that one that is refused is known by its limit.
#[async_trait]
pub trait Lookout: Send {
    async fn replicas(&mut self) -> Result<Replication, DbError> {
        Ok(Replication::default())
    }

    /// Sessions that the server works for, the backfill's own left out.
    async fn load(&mut self) -> Result<u64, DbError> {
        Ok(0)
    }

    /// Sessions that wait for a lock of the backfill.
    async fn waiting(&mut self) -> Result<u64, DbError> {
        Ok(0)
    }

    async fn dead_rows(&mut self, _table: &str) -> Result<DeadRows, DbError> {
        Ok(DeadRows::default())
    }

    /// The replication slot that keeps most of the log, and how many bytes.
    async fn kept_log(&mut self) -> Result<Option<(String, u64)>, DbError> {
        Ok(None)
    }

    /// The first value of the answer to a question that the database keeps from writing.
    async fn ask(&mut self, _sql: &str) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    /// How many rows the planner believes a table has.
    async fn estimate(&mut self, _table: &str) -> Result<Option<u64>, DbError> {
        Ok(None)
    }

    /// Makes room for wishes, so that the run can be told something.
    async fn listen(&mut self, _run: &str) -> Result<(), DbError> {
        Ok(())
    }

    /// What is wished of a run; none where it has not begun to listen.
    async fn wishes(&mut self, _run: &str) -> Result<Option<Wishes>, DbError> {
        Ok(None)
    }

    /// Wishes something of a run; false where it does not listen.
    async fn wish(&mut self, _run: &str, _change: Change, _by: &str, _at: &str) -> Result<bool, DbError> {
        Ok(false)
    }

    /// Says that the run has seen every wish up to this one.
    async fn heed(&mut self, _run: &str, _number: i64) -> Result<(), DbError> {
        Ok(())
    }
}

/// A replica that is asked itself.
#[async_trait]
pub trait Replica: Send {
    fn name(&self) -> &str;
    /// What it has applied, on the scale of its primary's position.
    async fn applied(&mut self) -> Result<u64, DbError>;
}

/// A replica by its address; None for an engine that has none.
pub fn replica(name: &str, address: &Address) -> Option<Box<dyn Replica>> {
    match address {
        Address::Sqlite { .. } => None,
        Address::Mysql { options } => Some(Box::new(mysql::MysqlReplica::new(name, options))),
        Address::Postgres { options } => Some(Box::new(postgres::PostgresReplica::new(name, options))),
    }
}

/// A question that the server would answer wrongly, because the role may not see enough.
pub(super) fn unseen(message: String) -> DbError {
    DbError::Refused(Box::new(Refusal { message, ..Refusal::default() }))
}
