//! Between two batches: how long to wait, and how much the next one may take.

use super::brake::Brake;
use super::context::{Context, EngineError};
use super::event::BatchSum;
use super::history::BatchHistory;
use super::sight::Sight;
use crate::backfill::{Backfill, Estimator, Key, Pace, Pacing, Portion, Suspects, Took, Verdict};
use crate::document::Pause;

/// Decides over the batches of one cell.
pub(super) struct Governor {
    pause: Pause,
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
            brake: Brake::new(context, cell, backfill),
            sight: Sight::new(cell, estimator, context),
            before: walk.count,
        }
    }

    /// Waits as long as it must, and says what the next batch may take. None: the operator asked to stop.
    pub async fn next(&mut self, context: &mut Context<'_>) -> Result<Option<Portion>, EngineError> {
        if self.batches > 0 {
            let gap = match self.pause {
                Pause::Always(pause) => pause,
                Pause::Auto => self.brake.company().map(|company| company.gap()).unwrap_or_default(),
            };
            tokio::select! {
                () = tokio::time::sleep(gap) => {}
                () = context.host.interrupt().first() => {}
            }
        }
        if !self.brake.pass(context, &mut self.sight).await? {
            return Ok(None);
        }
        let pacing = self.brake.size().map_or(self.pacing, Pacing::Fixed);
        self.pace.set(self.brake.company().map_or(pacing, |company| company.pacing(pacing)));
        Ok(Some(self.pace.next().limited(self.suspects.limit())))
    }

    /// Whether a batch that has taken so much is to be committed now: when its time is over, or somebody
    /// waits for its rows.
    pub fn is_over(&self, portion: Portion, took: &Took) -> bool {
        portion.is_over(took) || self.brake.is_waited_for()
    }

    /// No batch comes any more.
    pub fn end(&mut self, context: &mut Context<'_>) {
        self.brake.release(context);
    }

    /// A batch is committed, which ends at a key; `sum` is of all up to it.
    pub fn committed(&mut self, context: &mut Context<'_>, took: &Took, end: &Key, sum: BatchSum) {
        self.batches += 1;
        self.sight.gives_way(self.brake.company().is_some_and(|company| company.is_there()));
        self.sight.batch(context, end, self.before + self.batches, took.keys, sum);
        self.pace.committed(took);
        if let Some(company) = self.brake.company() {
            company.committed(took.time());
        }
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
