//! How far replicas are behind, from positions alone.

use std::collections::VecDeque;
use std::time::Duration;

/// Positions of the primary that are kept, at most.
const MARKS: usize = 1024;

/// Remembers when the primary was where. A replica that has not come as far as the primary was ten
/// seconds ago is ten seconds behind: nothing needs to be written for it, and an idle primary makes
/// no lag, unlike the times that servers tell of themselves.
#[derive(Debug, Default)]
pub struct LagClock {
    /// When the primary was first seen at a position, oldest first.
    marks: VecDeque<(Duration, u64)>,
}

impl LagClock {
    /// The primary is at `position` now.
    pub fn mark(&mut self, now: Duration, position: u64) {
        if self.marks.back().is_none_or(|(_, last)| *last < position) {
            self.marks.push_back((now, position));
        }
        if self.marks.len() > MARKS {
            // A replica that is stuck needs the oldest; between the others every second one will do.
            let mut keep = false;
            self.marks.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }

    /// The replica has come to `position`.
    pub fn lag(&self, now: Duration, position: u64) -> Duration {
        let first_missing = self.marks.iter().find(|(_, marked)| *marked > position);
        first_missing.map_or(Duration::ZERO, |(at, _)| now.saturating_sub(*at))
    }

    /// Forgets what every replica has reached.
    pub fn reached(&mut self, position: u64) {
        while self.marks.front().is_some_and(|(_, marked)| *marked <= position) {
            self.marks.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_replica_is_as_late_as_the_first_position_that_it_lacks() {
        let mut clock = LagClock::default();
        for second in 0..10 {
            clock.mark(s(second), 100 + second);
        }
        assert_eq!(clock.lag(s(10), 104), s(5));
        assert_eq!(clock.lag(s(10), 109), s(0));
        clock.reached(104);
        assert_eq!(clock.lag(s(10), 104), s(5));
    }

    #[test]
    fn an_idle_primary_makes_no_lag() {
        let mut clock = LagClock::default();
        clock.mark(s(0), 7);
        clock.mark(s(3600), 7);
        assert_eq!(clock.lag(s(3600), 7), s(0));
    }

    #[test]
    fn a_stuck_replica_is_known_to_the_second_however_long_it_takes() {
        let mut clock = LagClock::default();
        for second in 0..100_000 {
            clock.mark(s(second), second + 1);
        }
        assert_eq!(clock.lag(s(100_000), 0), s(100_000));
        assert!(clock.marks.len() <= MARKS);
    }
}
