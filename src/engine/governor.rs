//! Between two batches: how long to wait, and how much the next one may take.

use std::time::Duration;

use super::brake::Brake;
use super::context::{Context, EngineError};
use super::event::BatchSum;
use super::history::BatchHistory;
use super::sight::Sight;
use crate::backfill::{Backfill, Estimator, Key, Pace, Pacing, Portion, Suspects, Took, Verdict};

/// Decides over the batches of one cell.
pub(super) struct Governor {
    pause: Duration,
    /// What the runbook asks for.
    pacing: Pacing,
    pace: Pace,
    pub suspects: Suspects,
    /// Batches of this invocation.
    batches: u64,
    brake: Brake,
    sight: Sight,
    /// Batches of earlier invocations.
    before: u64,
}

impl Governor {
    /// `walk`: its ends, and what earlier invocations have walked.
    pub fn new(context: &Context<'_>, cell: &str, backfill: &Backfill, walk: &BatchHistory) -> Self {
        let mut estimator =
            walk.ends.as_ref().map(|ends| Estimator::new(ends, walk.planned)).unwrap_or_default();
        if let Some(last) = &walk.last {
            estimator.reached(context.host.elapsed(), last, walk.count, walk.sum.keys, walk.sum.rows);
        }
        let known = Some(walk.keys).filter(|keys| *keys > 0);
        Self {
            pause: backfill.pause,
            pacing: backfill.pacing,
            pace: Pace::new(backfill.pacing, known),
            suspects: Suspects::default(),
            batches: 0,
            brake: Brake::new(context, cell, &backfill.table, &backfill.throttle),
            sight: Sight::new(cell, estimator, context),
            before: walk.count,
        }
    }

    /// Waits as long as it must, and says what the next batch may take. None: the operator asked to stop.
    pub async fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Portion>, EngineError> {
        if self.batches > 0 {
            tokio::select! {
                () = tokio::time::sleep(self.pause) => {}
                () = context.host.interrupt().first() => {}
            }
        }
        if !self.brake.pass(context, &mut self.sight).await? {
            return Ok(None);
        }
        self.pace.set(self.brake.size().map_or(self.pacing, Pacing::Fixed));
        Ok(Some(self.pace.next().limited(self.suspects.limit())))
    }

    /// No batch comes any more.
    pub fn end(&mut self, context: &mut Context<'_>) {
        self.brake.release(context);
    }

    /// A batch is committed, which ends at a key; `sum` is of all up to it.
    pub fn committed(&mut self, context: &mut Context<'_>, took: &Took, end: &Key, sum: BatchSum) {
        self.batches += 1;
        self.sight.batch(context, end, self.before + self.batches, took.keys, sum);
        self.pace.committed(took);
        self.suspects.committed(took.keys);
    }

    /// A batch of `keys` was refused. `passing`: it may succeed later.
    pub fn refused(&mut self, keys: u64, passing: bool, retry: u32) -> Verdict {
        if passing {
            self.pace.strained();
        }
        self.suspects.refused(keys, passing, retry)
    }
}
