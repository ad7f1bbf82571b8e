//! What a matrix came to, in one line that is seen whether its test passes or not.

use std::io::Write as _;
use std::time::Instant;

use super::world::Effects;

pub struct Tally {
    name: String,
    points: usize,
    kinds: usize,
    engines: usize,
    cases: usize,
    lost: Vec<String>,
    twice: Vec<String>,
    started: Instant,
}

impl Tally {
    pub fn new(name: &str, kinds: usize, engines: usize) -> Self {
        Self {
            name: name.to_owned(),
            points: 0,
            kinds,
            engines,
            cases: 0,
            lost: Vec::new(),
            twice: Vec::new(),
            started: Instant::now(),
        }
    }

    /// The most places at which one of the kinds struck.
    pub fn points(&mut self, points: usize) {
        self.points = self.points.max(points);
    }

    pub fn case(&mut self, label: &str, effects: Effects) {
        self.cases += 1;
        let labelled = |effects: Vec<String>| effects.into_iter().map(|effect| format!("{label}: {effect}"));
        self.lost.extend(labelled(effects.lost));
        self.twice.extend(labelled(effects.twice));
    }
}

impl Drop for Tally {
    /// Prints past the capture of a test's output, also when a case has failed.
    fn drop(&mut self) {
        let Self { name, points, kinds, engines, cases, lost, twice, started } = self;
        let cut = if std::thread::panicking() { ", broken off" } else { "" };
        let _ = writeln!(
            std::io::stderr(),
            "faults: {name}: {points} points × {kinds} kinds × {engines} engines, {cases} cases, {} lost, {} twice, \
             {:.1} s{cut}",
            lost.len(),
            twice.len(),
            started.elapsed().as_secs_f64(),
        );
        if !std::thread::panicking() {
            assert!(lost.is_empty() && twice.is_empty(), "lost: {lost:#?}\ntwice: {twice:#?}");
            assert!(*cases > 0, "{name} ran no case");
        }
    }
}
