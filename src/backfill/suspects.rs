//! What to do with a batch that the database refuses.

/// Tells what follows a refusal, and finds the key that is to blame by halving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suspects {
    /// Keys ahead among which at least one is refused.
    left: Option<u64>,
    /// Attempts in a row that another session, or a time limit, has cost.
    lost: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Try fewer keys after a pause.
    Again,
    /// Try half of them.
    Halve,
    /// It was a single key.
    Found,
}

impl Suspects {
    /// The most keys that the next batch may take.
    pub fn limit(&self) -> Option<u64> {
        self.left.map(|left| (left / 2).max(1))
    }

    /// Attempts of the next batch so far, and this one.
    pub fn attempt(&self) -> u32 {
        self.lost + 1
    }

    /// A batch of `keys` was refused. `passing`: it may succeed later, which is tried `retry` times.
    pub fn refused(&mut self, keys: u64, passing: bool, retry: u32) -> Verdict {
        if passing && self.lost < retry {
            self.lost += 1;
            return Verdict::Again;
        }
        if keys > 1 {
            self.left = Some(keys);
            return Verdict::Halve;
        }
        *self = Self::default();
        Verdict::Found
    }

    /// A batch of `keys` was committed: whoever is to blame is among the rest.
    pub fn committed(&mut self, keys: u64) {
        self.left = self.left.and_then(|left| left.checked_sub(keys)).filter(|left| *left > 0);
        if self.left.is_none() {
            self.lost = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Walks keys `0..keys`, of which `bad` are refused. Returns what was found and the batches tried.
    fn walk(keys: u64, size: u64, bad: &[u64]) -> (Vec<u64>, u64) {
        let (mut at, mut tried, mut found) = (0, 0, Vec::new());
        let mut suspects = Suspects::default();
        while at < keys {
            tried += 1;
            let take = suspects.limit().unwrap_or(size).min(size).min(keys - at);
            if !bad.iter().any(|key| (at..at + take).contains(key)) {
                suspects.committed(take);
                at += take;
            } else if suspects.refused(take, false, 3) == Verdict::Found {
                found.push(at);
                at += 1;
            }
        }
        (found, tried)
    }

    #[test]
    fn every_bad_key_is_found_and_no_other() {
        assert_eq!(walk(1000, 100, &[]), (vec![], 10));
        for bad in [&[0][..], &[999], &[99, 100], &[0, 1, 2, 3], &[17, 500, 501, 999]] {
            let (found, tried) = walk(1000, 100, bad);
            assert_eq!(found, bad);
            assert!(tried < 10 + 20 * bad.len() as u64, "{tried} batches for {bad:?}");
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_before_anybody_is_blamed() {
        let mut suspects = Suspects::default();
        assert_eq!([suspects.refused(8, true, 2), suspects.refused(4, true, 2)], [Verdict::Again; 2]);
        assert_eq!((suspects.attempt(), suspects.refused(2, true, 2)), (3, Verdict::Halve));
        assert_eq!((suspects.limit(), suspects.refused(1, true, 2)), (Some(1), Verdict::Found));
        assert_eq!(suspects, Suspects::default());
    }

    #[test]
    fn whatever_passed_leaves_no_suspicion_behind() {
        let mut suspects = Suspects::default();
        suspects.refused(4, true, 0);
        suspects.committed(2);
        assert_eq!(suspects.limit(), Some(1));
        suspects.committed(2);
        assert_eq!(suspects, Suspects::default());
    }
}
