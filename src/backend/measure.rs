//! What a scratch database did with one statement, read off the database itself.
//!
//! A meter runs the statement for good: it is only for a database that nobody needs. Whether it is one is not
//! judged here, and neither is what was measured.

use async_trait::async_trait;

use super::{Address, DbError, Refusal, Session, postgres};
use crate::dialect::{Dialect, Facts};

/// What was read off; an error says why it was not, as a fragment.
pub type Reading<T> = Result<T, String>;

/// What a server did with one statement.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Relations that were there before, and that the statement names or locked, in the order of their names.
    pub locks: Reading<Vec<Relation>>,
    /// Tables that were there before and got new files.
    pub rewritten: Reading<Vec<String>>,
    /// Tables that were there before and were read from their beginning to their end.
    pub scanned: Reading<Vec<String>>,
    /// Indexes that were built from the rows of a table that was there before.
    pub indexes: Reading<Vec<String>>,
    pub transaction: Reading<InTransaction>,
}

/// A table, view, index or sequence, and the strongest lock that the statement had on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// As statements find it: without its schema where the search path leads there.
    pub name: String,
    /// With its schema.
    pub full: String,
    pub is_index: bool,
    /// Full names of the table that it indexes, and of those that it is a partition or child of.
    pub part_of: Vec<String>,
    /// By the engine's own name, one of `dialect::lock_modes`.
    pub lock: Option<&'static str>,
}

impl Relation {
    /// Whether a statement's text means it by this name.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.full == name
    }
}

/// What became of a statement that was sent in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InTransaction {
    Held,
    /// In the server's words; then it ran outside of one.
    Refused(String),
    /// The server committed by itself.
    Committed,
}

/// How a statement went.
#[derive(Clone, Debug)]
pub enum Trial {
    Measured(Box<Measured>),
    /// The server refused it, and nothing of it is there but what a statement outside of a transaction leaves.
    Refused(Box<Refusal>),
}

/// Measures statements on one session.
#[async_trait]
pub trait Meter: Send {
    fn session(&mut self) -> &mut dyn Session;

    /// Other sessions on the database, a line each.
    async fn others(&mut self) -> Result<Vec<String>, DbError>;

    /// What leads from this database to another one (`foreign server billing`), a line each.
    async fn ways_out(&mut self) -> Result<Vec<String>, DbError>;

    /// Runs the statement for good, in a transaction of its own where the server takes that, after the settings
    /// that only last as long as it.
    async fn measure(&mut self, settings: &[&str], sql: &str, facts: &Facts) -> Result<Trial, DbError>;

    async fn close(self: Box<Self>);
}

/// A meter on the database, or none where this engine has none.
pub async fn meter(address: &Address) -> Result<Option<Box<dyn Meter>>, DbError> {
    match address {
        Address::Postgres { options } => Ok(Some(Box::new(postgres::PostgresMeter::open(options).await?))),
        Address::Sqlite { .. } | Address::Mysql { .. } => Ok(None),
    }
}

/// Why how rows are found is not measured.
pub(super) const PLANNED: &str =
    "the planner chooses how rows are found, by sizes that a scratch database does not have";

/// Whether the server's planner decides what the statement reads.
pub(super) fn is_planned(facts: &Facts) -> bool {
    const PLANNED: [&str; 9] =
        ["insert", "update", "delete", "merge", "select", "values", "explain", "prepare", "declare"];
    PLANNED.contains(&facts.kind)
}

/// A lock mode as the server spells it (`AccessExclusiveLock`), by the name that the engine's manual gives it.
pub(super) fn mode(dialect: Dialect, spelled: &str) -> Option<&'static str> {
    let letters = |text: &str| {
        let letters = text.chars().filter(char::is_ascii_alphabetic);
        letters.map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    let spelled = letters(spelled.strip_suffix("Lock").unwrap_or(spelled));
    crate::dialect::lock_modes(dialect)
        .into_iter()
        .map(|(name, _)| name)
        .find(|name| letters(name) == spelled)
}

/// The stronger of two locks.
pub(super) fn stronger(dialect: Dialect, a: Option<&'static str>, b: &'static str) -> &'static str {
    let strength =
        |mode: &str| crate::dialect::lock_modes(dialect).iter().position(|(name, _)| *name == mode);
    match a {
        Some(a) if strength(a) > strength(b) => a,
        _ => b,
    }
}
