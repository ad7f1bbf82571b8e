//! The pace against a server whose cost of a key changes, jumps and wavers.

use std::time::Duration;

use super::{Pace, Pacing, Took};

const TARGET: f64 = 0.5;

/// Numbers that look random and are the same each time (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    /// In `0.0..1.0`.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

struct Server<'a> {
    /// Seconds for a key after so many seconds.
    cost: &'a dyn Fn(f64) -> f64,
    /// A statement takes up to this part more or less.
    noise: f64,
    /// Seconds to the server and back, and of a commit.
    trip: f64,
    commit: f64,
}

impl Server<'_> {
    /// Batches until `seconds` are over.
    fn run(&self, pacing: Pacing, seconds: f64) -> Vec<Took> {
        let mut pace = Pace::new(pacing, None);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut now = 0.0;
        let mut batches = Vec::new();
        while now < seconds {
            let portion = pace.next();
            let mut took = Took { begin: Duration::from_secs_f64(self.trip), ..Took::default() };
            for _ in 0..portion.steps {
                let noise = 1.0 + self.noise * (2.0 * random.next() - 1.0);
                let at = now + took.begin.as_secs_f64() + took.work.as_secs_f64();
                let step = self.trip + portion.step as f64 * (self.cost)(at) * noise;
                took.work += Duration::from_secs_f64(step);
                took.keys += portion.step;
                took.steps += 1;
                if portion.is_over(&took) {
                    break;
                }
            }
            let late = 1.0 + self.noise * random.next();
            took.commit = Duration::from_secs_f64((self.trip + self.commit) * late);
            pace.committed(&took);
            now += took.time().as_secs_f64();
            batches.push(took);
        }
        batches
    }

    /// The part of the batches that took the target within a fifth.
    fn within(&self, seconds: f64) -> f64 {
        let pacing = Pacing::Adaptive { target: Duration::from_secs_f64(TARGET), min: 1, max: 1_000_000 };
        let batches = self.run(pacing, seconds);
        let good = |took: &&Took| (took.time().as_secs_f64() / TARGET - 1.0).abs() <= 0.2;
        batches.iter().filter(good).count() as f64 / batches.len() as f64
    }
}

const NEAR: f64 = 0.000_2;

#[track_caller]
fn holds(what: &str, server: &Server<'_>) {
    let part = server.within(120.0);
    assert!(part >= 0.95, "{what}: {:.1} % of the batches are within a fifth of the target", part * 100.0);
}

#[test]
fn a_batch_takes_its_time_whatever_a_key_costs() {
    let steady = |_: f64| 10e-6;
    let server = Server { cost: &steady, noise: 0.0, trip: NEAR, commit: 0.005 };
    holds("steady", &server);
    holds("dear keys", &Server { cost: &|_| 5e-3, ..server });
    holds("wavering", &Server { noise: 0.5, ..server });
    let jumps = |at: f64| if (at as u64 / 7).is_multiple_of(2) { 5e-6 } else { 20e-6 };
    holds(
        "four times as much, and back, every seven seconds",
        &Server { cost: &jumps, noise: 0.2, ..server },
    );
    let waves = |at: f64| 10e-6 * (1.2 + (at / 3.0).sin());
    holds("waves", &Server { cost: &waves, noise: 0.3, ..server });
    let skew = |at: f64| if ((at * 10.0) as u64).is_multiple_of(50) { 40e-6 } else { 10e-6 };
    holds("a dear stretch every five seconds", &Server { cost: &skew, noise: 0.2, ..server });
    holds("slow commits", &Server { commit: 0.1, noise: 0.2, ..server });
    holds("a server far away", &Server { trip: 0.02, noise: 0.1, ..server });
}

#[test]
fn the_first_batch_is_small_and_none_is_beyond_its_bounds() {
    let server = Server { cost: &|_| 1e-6, noise: 0.2, trip: NEAR, commit: 0.005 };
    let target = Duration::from_secs_f64(TARGET);
    let batches = server.run(Pacing::Adaptive { target, min: 1, max: 1_000_000 }, 20.0);
    assert!(batches[0].keys <= 100);
    assert!(batches.windows(2).all(|pair| pair[1].keys <= 4 * pair[0].keys.max(25)));
    let settled = batches.iter().position(|took| took.time() * 5 > target * 4);
    assert!(settled.is_some_and(|batches| batches < 10), "{settled:?}");
    let narrow = server.run(Pacing::Adaptive { target, min: 1, max: 7_777 }, 5.0);
    assert!(narrow.iter().all(|took| took.keys <= 7_777));
    let dear = Server { cost: &|_| 0.3, ..server };
    assert!(
        dear.run(Pacing::Adaptive { target, min: 50, max: 1_000 }, 60.0).iter().all(|took| took.keys >= 50)
    );
    assert!(server.run(Pacing::Fixed(321), 1.0).iter().all(|took| (took.keys, took.steps) == (321, 1)));
}

#[test]
fn a_batch_that_was_in_somebody_s_way_is_followed_by_shorter_ones() {
    for pacing in
        [Pacing::Fixed(1000), Pacing::Adaptive { target: Duration::from_millis(500), min: 1, max: 1000 }]
    {
        let mut pace = Pace::new(pacing, Some(1000));
        let took = Took { keys: 1000, steps: 8, work: Duration::from_millis(480), ..Took::default() };
        pace.committed(&took);
        let before = pace.next().step;
        pace.strained();
        let after = pace.next().step;
        assert!(after <= before / 3, "{before} and {after}");
        pace.committed(&took);
        pace.committed(&took);
        assert_eq!(pace.next().step, before);
    }
}
