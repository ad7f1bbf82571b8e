//! Runs a batched cell: a key range at a time, each with its watermark.

use std::borrow::Cow;
use std::time::Duration;

use super::attempt::{Held, Sent};
use super::cell::{Attempt, CellEnd, Failure, Piece, ROLLED_BACK, located, scope};
use super::context::{Context, EngineError};
use super::event::{Event, Problem};
use super::history::CellHistory;
use crate::backend::{Answer, DbError};
use crate::backfill::{KeyWalk, Range};
use crate::plan::{Action, Plan};

impl Context<'_> {
    pub(super) async fn run_batches(
        &mut self,
        plan: &Plan,
        action: &Action,
        progress: &CellHistory,
        walk: &KeyWalk<'_>,
        pause: Duration,
        last: &[Event],
    ) -> Result<CellEnd, EngineError> {
        let (upto, mut after, mut count) = match &progress.batches {
            Some(batches) => (batches.upto.clone(), batches.last.clone(), batches.count),
            None => {
                let answer = match self.look_up(plan, action, &walk.last_key()).await {
                    Ok(answer) => answer,
                    Err(error) => return self.batch_failed(plan, action, 0, error, 1),
                };
                let upto = answer.single().map(str::to_owned);
                let keyless = match self.look_up(plan, action, &walk.null_key()).await {
                    Ok(answer) => answer.returned > 0,
                    Err(error) => return self.batch_failed(plan, action, 0, error, 1),
                };
                if keyless {
                    let problem = Problem {
                        message: format!(
                            "rows of {} have no {}: no batch would ever reach them",
                            walk.table, walk.key
                        ),
                        state: "no batch has run".to_owned(),
                        next: "walk another key that is NOT NULL, or give those rows one".to_owned(),
                        ..Problem::default()
                    };
                    return Ok(CellEnd::Failed {
                        statement: Some(1),
                        problem: Box::new(problem),
                        attempts: 0,
                    });
                }
                self.stage(Event::BatchesStarted {
                    cell: action.cell.clone(),
                    upto: upto.clone(),
                    size: walk.size,
                });
                self.write().await?;
                (upto, None, 0)
            }
        };
        while let Some(upto) = &upto {
            let sql = walk.next_range(after.as_deref(), upto);
            let answer = match self.look_up(plan, action, &sql).await {
                Ok(answer) => answer,
                Err(error) => return self.batch_failed(plan, action, count, error, 1),
            };
            let (Some(from), Some(to)) = (answer.cell(0, 0), answer.cell(0, 1)) else { break };
            let range = Range { from: from.to_owned(), to: to.to_owned() };
            if count > 0 {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.host.interrupt().first() => {}
                }
            }
            if self.host.interrupt().requested() {
                return Ok(CellEnd::Interrupted);
            }
            let mut attempt = 1;
            loop {
                match self.batch(plan, action, &range, count + 1, attempt).await? {
                    Attempt::Committed => break,
                    Attempt::Refused { error, .. } if self.was_cancelled(&error) => {
                        return Ok(CellEnd::Interrupted);
                    }
                    Attempt::Refused { error, .. } => {
                        if !self.try_again(plan, action, 1, &mut attempt, &error).await {
                            return self.batch_failed(plan, action, count, error, attempt);
                        }
                    }
                }
            }
            count += 1;
            after = Some(range.to);
        }
        last.iter().cloned().for_each(|event| self.stage(event));
        self.write().await?;
        Ok(CellEnd::Done)
    }

    fn batch_failed(
        &self,
        plan: &Plan,
        action: &Action,
        committed: u64,
        error: DbError,
        attempts: u32,
    ) -> Result<CellEnd, EngineError> {
        if !matches!(error, DbError::Refused(_)) {
            return Err(error.into());
        }
        if self.was_cancelled(&error) {
            return Ok(CellEnd::Interrupted);
        }
        let failure = Failure { statement: 1, committed: 0, fate: ROLLED_BACK };
        let mut problem = located(self.problem(plan, &error), plan, action, failure);
        // The server points into the text of the batch, where the key range stands.
        problem.offset = None;
        let batches = if committed == 1 { "1 batch is" } else { &format!("{committed} batches are") };
        problem.state = format!("{batches} committed, the failing one is rolled back");
        Ok(CellEnd::Failed { statement: Some(1), problem: Box::new(problem), attempts })
    }

    /// A question about keys. The operator's second request to stop ends it too.
    async fn look_up(&mut self, plan: &Plan, action: &Action, sql: &str) -> Result<Answer, DbError> {
        let run = self.run_id().to_owned();
        let scope = scope(plan, &run, action, action.statements[0].limits);
        self.execute(Sent { scope: &scope, statement: 1, sql, keep: 1, held: Held::ReadOnly }).await
    }

    async fn batch(
        &mut self,
        plan: &Plan,
        action: &Action,
        range: &Range,
        number: u64,
        attempt: u32,
    ) -> Result<Attempt, EngineError> {
        let statement = &action.statements[0];
        let sql = match &statement.hole {
            Some(hole) => Cow::Owned(hole.fill(&statement.sql, &range.from, &range.to)),
            None => Cow::Borrowed(statement.sql.as_str()),
        };
        let done = |_, answer: Answer, micros| Event::BatchDone {
            cell: action.cell.clone(),
            batch: number,
            from: range.from.clone(),
            to: range.to.clone(),
            affected: answer.affected,
            micros,
            attempts: attempt,
        };
        self.transaction(plan, action, &[Piece { index: 0, sql, keep: 0 }], &done, &[]).await
    }
}
