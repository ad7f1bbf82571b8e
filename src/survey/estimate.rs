//! How long a statement takes, from what it must read, write and sort.
//!
//! An estimate is a range, because a disk and a cache differ by ten times and nobody tells which of the
//! two a table is on. Its slow end decides what is said of it.

use std::time::Duration;

use crate::dialect::Dialect;
use crate::figures::{self, count};

/// How long it takes, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Nothing but the catalog changes, or less than a second's work.
    Instant,
    Seconds,
    Minutes,
    Hours,
    Unknown,
}

/// How long a statement works once it has its locks.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    pub class: Class,
    pub from: Duration,
    pub to: Duration,
    /// What it was made from.
    pub method: String,
}

/// What one statement must do.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Work {
    /// Bytes of rows that are read.
    pub read: u64,
    /// Bytes of rows that are written anew.
    pub written: u64,
    /// Bytes of indexes that are built.
    pub built: u64,
    /// Rows that are changed one by one.
    pub changed: u64,
}

/// Units in a second, at the slow end and at the fast one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    slow: f64,
    fast: f64,
}

/// What a server does in a second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    read: Rate,
    written: Rate,
    built: Rate,
    changed: Rate,
}

const fn mb(slow: f64, fast: f64) -> Rate {
    Rate { slow: slow * 1e6, fast: fast * 1e6 }
}

/// Measured with two million rows of 130 bytes and three indexes, all in memory, on two busy cores
/// (PostgreSQL 15.18 and 18.6, MySQL 9.7.4, MariaDB 10.11.19, SQLite 3.51): the fast end is near the best that was
/// seen, the slow end a third of the worst, and for reading a plain cloud disk (100 MB/s).
pub(super) const fn rates(dialect: Dialect) -> Rates {
    match dialect {
        Dialect::Postgres => Rates {
            read: mb(100.0, 2000.0),
            written: mb(20.0, 120.0),
            built: mb(12.0, 90.0),
            changed: Rate { slow: 10_000.0, fast: 200_000.0 },
        },
        Dialect::Mysql => Rates {
            read: mb(100.0, 800.0),
            written: mb(8.0, 100.0),
            built: mb(4.0, 40.0),
            changed: Rate { slow: 15_000.0, fast: 600_000.0 },
        },
        Dialect::Sqlite => Rates {
            read: mb(100.0, 1500.0),
            written: mb(20.0, 250.0),
            built: mb(10.0, 100.0),
            changed: Rate { slow: 30_000.0, fast: 2_000_000.0 },
        },
    }
}

impl Estimate {
    pub(super) fn instant(method: &str) -> Self {
        Self { class: Class::Instant, from: Duration::ZERO, to: Duration::ZERO, method: method.to_owned() }
    }

    pub(super) fn measured(time: Duration, method: String) -> Self {
        Self { class: class(time), from: time, to: time, method }
    }

    pub(super) fn unknown(method: impl Into<String>) -> Self {
        Self { class: Class::Unknown, from: Duration::ZERO, to: Duration::ZERO, method: method.into() }
    }

    /// Of work that may or may not have to be done, the slow end stands.
    pub(super) fn of(work: Work, rates: Rates, certain: bool) -> Self {
        let parts = [
            (work.read, rates.read, "read"),
            (work.written, rates.written, "written anew"),
            (work.built, rates.built, "of indexes built"),
        ];
        let (mut from, mut to, mut told) = (0.0, 0.0, Vec::new());
        for (bytes, rate, what) in parts.into_iter().filter(|(bytes, ..)| *bytes > 0) {
            from += bytes as f64 / rate.fast;
            to += bytes as f64 / rate.slow;
            told.push(format!(
                "{} {what} at {:.0} to {:.0} MB/s",
                figures::bytes(bytes),
                rate.slow / 1e6,
                rate.fast / 1e6
            ));
        }
        if work.changed > 0 {
            let Rate { slow, fast } = rates.changed;
            from += work.changed as f64 / fast;
            to += work.changed as f64 / slow;
            told.push(format!("{} rows changed at {slow:.0} to {fast:.0} a second", count(work.changed)));
        }
        let mut method = told.join(", ");
        if !certain {
            from = 0.0;
            method = format!("at most {method}");
        }
        let (from, to) = (Duration::from_secs_f64(from), Duration::from_secs_f64(to));
        Self { class: class(to), from, to, method }
    }

    /// One after the other.
    pub(super) fn and(self, other: &Self) -> Self {
        Self {
            class: class(self.to + other.to).max(self.class).max(other.class),
            from: self.from + other.from,
            to: self.to + other.to,
            method: self.method,
        }
    }

    pub(super) fn longer(mut self, by: Duration, why: &str) -> Self {
        self.from += by;
        self.to += by;
        self.class = self.class.max(class(self.to));
        self.told(why)
    }

    /// Says more of how it was made.
    pub(super) fn told(mut self, more: &str) -> Self {
        self.method = format!("{}, {more}", self.method);
        self
    }
}

fn class(to: Duration) -> Class {
    match to.as_secs() {
        0 => Class::Instant,
        1..60 => Class::Seconds,
        60..3600 => Class::Minutes,
        _ => Class::Hours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_lies_within_the_estimate() {
        // Bytes read, written anew and built, rows changed; seconds that it took.
        let measured = [
            (Dialect::Postgres, 268_000_000, 0, 0, 0, 0.16),
            (Dialect::Postgres, 268_000_000, 0, 14_000_000, 0, 0.54),
            (Dialect::Postgres, 268_000_000, 0, 14_000_000, 0, 1.3),
            (Dialect::Postgres, 268_000_000, 0, 187_000_000, 0, 3.3),
            (Dialect::Postgres, 268_000_000, 0, 187_000_000, 0, 5.7),
            (Dialect::Postgres, 268_000_000, 268_000_000, 246_000_000, 0, 7.6),
            (Dialect::Postgres, 268_000_000, 268_000_000, 246_000_000, 0, 12.7),
            (Dialect::Postgres, 0, 0, 0, 2_000_000, 46.2),
            (Dialect::Mysql, 250_000_000, 0, 30_000_000, 0, 5.3),
            (Dialect::Mysql, 250_000_000, 0, 200_000_000, 0, 11.1),
            (Dialect::Mysql, 250_000_000, 250_000_000, 230_000_000, 0, 29.2),
            (Dialect::Mysql, 250_000_000, 250_000_000, 230_000_000, 0, 9.1),
            (Dialect::Mysql, 240_000_000, 240_000_000, 332_000_000, 0, 70.6),
            (Dialect::Mysql, 0, 0, 0, 2_000_000, 18.7),
            (Dialect::Mysql, 0, 0, 0, 2_000_000, 3.9),
        ];
        for (dialect, read, written, built, changed, seconds) in measured {
            let estimate = Estimate::of(Work { read, written, built, changed }, rates(dialect), true);
            let (from, to) = (estimate.from.as_secs_f64(), estimate.to.as_secs_f64());
            assert!(from <= seconds && seconds <= to, "{dialect}: {from:.1} to {to:.1}, not {seconds}");
        }
    }

    #[test]
    fn the_slow_end_decides_and_the_method_is_told() {
        let work = Work { read: 300_000_000_000, ..Work::default() };
        let estimate = Estimate::of(work, rates(Dialect::Postgres), true);
        assert_eq!((estimate.class, estimate.to.as_secs()), (Class::Minutes, 3000));
        assert_eq!(estimate.method, "300 GB read at 100 to 2000 MB/s");
        let perhaps = Estimate::of(work, rates(Dialect::Postgres), false);
        assert_eq!((perhaps.class, perhaps.from), (Class::Minutes, Duration::ZERO));
        assert_eq!(Estimate::of(Work::default(), rates(Dialect::Sqlite), true).class, Class::Instant);
    }
}
