//! Who else is at work on the server, and what a backfill leaves them.
//!
//! Two things hurt others: a row that is locked for as long as its batch lasts, and a processor that is
//! busy. Beside others the batches are therefore short, and lie apart.

use std::time::Duration;

use super::Pacing;

/// What a look counts against those before it: about the last five seconds of them.
const NEWS: f64 = 0.1;
/// Fewer sessions at work than this, on the average, are nobody: whoever measures a server is at work too,
/// now and then.
const NOBODY: f64 = 0.05;
/// The longest batch beside others.
const SHORT: Duration = Duration::from_millis(5);
/// What others get of the time for each part of it that a batch takes.
const SHARE: f64 = 3.0;
/// The longest gap.
const GAP: Duration = Duration::from_secs(1);
/// The shortest batch that somebody who waits makes of one.
const SHORTEST: Duration = Duration::from_millis(2);
/// What becomes of the longest batch with each look at which nobody waits.
const RELIEF: f64 = 1.2;
/// Beyond it nothing is left to relieve.
const LONGEST: Duration = Duration::from_secs(60);

#[derive(Clone, Debug, Default)]
pub struct Company {
    /// Sessions at work, on the average of the last looks. None: it is not known, and as if they were there.
    average: Option<f64>,
    /// What the last batch took.
    time: Duration,
    /// The longest batch since somebody was seen to wait.
    longest: Option<Duration>,
}

impl Company {
    /// A look found so many sessions at work.
    pub fn at_work(&mut self, sessions: u64) {
        let sessions = sessions as f64;
        self.average = Some(self.average.map_or(sessions, |known| known + (sessions - known) * NEWS));
    }

    /// A look found that somebody waits for the batches, or that nobody does.
    pub fn waits(&mut self, somebody: bool) {
        self.longest = match (somebody, self.longest) {
            (true, longest) => Some((longest.unwrap_or(self.time).min(self.time) / 2).max(SHORTEST)),
            (false, longest) => longest.map(|longest| longest.mul_f64(RELIEF)).filter(|l| *l < LONGEST),
        };
    }

    /// A batch is committed.
    pub fn committed(&mut self, time: Duration) {
        self.time = time;
    }

    /// Whether others are at work.
    pub fn is_there(&self) -> bool {
        self.average.is_none_or(|average| average > NOBODY)
    }

    /// How large a batch may be beside the others.
    pub fn pacing(&self, alone: Pacing) -> Pacing {
        let Pacing::Adaptive { target, min, max } = alone else { return alone };
        let short = if self.is_there() { SHORT } else { target };
        let longest = self.longest.unwrap_or(target);
        Pacing::Adaptive { target: target.min(short).min(longest), min, max }
    }

    /// How long the next batch is to wait after the last one.
    pub fn gap(&self) -> Duration {
        if self.is_there() { self.time.mul_f64(SHARE).min(GAP) } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALONE: Pacing = Pacing::Adaptive { target: Duration::from_millis(500), min: 1, max: 1_000_000 };

    fn target(company: &Company) -> Duration {
        match company.pacing(ALONE) {
            Pacing::Adaptive { target, .. } => target,
            Pacing::Fixed(_) => panic!("it was not fixed"),
        }
    }

    fn after(looks: &[u64]) -> Company {
        let mut company = Company::default();
        company.committed(Duration::from_millis(8));
        looks.iter().for_each(|sessions| company.at_work(*sessions));
        company
    }

    #[test]
    fn alone_nothing_lies_between_long_batches() {
        let alone = after(&[0; 10]);
        assert_eq!((target(&alone), alone.gap()), (Duration::from_millis(500), Duration::ZERO));
        assert_eq!(alone.pacing(Pacing::Fixed(7)), Pacing::Fixed(7));
    }

    #[test]
    fn beside_others_batches_are_short_and_lie_apart() {
        for company in [Company::default(), after(&[1]), after(&[0, 0, 0, 0, 1, 0, 0])] {
            assert_eq!(target(&company), SHORT, "{company:?}");
        }
        assert_eq!(after(&[2]).gap(), Duration::from_millis(24));
        let mut large = after(&[2]);
        large.committed(Duration::from_secs(5));
        assert_eq!(large.gap(), GAP);
    }

    #[test]
    fn whoever_is_gone_is_forgotten_in_seconds() {
        let gone = after(&[[3; 20], [0; 20], [0; 20], [0; 20]].concat());
        assert_eq!(target(&gone), Duration::from_millis(500));
    }

    #[test]
    fn a_batch_that_was_waited_for_is_followed_by_shorter_ones_for_a_while() {
        let mut company = after(&[0; 10]);
        company.committed(Duration::from_millis(480));
        company.waits(true);
        assert_eq!(target(&company), Duration::from_millis(240));
        (0..12).for_each(|_| company.waits(true));
        assert_eq!(target(&company), SHORTEST);
        let looks = (0..).take_while(|_| {
            company.waits(false);
            target(&company) < Duration::from_millis(500)
        });
        assert!((10..60).contains(&looks.count()));
    }
}
