//! How many keys the next batch takes, so that it takes about as long as was asked for.
//!
//! A batch is sent as a few statements of the same transaction, and it is committed when its time is
//! up: its length then hangs on the clock alone, and what is known of the cost of a key only sets the
//! size of those statements.

use std::time::Duration;

/// What a cell asks of the size of its batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// Keys of each batch.
    Fixed(u64),
    /// As many keys as take about `target`, between `min` and `max`.
    Adaptive { target: Duration, min: u64, max: u64 },
}

/// Keys of the first batch.
const FIRST: u64 = 100;
/// How much more than the batch before it a batch may take.
const GROWTH: u64 = 4;
/// Statements of a batch, where the way to the server is short.
const STEPS: f64 = 10.0;
/// Keys beyond what is expected that a batch may take when they turn out to be cheap.
const RESERVE: f64 = 3.0;
/// A statement and the search for its keys go to the server and back; of a batch's time no more than
/// this part is spent on the way.
const ON_THE_WAY: f64 = 0.1;
/// Trips for each statement.
const TRIPS: f64 = 3.0;
/// What is left of the weight of earlier batches after one more.
const MEMORY: f64 = 0.5;

#[derive(Clone, Debug)]
pub struct Pace {
    pacing: Pacing,
    /// Keys and the seconds that they took, of the last batches: older ones fade, and small ones, whose
    /// time says least of a key, count little.
    keys: f64,
    seconds: f64,
    /// Seconds of the way to the server and back, and of a commit.
    trip: f64,
    commit: f64,
    /// The most keys that the next batch may take.
    reach: u64,
    /// How often the batches were halved because something was in their way.
    strain: u32,
}

/// What the next batch may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Portion {
    /// Keys of a statement.
    pub step: u64,
    /// Statements at most.
    pub steps: usize,
    /// Fewest keys that a batch takes, whatever the clock says.
    least: u64,
    /// Seconds until the commit begins; none where only the keys count.
    time: Option<f64>,
}

/// What a batch has taken so far, or altogether.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Took {
    pub keys: u64,
    pub steps: u32,
    /// To open the transaction.
    pub begin: Duration,
    /// For the statements.
    pub work: Duration,
    pub commit: Duration,
}

impl Took {
    /// From the first word to the server to its last.
    pub fn time(&self) -> Duration {
        self.begin + self.work + self.commit
    }
}

impl Pace {
    /// `last`: keys of the last batch of an earlier invocation.
    pub fn new(pacing: Pacing, last: Option<u64>) -> Self {
        let reach = last.unwrap_or(FIRST).max(1);
        Self { pacing, keys: 0.0, seconds: 0.0, trip: 0.0, commit: 0.0, reach, strain: 0 }
    }

    /// Goes on at another pace; what is known of the cost of a key stays.
    pub fn set(&mut self, pacing: Pacing) {
        self.pacing = pacing;
    }

    pub fn next(&self) -> Portion {
        match self.pacing {
            Pacing::Fixed(size) => {
                let step = (size >> self.strain.min(63)).max(1);
                Portion { step, steps: 1, least: step, time: None }
            }
            Pacing::Adaptive { target, min, max } => self.adapted(target.as_secs_f64(), min, max.max(min)),
        }
    }

    fn adapted(&self, target: f64, min: u64, max: u64) -> Portion {
        let target = target / f64::from(1_u32 << self.strain.min(20));
        let least = if self.strain == 0 { min } else { 1 };
        let time = (target - self.trip - self.commit).max(target / 4.0);
        // Before the first batch nothing is known, and only `reach` counts.
        let fitting = if self.seconds > 0.0 { (time * self.keys / self.seconds) as u64 } else { u64::MAX };
        let keys = fitting.min(self.reach).clamp(least, max);
        let steps = match self.trip > 0.0 {
            true => (target * ON_THE_WAY / (TRIPS * self.trip)).clamp(1.0, STEPS),
            false => STEPS,
        };
        let step = (keys as f64 / steps).ceil().max(1.0);
        let most = self.reach.clamp(least, max) as f64;
        let steps = ((steps * RESERVE).floor()).min((most / step).floor()).max(1.0);
        Portion { step: step as u64, steps: steps as usize, least, time: Some(time) }
    }

    /// A batch was committed.
    pub fn committed(&mut self, took: &Took) {
        let mix = |known: f64, seen: f64| known * MEMORY + seen * (1.0 - MEMORY);
        let keys = took.keys.max(1);
        self.keys = self.keys * MEMORY + keys as f64;
        self.seconds = self.seconds * MEMORY + took.work.as_secs_f64();
        self.trip =
            if self.trip > 0.0 { mix(self.trip, took.begin.as_secs_f64()) } else { took.begin.as_secs_f64() };
        self.commit = mix(self.commit, took.commit.as_secs_f64());
        self.reach = keys.saturating_mul(GROWTH).max(FIRST);
        self.strain = self.strain.saturating_sub(1);
    }

    /// Another session, or a time limit, was in the way: a shorter batch is less so.
    pub fn strained(&mut self) {
        self.strain = (self.strain + 2).min(20);
    }
}

impl Portion {
    /// A batch of that many keys, in one statement.
    pub fn limited(self, limit: Option<u64>) -> Self {
        match limit {
            Some(limit) => Self { step: self.step.min(limit), steps: 1, least: 1, time: None },
            None => self,
        }
    }

    /// Whether the batch is to be committed now. A statement more is begun if at least half of it is
    /// expected to be done in time.
    pub fn is_over(&self, took: &Took) -> bool {
        let Some(time) = self.time else { return false };
        let work = took.work.as_secs_f64();
        let next = work / f64::from(took.steps.max(1));
        took.keys >= self.least && work + next / 2.0 >= time
    }
}
