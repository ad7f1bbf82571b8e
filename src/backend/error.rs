use std::fmt;

/// Why the database did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbError {
    /// The server answered no. In a transaction, nothing of it happened.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The connection broke: whether the last request took effect is not known.
    #[error("the connection to the database was lost: {0}")]
    Lost(String),
    #[error("cannot connect to {target}: {reason}")]
    Unreachable { target: String, reason: String },
    #[error("there is no database file {path}")]
    NoSuchFile { path: String },
    #[error("the journal table cannot be made: {0}")]
    NoJournal(Box<Refusal>),
    #[error("the journal cannot be read: {0}")]
    JournalUnreadable(Box<Refusal>),
    #[error("the journal table is gone, although {operator} has run run {run} here")]
    JournalMissing { run: String, operator: String },
    #[error("the journal ends at entry {found}, and it has had {last}: entries are gone")]
    JournalShortened { found: i64, last: i64 },
    #[error("the journal cannot be written: {0}")]
    JournalRefused(Box<Refusal>),
    #[error("the run lock was lost: {reason}")]
    LockLost { reason: String },
    #[error("the journal has an entry at position {pos} that this run did not write")]
    JournalConflict { pos: i64 },
}

/// A server's own words for a refusal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    pub message: String,
    /// SQLSTATE, SQLite's extended result code, or MySQL's error number.
    pub code: String,
    pub kind: RefusalKind,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// Byte offset into the statement at which the server points.
    pub offset: Option<usize>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What a refusal says of another attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefusalKind {
    #[default]
    Final,
    /// Another session was in the way, so that the same statement may succeed later.
    Contention,
    /// A timeout or a person stopped the statement.
    Cancelled,
    /// A disk, or what the server may use of it, is full.
    NoSpace,
    /// The statement itself is wrong, or not allowed, whatever rows it meets.
    Statement,
}

impl Refusal {
    pub fn is_contention(&self) -> bool {
        self.kind == RefusalKind::Contention
    }

    pub fn is_out_of_space(&self) -> bool {
        self.kind == RefusalKind::NoSpace
    }

    /// Whether the same statement on other rows may succeed.
    pub fn is_about_rows(&self) -> bool {
        !matches!(self.kind, RefusalKind::NoSpace | RefusalKind::Statement)
    }

    /// Whether a column's name does not say whose it is: PostgreSQL's ambiguous_column, MySQL's ER_NON_UNIQ_ERROR, and
    /// SQLite, which has no code for it.
    pub fn is_ambiguous(&self) -> bool {
        matches!(self.code.as_str(), "42702" | "1052") || self.message.contains("ambiguous column name")
    }

    pub fn is_cancelled(&self) -> bool {
        self.kind == RefusalKind::Cancelled
    }
}

impl DbError {
    /// What a refusal means while the journal table is being made.
    pub(super) fn without_journal(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::NoJournal(refusal),
            other => other,
        }
    }

    /// What a refusal means while journal rows are read.
    pub(super) fn on_reading(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::JournalUnreadable(refusal),
            other => other,
        }
    }

    /// What a refusal means while journal rows are written alone.
    pub(super) fn on_journal(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::JournalRefused(refusal),
            other => other,
        }
    }

    /// Refuses a journal that ends before the last position that its lease has seen.
    pub(super) fn if_shortened(found: i64, last: Option<&str>) -> Result<(), Self> {
        match last.and_then(|last| last.parse().ok()) {
            Some(last) if last > found => Err(Self::JournalShortened { found, last }),
            _ => Ok(()),
        }
    }

    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}
