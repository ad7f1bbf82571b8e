//! Between two batches: how long to wait, and how much the next one may take.

use std::time::Duration;

use super::context::Context;
use crate::backfill::{Backfill, Pace, Portion, Suspects, Took, Verdict};

/// Decides over the batches of one cell.
pub(super) struct Governor {
    pause: Duration,
    pace: Pace,
    pub suspects: Suspects,
    /// Batches of this invocation.
    batches: u64,
}

impl Governor {
    /// `last`: keys of the last batch of an earlier invocation.
    pub fn new(backfill: &Backfill, last: Option<u64>) -> Self {
        Self {
            pause: backfill.pause,
            pace: Pace::new(backfill.pacing, last),
            suspects: Suspects::default(),
            batches: 0,
        }
    }

    /// Waits as long as it must, and says what the next batch may take. None: the operator asked to stop.
    pub async fn next(&mut self, context: &mut Context<'_>) -> Option<Portion> {
        if self.batches > 0 {
            tokio::select! {
                () = tokio::time::sleep(self.pause) => {}
                () = context.host.interrupt().first() => {}
            }
        }
        let stop = context.host.interrupt().requested();
        (!stop).then(|| self.pace.next().limited(self.suspects.limit()))
    }

    pub fn committed(&mut self, took: &Took) {
        self.batches += 1;
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
