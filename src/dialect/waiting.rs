//! How long a statement may wait for locks and run, by what it does to others while it waits.

use std::time::Duration;

use super::{Blocks, Dialect, Facts, Transactional};

/// Limits of one statement; none is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub lock_timeout: Option<Duration>,
    pub statement_timeout: Option<Duration>,
}

/// What a statement's waiting costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Whoever comes after it queues behind it, so that it waits briefly and is tried again.
    Brief,
    /// It works long and keeps nobody out, and a timeout would waste what it did or leave an invalid
    /// index behind: `CONCURRENTLY`, `VALIDATE`, `VACUUM`. It is watched, never killed.
    Patient,
    /// It takes row locks as it goes: how long it runs is what must be bounded.
    Rows,
}

impl Facts {
    pub fn waiting(&self) -> Waiting {
        let rows = matches!(
            self.kind,
            "insert" | "update" | "delete" | "merge" | "replace" | "copy" | "select" | "values" | "load_data"
        );
        if rows {
            Waiting::Rows
        } else {
            let long = self.scans == Some(true) || matches!(self.transactional, Transactional::Never(_));
            if long && self.blocks == Some(Blocks::Nothing) { Waiting::Patient } else { Waiting::Brief }
        }
    }
}

impl Waiting {
    /// The limits where neither runbook nor operator says any.
    pub fn limits(self, dialect: Dialect) -> Limits {
        let lock_timeout = match (dialect, self) {
            // One lock is on the whole file, and it is never held for long by a healthy application.
            (Dialect::Sqlite, _) => Some(Duration::from_secs(5)),
            (_, Self::Brief) => Some(Duration::from_secs(2)),
            (_, Self::Patient) => None,
            (Dialect::Postgres, Self::Rows) => None,
            // InnoDB's own default for row locks (MySQL 8.4 manual, 17.14).
            (Dialect::Mysql, Self::Rows) => Some(Duration::from_secs(50)),
        };
        let statement_timeout = match self {
            Self::Rows => Some(Duration::from_secs(300)),
            Self::Brief | Self::Patient => None,
        };
        Limits { lock_timeout, statement_timeout }
    }

    /// Attempts after the first.
    pub fn retries(self) -> u32 {
        match self {
            // With the back-off, about two minutes of trying.
            Self::Brief => 10,
            Self::Patient | Self::Rows => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::classify;

    #[test]
    fn what_blocks_others_waits_briefly_and_a_build_is_never_killed() {
        let waiting = |sql| classify(Dialect::Postgres, sql).waiting();
        for sql in
            ["ALTER TABLE t ADD COLUMN a text", "CREATE INDEX i ON t (a)", "VACUUM FULL t", "DROP TABLE t"]
        {
            assert_eq!(waiting(sql), Waiting::Brief, "{sql}");
        }
        for sql in [
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "DROP INDEX CONCURRENTLY i",
            "ALTER TABLE t VALIDATE CONSTRAINT c",
            "REINDEX TABLE CONCURRENTLY t",
            "VACUUM t",
        ] {
            assert_eq!(waiting(sql), Waiting::Patient, "{sql}");
            assert_eq!(waiting(sql).limits(Dialect::Postgres), Limits::default());
        }
        assert_eq!(waiting("UPDATE t SET a = 1 WHERE b"), Waiting::Rows);
    }
}
