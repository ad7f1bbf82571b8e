//! Tells how a batched cell is doing, while it runs.

use std::time::Duration;

use jiff::Timestamp;

use super::context::Context;
use super::event::{BatchSum, Event, Held, Progress};
use super::journal::Sealed;
use crate::backfill::{Estimator, Key};

/// Between two words about it, at least.
const BREATH: Duration = Duration::from_millis(100);

pub(super) struct Sight {
    cell: String,
    estimator: Estimator,
    /// Keys of the last batch.
    size: u64,
    gives_way: bool,
    /// When something was said last.
    told: Option<Duration>,
}

impl Sight {
    pub fn new(cell: &str, mut estimator: Estimator, context: &Context<'_>) -> Self {
        estimator.start(context.host.elapsed());
        Self { cell: cell.to_owned(), estimator, size: 0, gives_way: false, told: None }
    }

    /// Whether the batches give way to others.
    pub fn gives_way(&mut self, gives_way: bool) {
        self.gives_way = gives_way;
    }

    /// A batch is committed, which ends at a key; `sum` is of all up to it.
    pub fn batch(&mut self, context: &mut Context<'_>, last: &Key, batches: u64, keys: u64, sum: BatchSum) {
        let now = context.host.elapsed();
        self.size = keys;
        self.estimator.reached(now, last, batches, sum.keys, sum.rows);
        self.tell(context, now, Vec::new(), Duration::ZERO);
    }

    /// The batches stand still.
    pub fn stands(&mut self, context: &mut Context<'_>, held: Vec<Held>, stood: Duration) {
        self.tell(context, context.host.elapsed(), held, stood);
    }

    fn tell(&mut self, context: &mut Context<'_>, now: Duration, held: Vec<Held>, stood: Duration) {
        if self.told.is_some_and(|told| now.saturating_sub(told) < BREATH) {
            return;
        }
        self.told = Some(now);
        let progress = progress(&self.cell, &self.estimator, now, self.size, held, stood);
        context.ledger.progress(&Progress { gives_way: self.gives_way, ..progress });
    }
}

fn progress(
    cell: &str,
    estimator: &Estimator,
    now: Duration,
    size: u64,
    held: Vec<Held>,
    stood: Duration,
) -> Progress {
    let progress = estimator.progress(now);
    Progress {
        cell: cell.to_owned(),
        batches: progress.batches,
        rows: progress.rows,
        keys: progress.walked,
        percent: progress.part.map(|part| (part * 1000.0).floor() / 10.0),
        rate: progress.rate.map(|rate| rate.round() as u64),
        // Nobody knows for how long it will stand still.
        left_seconds: progress.left.filter(|_| held.is_empty()).map(|left| left.as_secs()),
        size,
        gives_way: false,
        held,
        held_millis: u64::try_from(stood.as_millis()).unwrap_or(u64::MAX),
    }
}

/// How a batched cell is doing by the journal alone, at the time `now`: what the run itself tells of it,
/// for whoever looks from elsewhere. The journal has the sum of the batches, so that the rate is that of the
/// invocation.
pub fn progress_of(entries: &[Sealed], cell: &str, now: &str) -> Option<Progress> {
    let started = entries.iter().rev().find_map(|entry| match &entry.event {
        Event::BatchesStarted { cell: of, ends: Some(ends), planned, .. } if of == cell => {
            Some((entry, Estimator::new(ends, *planned)))
        }
        _ => None,
    });
    let (start, mut estimator) = started?;
    let since = instant(&start.at)?;
    let after = |at: &str| instant(at).map(|at| Duration::try_from(at - since).unwrap_or_default());
    estimator.start(Duration::ZERO);
    let (mut size, mut held) = (0, None);
    for entry in entries.iter().skip_while(|entry| !std::ptr::eq(*entry, start)) {
        match &entry.event {
            Event::RunContinued { .. } => estimator.start(after(&entry.at)?),
            Event::BatchDone { cell: of, batch, to, keys, sum, .. } if of == cell => {
                estimator.reached(after(&entry.at)?, to, *batch, sum.keys, sum.rows);
                size = *keys;
                held = None;
            }
            Event::Throttled { cell: of, causes } if of == cell => {
                held = Some((causes.clone(), after(&entry.at)?));
            }
            Event::Unthrottled { .. } => held = None,
            _ => {}
        }
    }
    let now = after(now)?;
    let (held, since) = held.unwrap_or((Vec::new(), now));
    Some(progress(cell, &estimator, now, size, held, now.saturating_sub(since)))
}

fn instant(at: &str) -> Option<Timestamp> {
    at.parse().ok()
}
