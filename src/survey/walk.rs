//! What the batches of a cell have before them.

use std::time::Duration;

use super::estimate::{Class, Estimate};
use super::judge::{Judged, Survey};
use crate::backfill::{Backfill, Key, Pacing};
use crate::figures::{count, plural};

/// What was read of a batched cell's walk.
#[derive(Clone, Debug)]
pub struct WalkSeen {
    pub step: String,
    pub backfill: Backfill,
    pub ends: EndsSeen,
    /// Rows that the planner believes its table to have.
    pub planned: Option<u64>,
    pub past: Past,
}

#[derive(Clone, Debug)]
pub enum EndsSeen {
    /// The next walk is from the first to the second.
    Keys([Key; 2]),
    Empty,
    /// Why they cannot be told now, and why it could not be walked as things are.
    Unknown(String),
}

/// What the journal says of its batches so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past {
    pub keys: u64,
    pub batches: u64,
    pub micros: u64,
}

/// What the batches have before them.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Ahead {
    /// First and last key, as literals; of a walk that has begun, the last that is done in place of the first.
    pub from: Option<String>,
    pub to: Option<String>,
    /// Keys that are left, about.
    pub keys: Option<u64>,
    /// Batches that are left, about: at least and at most.
    pub batches: Option<[u64; 2]>,
    pub walked: u64,
    /// In place of all that.
    pub remark: Option<String>,
}

impl Survey {
    /// Adds what was read of the walks to the statements that walk.
    pub fn add_walks(&mut self, walks: &[WalkSeen]) {
        for seen in walks {
            if let Some(judged) = self.statements.iter_mut().find(|judged| judged.step == seen.step) {
                add(judged, seen);
            }
        }
    }
}

fn add(judged: &mut Judged, seen: &WalkSeen) {
    let mut ahead = Ahead { walked: seen.past.keys, ..Ahead::default() };
    match &seen.ends {
        EndsSeen::Keys([from, to]) => {
            (ahead.from, ahead.to) = (Some(from.to_string()), Some(to.to_string()));
            ahead.keys = seen.planned.map(|rows| rows.saturating_sub(seen.past.keys));
            if let Some(time) = ahead.keys.and_then(|keys| as_before(keys, seen.past)) {
                judged.time = time;
            }
            ahead.batches = ahead.keys.and_then(|keys| batches(keys, &seen.backfill, &judged.time));
        }
        EndsSeen::Empty => ahead.remark = Some("the table is empty: there is nothing to walk".to_owned()),
        EndsSeen::Unknown(why) => ahead.remark = Some(why.clone()),
    }
    judged.walk = Some(ahead);
}

/// A walk that has begun is its own measure.
fn as_before(keys: u64, past: Past) -> Option<Estimate> {
    if past.keys == 0 || past.micros == 0 {
        return None;
    }
    let micros = past.micros as f64 / past.keys as f64 * keys as f64;
    let took = Duration::from_secs_f64(past.micros as f64 / 1e6);
    let method = format!(
        "{} more keys, as the {} so far took {} of work, more while others are at work",
        count(keys),
        count(past.keys),
        plural(took.as_secs().max(1), "second")
    );
    Some(Estimate::measured(Duration::from_secs_f64(micros / 1e6), method))
}

fn batches(keys: u64, backfill: &Backfill, time: &Estimate) -> Option<[u64; 2]> {
    match backfill.pacing {
        Pacing::Fixed(size) => Some([keys.div_ceil(size.max(1)); 2]),
        Pacing::Adaptive { .. } if time.class == Class::Unknown => None,
        Pacing::Adaptive { target, min, max } => {
            let of = |time: Duration| (time.as_secs_f64() / target.as_secs_f64().max(0.001)).ceil() as u64;
            let bounds = (keys.div_ceil(max.max(1)), keys.div_ceil(min.max(1)));
            Some([of(time.from), of(time.to)].map(|batches| batches.clamp(bounds.0, bounds.1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{OnError, Order, Pause, Throttle};

    fn backfill(pacing: Pacing) -> Backfill {
        Backfill {
            table: "t".to_owned(),
            alias: None,
            key: vec!["id".to_owned()],
            order: Order::Ascending,
            pacing,
            pause: Pause::Auto,
            on_error: OnError::Stop,
            throttle: Throttle::default(),
        }
    }

    #[test]
    fn batches_are_counted_from_the_size_or_from_the_time() {
        let time = Estimate::measured(Duration::from_secs(20), String::new());
        let of = |pacing| batches(1_000_000, &backfill(pacing), &time);
        assert_eq!(of(Pacing::Fixed(3000)), Some([334, 334]));
        let target = Duration::from_millis(500);
        assert_eq!(of(Pacing::Adaptive { target, min: 1, max: 1_000_000 }), Some([40, 40]));
        assert_eq!(of(Pacing::Adaptive { target, min: 1, max: 1_000 }), Some([1000, 1000]));
    }

    #[test]
    fn a_walk_that_has_begun_is_its_own_measure() {
        let past = Past { keys: 1000, batches: 4, micros: 2_000_000 };
        let time = as_before(4000, past).unwrap();
        assert_eq!((time.from.as_secs(), time.to.as_secs()), (8, 8));
        assert!(time.method.starts_with("4,000 more keys, as the 1,000 so far took 2 seconds of work"));
        assert!(as_before(4000, Past::default()).is_none());
    }
}
