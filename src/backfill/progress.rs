//! How far a backfill has come, and when it will be done.

use std::collections::VecDeque;
use std::time::Duration;

use super::Key;
use super::place::place;

/// The rate is that of the last minute: of all the time it would be deaf to a change, of the last batch it would jump.
const WINDOW: Duration = Duration::from_secs(60);
/// What a batch counts against all before it, in the density of keys.
const NEWS: f64 = 0.2;
/// Samples of the window that are kept, at most.
const SAMPLES: usize = 240;

/// What is known while a backfill goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    pub batches: u64,
    /// Rows that were changed.
    pub rows: u64,
    /// Keys that were walked over, whether their rows needed a change or not.
    pub walked: u64,
    /// Of the whole walk, from 0 to 1.
    pub part: Option<f64>,
    /// Keys a second.
    pub rate: Option<f64>,
    pub left: Option<Duration>,
}

/// Follows a walk batch by batch.
///
/// Two things tell how much is left: where the last key is between the first and the end, and how many
/// rows the planner believes the table has. Neither is right: keys have gaps, and statistics are old.
/// So the planner counts at first, and the more of the range is walked the more counts what was found:
/// how densely the keys lie where the walk is.
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    from: Option<f64>,
    upto: Option<f64>,
    at: Option<f64>,
    /// How densely keys lie, the last batches over the earlier ones: the logarithm of keys for each one of
    /// range, so that a gap counts once and not by its width.
    density: Option<f64>,
    /// The planner's number of rows.
    planned: Option<u64>,
    batches: u64,
    rows: u64,
    walked: u64,
    /// When so many keys were walked.
    samples: VecDeque<(Duration, u64)>,
}

impl Estimator {
    /// A walk from the first of the keys to the second. `planned`: how many rows the planner believes the
    /// table has.
    pub fn new(ends: &[Key; 2], planned: Option<u64>) -> Self {
        let [from, upto] = ends.each_ref().map(place);
        let planned = planned.filter(|rows| *rows > 0);
        Self { from, at: from, upto, planned, ..Self::default() }
    }

    /// The time from which the rate counts.
    pub fn start(&mut self, now: Duration) {
        self.samples.clear();
        self.samples.push_back((now, self.walked));
    }

    /// So many batches are committed at `now`, which have walked so many keys up to `last` and changed so
    /// many rows, those of earlier invocations among them.
    pub fn reached(&mut self, now: Duration, last: &Key, batches: u64, walked: u64, rows: u64) {
        let (at, keys) = (place(last), walked.saturating_sub(self.walked));
        if let Some(found) = self.at.zip(at).and_then(|(before, at)| density(keys, before, at)) {
            self.density = Some(self.density.map_or(found, |known| known + (found - known) * NEWS));
        }
        (self.at, self.batches, self.walked, self.rows) = (at, batches, walked, rows);
        self.samples.push_back((now, self.walked));
        let old = |(at, _): &(Duration, u64)| now.saturating_sub(*at) > WINDOW;
        while self.samples.len() > 2 && (self.samples.get(1).is_some_and(old)) {
            self.samples.pop_front();
        }
        if self.samples.len() > SAMPLES {
            // The first of the window stays, and every second one after it.
            let mut keep = false;
            let last = self.samples.len() - 1;
            let mut index = 0;
            self.samples.retain(|_| {
                keep = !keep;
                index += 1;
                keep || index > last
            });
        }
    }

    pub fn progress(&self, now: Duration) -> Progress {
        let left = self.left();
        let part = left.map(|left| {
            let walked = self.walked as f64;
            if walked + left > 0.0 { walked / (walked + left) } else { 1.0 }
        });
        let rate = self.rate(now);
        let seconds = left.zip(rate).filter(|(_, rate)| *rate > 0.0).map(|(left, rate)| left / rate);
        Progress {
            batches: self.batches,
            rows: self.rows,
            walked: self.walked,
            part,
            rate,
            left: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        }
    }

    /// Where the last key is between the first and the end, from 0 to 1.
    fn position(&self) -> Option<f64> {
        let (from, at, upto) = (self.from?, self.at?, self.upto?);
        (upto != from).then(|| ((at - from) / (upto - from)).clamp(0.0, 1.0))
    }

    /// Keys that are still to be walked.
    fn left(&self) -> Option<f64> {
        let planned = self.planned.and_then(|rows| rows.checked_sub(self.walked)).filter(|rows| *rows > 0);
        let planned = planned.map(|rows| rows as f64);
        let found = self.from.zip(self.upto).zip(self.at).zip(self.density);
        let found = found.map(|(((from, upto), at), density)| {
            let ahead = if upto < from { at - upto } else { upto - at };
            ahead.max(0.0) * density.exp()
        });
        match (found, planned, self.position()) {
            (Some(found), Some(planned), Some(position)) if found > 0.0 => {
                // Of numbers that differ by powers of ten the geometric mean is the fair one.
                Some(planned.powf(1.0 - position) * found.powf(position))
            }
            (Some(found), ..) => Some(found),
            (None, planned, _) => planned,
        }
    }

    fn rate(&self, now: Duration) -> Option<f64> {
        let (since, walked) = self.samples.front()?;
        let seconds = now.checked_sub(*since)?.as_secs_f64();
        (seconds > 0.0 && self.walked > *walked).then(|| (self.walked - walked) as f64 / seconds)
    }
}

/// The logarithm of how many keys there are for each one of range.
fn density(keys: u64, from: f64, to: f64) -> Option<f64> {
    (keys > 0 && to != from).then(|| (keys as f64 / (to - from).abs()).ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn key(number: u64) -> Key {
        text(&number.to_string())
    }

    fn text(literal: &str) -> Key {
        Key(vec![literal.to_owned()])
    }

    /// Walks keys in batches of a thousand, one a second, and gives what is said after each.
    fn walk(keys: &[u64], planned: Option<u64>) -> Vec<Progress> {
        let mut estimator = Estimator::new(&[key(keys[0]), key(*keys.last().unwrap())], planned);
        estimator.start(s(0));
        let step = |(index, batch): (usize, &[u64])| {
            let now = s(index as u64 + 1);
            let walked = index as u64 * 1000 + batch.len() as u64;
            estimator.reached(now, &key(*batch.last().unwrap()), index as u64 + 1, walked, walked);
            estimator.progress(now)
        };
        keys.chunks(1000).enumerate().map(step).collect()
    }

    /// How far from the truth the parts are at worst, from the tenth batch on.
    fn worst(said: &[Progress]) -> f64 {
        let whole = said.len() as f64;
        let off = |(index, progress): (usize, &Progress)| {
            (progress.part.unwrap() - (index + 1) as f64 / whole).abs()
        };
        said.iter().enumerate().skip(9).map(off).fold(0.0, f64::max)
    }

    #[test]
    fn even_keys_need_no_planner() {
        let keys: Vec<u64> = (1..=100_000).map(|n| n * 7).collect();
        let said = walk(&keys, None);
        assert!(worst(&said) < 0.01, "{}", worst(&said));
        let last = said.last().unwrap();
        assert_eq!((last.part, last.batches, last.rows), (Some(1.0), 100, 100_000));
        let middle = said[49];
        assert!((middle.rate.unwrap() - 1000.0).abs() < 1.0, "{middle:?}");
        assert!((49..=51).contains(&middle.left.unwrap().as_secs()), "{middle:?}");
    }

    #[test]
    fn a_gap_misleads_less_with_the_planner_and_is_made_good_behind_it() {
        let keys: Vec<u64> = (1..=50_000).chain(10_000_001..=10_050_000).collect();
        let (alone, planned) = (walk(&keys, None), walk(&keys, Some(100_000)));
        assert!(worst(&planned) < worst(&alone));
        assert!((planned[48].part.unwrap() - 0.49).abs() < 0.02, "{:?}", planned[48]);
        assert!((planned[64].part.unwrap() - 0.65).abs() < 0.05, "{:?}", planned[64]);
        assert_eq!(planned.last().unwrap().part, Some(1.0));
    }

    #[test]
    fn old_statistics_are_corrected_as_it_goes() {
        let keys: Vec<u64> = (1..=100_000).collect();
        for wrong in [10_000, 1_000_000] {
            let said = walk(&keys, Some(wrong));
            assert!((said[89].part.unwrap() - 0.9).abs() < 0.1, "{wrong}: {:?}", said[89]);
            assert_eq!(said.last().unwrap().part, Some(1.0));
        }
    }

    #[test]
    fn a_walk_may_go_down() {
        let mut estimator = Estimator::new(&[key(1000), key(1)], None);
        estimator.reached(s(1), &key(751), 1, 250, 250);
        assert!((estimator.progress(s(1)).part.unwrap() - 0.25).abs() < 0.01);
    }

    #[test]
    fn texts_go_by_the_planner_alone_and_say_nothing_past_it() {
        let mut estimator = Estimator::new(&[text("'ann'"), text("'zoe'")], Some(2000));
        estimator.start(s(0));
        estimator.reached(s(1), &text("'bob'"), 1, 1000, 10);
        assert_eq!(estimator.progress(s(1)).part, Some(0.5));
        estimator.reached(s(2), &text("'dan'"), 2, 2000, 20);
        let past = estimator.progress(s(2));
        assert_eq!((past.part, past.left, past.rows), (None, None, 20));
    }

    #[test]
    fn the_rate_is_of_the_last_minute_and_falls_while_nothing_happens() {
        let mut estimator = Estimator::new(&[key(1), key(100_000)], None);
        estimator.start(s(0));
        for second in 1..=200 {
            let walked = if second <= 100 { second * 1000 } else { 100_000 + (second - 100) * 10 };
            estimator.reached(s(second), &key(50_000), second, walked, walked);
        }
        assert!((estimator.progress(s(200)).rate.unwrap() - 10.0).abs() < 1.0);
        assert!(estimator.progress(s(500)).rate.unwrap() < 3.0);
    }

    #[test]
    fn many_short_batches_are_followed_in_little_memory() {
        let mut estimator = Estimator::new(&[key(1), key(1_000_000)], None);
        for n in 1..=100_000_u64 {
            estimator.reached(Duration::from_micros(n * 10), &key(n), n, n, n);
        }
        assert!(estimator.samples.len() <= SAMPLES + 1);
        let rate = estimator.progress(s(1)).rate.unwrap();
        assert!((rate - 100_000.0).abs() < 1_000.0, "{rate}");
    }

    #[test]
    fn a_resumed_walk_knows_where_it_is() {
        let mut estimator = Estimator::new(&[key(1), key(1000)], None);
        estimator.reached(s(0), &key(500), 5, 500, 500);
        estimator.start(s(0));
        let progress = estimator.progress(s(10));
        assert!((progress.part.unwrap() - 0.5).abs() < 0.01);
        assert_eq!((progress.rate, progress.left), (None, None));
    }
}
