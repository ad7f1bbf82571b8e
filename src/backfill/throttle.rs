//! Whether another batch may run: readings of the server against the runbook's limits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::lag::LagClock;
use crate::document::{Limit, Load, Throttle, show_bytes, show_ratio};

/// A limit that stopped the backfill lets it go again at this part of itself, in percent: at the limit
/// itself it would stop and go with every reading.
const RELEASE: u64 = 80;
/// Readings of the load that make the start's. The middle one counts.
const STARTS: usize = 5;
/// Sessions that a start has at least: twice nothing would be nothing.
const QUIET: u64 = 2;

/// What pauses a backfill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Somebody said so.
    Operator,
    Lag,
    Load,
    Waiting,
    Dead,
    Wal,
    Query,
    File,
    /// Nobody knows who else is at work.
    Company,
    /// The server cannot be looked at.
    Blind,
}

impl Cause {
    /// The option that sets its limit, or what else it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "control",
            Self::Lag => "max_lag",
            Self::Load => "max_load",
            Self::Waiting => "max_waiting",
            Self::Dead => "max_dead",
            Self::Wal => "max_wal",
            Self::Query => "throttle_query",
            Self::File => "throttle_file",
            Self::Company => "pause",
            Self::Blind => "observer",
        }
    }
}

/// Why the backfill pauses, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub cause: Cause,
    pub text: String,
}

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    pub why: String,
    /// The server said no, and will say so again; otherwise it may answer the next time.
    pub refused: bool,
}

/// Of one thing; None where nobody asked.
pub type Reading<T> = Option<Result<T, Unread>>;

/// What was seen of the server at one time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    pub replicas: Reading<Vec<Replica>>,
    /// The primary's own position, on the same scale.
    pub position: Option<u64>,
    pub load: Reading<u64>,
    pub waiting: Reading<u64>,
    pub dead: Reading<Dead>,
    /// The replication slot that keeps most of the log, and how many bytes.
    pub wal: Reading<Option<(String, u64)>>,
    /// The first value of the answer.
    pub query: Reading<Option<String>>,
    pub file: Reading<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    pub name: String,
    /// What it has applied, on the scale of the primary's position.
    pub applied: Result<u64, String>,
    /// What the server itself says of its lag.
    pub reported: Option<Duration>,
}

/// Rows that a table's updates have left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dead {
    pub rows: u64,
    /// How many call for autovacuum.
    pub threshold: u64,
    /// Nobody comes.
    pub off: bool,
}

/// What follows from the readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// None of them: the next batch may run.
    pub reasons: Vec<Reason>,
    /// Defaults that cannot be watched here, and why. The first judgement has them, and no later one.
    pub unwatched: Vec<Reason>,
}

/// Holds the limits and what it has seen so far.
#[derive(Debug)]
pub struct Throttler {
    limits: Throttle,
    clock: LagClock,
    /// Replicas that were there, and when each was last.
    known: BTreeMap<String, Duration>,
    starts: Vec<u64>,
    /// What the backfill is held by now.
    held: BTreeSet<Cause>,
    /// Read at least once.
    read: BTreeSet<Cause>,
    unwatched: BTreeSet<Cause>,
}

impl Throttler {
    pub fn new(limits: Throttle) -> Self {
        Self {
            limits,
            clock: LagClock::default(),
            known: BTreeMap::new(),
            starts: Vec::new(),
            held: BTreeSet::new(),
            read: BTreeSet::new(),
            unwatched: BTreeSet::new(),
        }
    }

    /// Judges what was seen at `now`.
    pub fn judge(&mut self, now: Duration, readings: &Readings) -> Judgement {
        let limits = self.limits.clone();
        let mut judgement = Judgement::default();
        if let Some(limit) = &limits.max_lag {
            let replicas = self.readable(Cause::Lag, limit, &readings.replicas, &mut judgement);
            let text = replicas.and_then(|replicas| self.lag(now, limit.most, replicas, readings.position));
            self.decide(Cause::Lag, text, &mut judgement);
        }
        if let Some(limit) = &limits.max_load {
            let load = self.readable(Cause::Load, limit, &readings.load, &mut judgement).copied();
            match load.and_then(|load| self.start(limit.most, load)) {
                Some(text) => judgement.reasons.push(Reason { cause: Cause::Load, text }),
                None => {
                    let text = load.and_then(|load| self.load(limit.most, load));
                    self.decide(Cause::Load, text, &mut judgement);
                }
            }
        }
        if let Some(limit) = &limits.max_waiting {
            let waiting = self.readable(Cause::Waiting, limit, &readings.waiting, &mut judgement).copied();
            let text = waiting.filter(|waiting| *waiting > limit.most).map(|waiting| {
                let sessions = if waiting == 1 { "session waits" } else { "sessions wait" };
                format!("{waiting} {sessions} for a lock of the backfill")
            });
            self.decide(Cause::Waiting, text, &mut judgement);
        }
        if let Some(limit) = &limits.max_dead {
            let dead = self.readable(Cause::Dead, limit, &readings.dead, &mut judgement).copied();
            let text = dead.and_then(|dead| self.dead(limit.most, dead));
            self.decide(Cause::Dead, text, &mut judgement);
        }
        if let Some(limit) = &limits.max_wal {
            let slot = self.readable(Cause::Wal, limit, &readings.wal, &mut judgement).cloned().flatten();
            let text = slot.filter(|(_, bytes)| self.exceeds(Cause::Wal, *bytes, limit.most, 0)).map(
                |(name, bytes)| {
                    format!(
                        "replication slot {name} keeps {} of the write-ahead log, and may keep {}",
                        show_bytes(bytes),
                        show_bytes(limit.most)
                    )
                },
            );
            self.decide(Cause::Wal, text, &mut judgement);
        }
        if let Some(limit) = &limits.query {
            let value =
                self.readable(Cause::Query, limit, &readings.query, &mut judgement).cloned().flatten();
            let text = value.filter(|value| is_yes(value)).map(|value| format!("the query answers {value}"));
            self.decide(Cause::Query, text, &mut judgement);
        }
        if let Some(limit) = &limits.file {
            let there = self.readable(Cause::File, limit, &readings.file, &mut judgement).copied();
            let text = there.filter(|there| *there).map(|_| format!("the file {} is there", limit.most));
            self.decide(Cause::File, text, &mut judgement);
        }
        judgement
    }

    /// The reading, if there is one. One that failed pauses, but for a default that the server refuses
    /// from the start.
    fn readable<'r, T, U>(
        &mut self,
        cause: Cause,
        limit: &Limit<U>,
        reading: &'r Reading<T>,
        judgement: &mut Judgement,
    ) -> Option<&'r T> {
        match reading.as_ref()? {
            Ok(value) => {
                self.read.insert(cause);
                Some(value)
            }
            Err(unread) if limit.said.is_none() && unread.refused && !self.read.contains(&cause) => {
                if self.unwatched.insert(cause) {
                    judgement.unwatched.push(Reason { cause, text: unread.why.clone() });
                }
                None
            }
            Err(unread) => {
                judgement.reasons.push(Reason { cause, text: format!("cannot be read: {}", unread.why) });
                None
            }
        }
    }

    fn decide(&mut self, cause: Cause, text: Option<String>, judgement: &mut Judgement) {
        match text {
            Some(text) => {
                self.held.insert(cause);
                judgement.reasons.push(Reason { cause, text });
            }
            None => {
                self.held.remove(&cause);
            }
        }
    }

    /// Whether a value stops the backfill, or keeps it stopped. `usual` is what it is without the backfill.
    fn exceeds(&self, cause: Cause, value: u64, most: u64, usual: u64) -> bool {
        let released = usual
            + most.saturating_sub(usual) / 100 * RELEASE
            + most.saturating_sub(usual) % 100 * RELEASE / 100;
        value > if self.held.contains(&cause) { released } else { most }
    }

    fn lag(
        &mut self,
        now: Duration,
        most: Duration,
        replicas: &[Replica],
        position: Option<u64>,
    ) -> Option<String> {
        if let Some(position) = position {
            self.clock.mark(now, position);
        }
        let mut late: Vec<(Duration, String)> = Vec::new();
        for replica in replicas {
            let name = &replica.name;
            let applied = match &replica.applied {
                Ok(applied) => *applied,
                // Nobody knows how late it is: later than any limit.
                Err(why) => {
                    late.push((Duration::MAX, format!("replica {name} does not tell: {why}")));
                    continue;
                }
            };
            self.known.insert(name.clone(), now);
            let behind = position.is_some_and(|position| applied < position);
            let reported = replica.reported.filter(|_| behind).unwrap_or_default();
            let lag = self.clock.lag(now, applied).max(reported);
            late.push((lag, format!("replica {name} is {} behind", seconds(lag))));
        }
        for (name, last) in &self.known {
            if !replicas.iter().any(|replica| replica.name == *name) {
                let gone = now.saturating_sub(*last);
                let text = format!(
                    "replica {name} has been gone for {}; if it is gone for good, stop the run and start it again",
                    seconds(gone)
                );
                late.push((gone, text));
            }
        }
        let slowest = replicas.iter().filter_map(|replica| replica.applied.as_ref().ok()).min();
        if let Some(slowest) = slowest {
            self.clock.reached(*slowest);
        }
        let millis = |lag: &Duration| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX);
        late.sort();
        let (lag, text) = late.pop()?;
        self.exceeds(Cause::Lag, millis(&lag), millis(&most), 0).then_some(text)
    }

    /// Takes the load in as the start's, as long as that is not known.
    fn start(&mut self, most: Load, load: u64) -> Option<String> {
        if !matches!(most, Load::Ratio(_)) || self.starts.len() == STARTS {
            return None;
        }
        self.starts.push(load);
        self.starts.sort_unstable();
        Some(format!("the load at the start is being read, {} of {STARTS} times", self.starts.len()))
    }

    fn load(&self, most: Load, load: u64) -> Option<String> {
        let (start, most, of) = match most {
            Load::Sessions(most) => (0, most, String::new()),
            Load::Ratio(hundredths) => {
                let start = self.starts[STARTS / 2].max(QUIET);
                (
                    start,
                    start.saturating_mul(hundredths) / 100,
                    format!(" ({} the {start} at the start)", show_ratio(hundredths)),
                )
            }
        };
        let sessions = if load == 1 { "session is" } else { "sessions are" };
        self.exceeds(Cause::Load, load, most, start)
            .then(|| format!("{load} {sessions} active, and {most} may be{of}"))
    }

    fn dead(&self, most: u64, dead: Dead) -> Option<String> {
        let limit = dead.threshold.saturating_mul(most) / 100;
        let off = if dead.off { ", and autovacuum is off" } else { "" };
        self.exceeds(Cause::Dead, dead.rows, limit, 0)
            .then(|| format!("the table has {} dead rows, and may have {limit}{off}", dead.rows))
    }
}

/// What a query says that is asked whether to pause: anything but false and zero.
fn is_yes(value: &str) -> bool {
    let value = value.trim();
    let no = ["f", "false"].iter().any(|no| value.eq_ignore_ascii_case(no));
    !no && value.parse::<f64>() != Ok(0.0)
}

fn seconds(duration: Duration) -> String {
    match duration.as_secs() {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        seconds @ 10..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn none() -> Throttle {
        Throttle { max_lag: None, max_waiting: None, max_wal: None, ..Throttle::default() }
    }

    fn said<T>(most: T) -> Option<Limit<T>> {
        Some(Limit { most, said: Some(Span::new(0, 1)) })
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn texts(judgement: &Judgement) -> Vec<&str> {
        judgement.reasons.iter().map(|reason| reason.text.as_str()).collect()
    }

    fn load(sessions: u64) -> Readings {
        Readings { load: Some(Ok(sessions)), ..Readings::default() }
    }

    fn replica(position: u64, applied: u64) -> Readings {
        let replica = Replica { name: "ro".to_owned(), applied: Ok(applied), reported: None };
        Readings { replicas: Some(Ok(vec![replica])), position: Some(position), ..Readings::default() }
    }

    #[test]
    fn nothing_read_is_nothing_against_it() {
        assert_eq!(
            Throttler::new(Throttle::default()).judge(s(0), &Readings::default()),
            Judgement::default()
        );
    }

    #[test]
    fn what_has_stopped_it_must_ease_before_it_goes_on() {
        let mut throttler = Throttler::new(Throttle { max_load: said(Load::Sessions(10)), ..none() });
        assert!(texts(&throttler.judge(s(0), &load(10))).is_empty());
        assert_eq!(texts(&throttler.judge(s(1), &load(11))), ["11 sessions are active, and 10 may be"]);
        assert_eq!(throttler.judge(s(2), &load(9)).reasons.len(), 1);
        assert!(texts(&throttler.judge(s(3), &load(8))).is_empty());
        assert!(texts(&throttler.judge(s(4), &load(10))).is_empty());
    }

    #[test]
    fn a_ratio_is_to_the_middle_of_the_first_readings() {
        let mut throttler = Throttler::new(Throttle { max_load: said(Load::Ratio(150)), ..none() });
        for (at, sessions) in [6, 90, 7, 0, 6].into_iter().enumerate() {
            assert!(texts(&throttler.judge(s(at as u64), &load(sessions)))[0].contains("is being read"));
        }
        assert!(texts(&throttler.judge(s(9), &load(9))).is_empty());
        assert_eq!(
            texts(&throttler.judge(s(9), &load(10))),
            ["10 sessions are active, and 9 may be (1.5x the 6 at the start)"]
        );
    }

    #[test]
    fn a_quiet_start_does_not_stop_it_for_ever() {
        let mut throttler = Throttler::new(Throttle { max_load: said(Load::Ratio(200)), ..none() });
        for at in 0..5 {
            throttler.judge(s(at), &load(0));
        }
        assert!(texts(&throttler.judge(s(9), &load(4))).is_empty());
    }

    #[test]
    fn a_replica_that_applies_nothing_falls_behind() {
        let mut throttler = Throttler::new(Throttle { max_lag: said(s(5)), ..none() });
        for second in 0..=6 {
            assert!(texts(&throttler.judge(s(second), &replica(100 + second, 100))).is_empty(), "{second}");
        }
        assert_eq!(texts(&throttler.judge(s(7), &replica(106, 100))), ["replica ro is 6.0 s behind"]);
        // It has the primary's last change, and nothing came since.
        assert!(texts(&throttler.judge(s(60), &replica(106, 106))).is_empty());
    }

    #[test]
    fn what_the_server_says_of_lag_counts_only_while_a_replica_is_behind() {
        let mut throttler = Throttler::new(Throttle { max_lag: said(s(5)), ..none() });
        let told = |applied| {
            let mut readings = replica(100, applied);
            let Some(Ok(replicas)) = &mut readings.replicas else { unreachable!() };
            replicas[0].reported = Some(s(40));
            readings
        };
        assert_eq!(texts(&throttler.judge(s(0), &told(99))), ["replica ro is 40 s behind"]);
        assert!(texts(&throttler.judge(s(1), &told(100))).is_empty());
    }

    #[test]
    fn a_replica_that_is_gone_is_late_and_one_that_says_nothing_too() {
        let mut throttler = Throttler::new(Throttle { max_lag: said(s(5)), ..none() });
        throttler.judge(s(0), &replica(1, 1));
        let gone = Readings { replicas: Some(Ok(Vec::new())), position: Some(2), ..Readings::default() };
        assert!(texts(&throttler.judge(s(5), &gone)).is_empty());
        assert!(texts(&throttler.judge(s(6), &gone))[0].starts_with("replica ro has been gone for 6.0 s;"));
        let mut silent = replica(3, 3);
        let Some(Ok(replicas)) = &mut silent.replicas else { unreachable!() };
        replicas[0].applied = Err("connection refused".to_owned());
        assert_eq!(texts(&throttler.judge(s(7), &silent)), ["replica ro does not tell: connection refused"]);
    }

    #[test]
    fn what_cannot_be_read_pauses_unless_it_is_a_default_that_never_could() {
        let unread = |refused| Unread { why: "permission denied".to_owned(), refused };
        let waiting = |refused| Readings { waiting: Some(Err(unread(refused))), ..Readings::default() };
        let seen = Readings { waiting: Some(Ok(0)), ..Readings::default() };
        let mut default = Throttler::new(Throttle::default());
        let judgement = default.judge(s(0), &waiting(true));
        assert!(judgement.reasons.is_empty());
        assert_eq!(
            judgement.unwatched,
            [Reason { cause: Cause::Waiting, text: "permission denied".to_owned() }]
        );
        assert_eq!(default.judge(s(1), &waiting(true)), Judgement::default());
        assert_eq!(texts(&default.judge(s(2), &waiting(false))), ["cannot be read: permission denied"]);
        default.judge(s(3), &seen);
        assert_eq!(default.judge(s(4), &waiting(true)).reasons.len(), 1);
        let mut said = Throttler::new(Throttle { max_waiting: said(0), ..none() });
        assert_eq!(said.judge(s(0), &waiting(true)).reasons.len(), 1);
    }

    #[test]
    fn a_query_pauses_with_anything_but_false_zero_null_and_nothing() {
        let mut throttler = Throttler::new(Throttle { query: said("SELECT x".to_owned()), ..none() });
        let mut paused = |value: Option<&str>| {
            let readings = Readings { query: Some(Ok(value.map(str::to_owned))), ..Readings::default() };
            !throttler.judge(s(0), &readings).reasons.is_empty()
        };
        for no in [None, Some("f"), Some("0"), Some("0.00"), Some("FALSE")] {
            assert!(!paused(no), "{no:?}");
        }
        for yes in ["t", "1", "-1", "incident 42", ""] {
            assert!(paused(Some(yes)), "{yes}");
        }
    }

    #[test]
    fn dead_rows_and_kept_log_are_said_in_full() {
        let mut throttler =
            Throttler::new(Throttle { max_dead: said(200), max_wal: said(1 << 30), ..none() });
        let readings = Readings {
            dead: Some(Ok(Dead { rows: 2_500, threshold: 1_000, off: true })),
            wal: Some(Ok(Some(("debezium".to_owned(), 3 << 29)))),
            ..Readings::default()
        };
        assert_eq!(
            texts(&throttler.judge(s(0), &readings)),
            [
                "the table has 2500 dead rows, and may have 2000, and autovacuum is off",
                "replication slot debezium keeps 1.5 GB of the write-ahead log, and may keep 1 GB"
            ]
        );
    }
}
