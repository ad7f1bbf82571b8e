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
    #[error("the journal cannot be written: {0}")]
    JournalRefused(Box<Refusal>),
    #[error("the run lock was lost: {reason}")]
    LockLost { reason: String },
    #[error("the journal has an entry at position {pos} that this run did not write")]
    JournalConflict { pos: i64 },
}

/// A server's own words for a refusal.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    pub message: String,
    /// SQLSTATE, or SQLite's extended result code.
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Byte offset into the statement at which the server points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Refusal {
    /// True where another session was in the way, so that the same statement may succeed later:
    /// lock_not_available, deadlock_detected, serialization_failure (PostgreSQL, appendix A), and
    /// SQLITE_BUSY and SQLITE_LOCKED with their extended codes (sqlite.org/rescode.html).
    pub fn is_contention(&self) -> bool {
        // A SQLSTATE has five characters, and no result code of SQLite has: digits alone do not tell.
        match self.code.len() {
            5 => matches!(self.code.as_str(), "55P03" | "40P01" | "40001"),
            _ => self.code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)),
        }
    }

    /// query_canceled, SQLITE_INTERRUPT: a timeout or a person stopped the statement.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.code.as_str(), "57014" | "9")
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

    /// What a refusal means while journal rows are written alone.
    pub(super) fn on_journal(self) -> Self {
        match self {
            Self::Refused(refusal) => Self::JournalRefused(refusal),
            other => other,
        }
    }

    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_session_in_the_way_is_contention() {
        let contention = |code: &str| Refusal { code: code.to_owned(), ..Refusal::default() }.is_contention();
        assert!(["55P03", "40P01", "40001", "5", "517", "6"].map(contention).iter().all(|yes| *yes));
        // 42501 modulo 256 is 5: insufficient_privilege is not SQLITE_BUSY.
        assert!(["42501", "23505", "1", "1555", "9"].map(contention).iter().all(|yes| !*yes));
    }
}
