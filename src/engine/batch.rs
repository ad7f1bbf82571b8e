//! Runs a batched cell: the next keys of a table at a time, each batch with its watermark.

use std::collections::VecDeque;

use super::attempt::{Held, Sent};
use super::cell::{CellEnd, Failure, ROLLED_BACK, located, scope};
use super::context::{Context, EngineError};
use super::event::{BatchSum, Event, Problem};
use super::forward::STEP_NOT_BEGUN;
use super::governor::Governor;
use super::history::CellHistory;
use super::silence::answered;
use crate::backend::{Answer, DbError, Refusal};
use crate::backfill::{Backfill, Key, Pacing, Portion, Range, Start, Took, Verdict, Walk};
use crate::document::OnError;
use crate::plan::{Action, Plan, Step, Unit};

/// A batched cell and how it walks.
struct Batched<'a> {
    plan: &'a Plan,
    action: &'a Action,
    backfill: &'a Backfill,
    walk: Walk,
    /// The last key that is walked.
    end: Key,
}

/// How far the walk is.
struct Progress {
    start: Start,
    count: u64,
    sum: BatchSum,
    skipped: u64,
    /// Ranges behind `start` that are known already, with their keys.
    ahead: VecDeque<(Range, u64)>,
}

/// What one attempt of a batch came to.
enum Batch {
    Committed(Took),
    /// Nothing of it happened. `keys`: those up to the statement that was refused.
    Refused {
        error: DbError,
        keys: u64,
    },
}

impl Context<'_> {
    pub(super) async fn run_batches(
        &mut self,
        plan: &Plan,
        step: &str,
        action: &Action,
        cell: &CellHistory,
        backfill: &Backfill,
        last: &[Event],
    ) -> Result<CellEnd, EngineError> {
        let (work, mut progress) = match self.start_batches(plan, action, cell, backfill).await? {
            Started::Walk(work, progress) => (work, progress),
            Started::Empty => return self.batches_done(last).await,
            Started::End(end) => return Ok(end),
        };
        // With what the start has just written.
        let history = self.ledger.history.cell(step, &action.cell).and_then(|cell| cell.batches.clone());
        let mut governor = Governor::new(self, &action.cell, backfill, &history.unwrap_or_default());
        let end = self.walk(&work, &mut progress, &mut governor, last).await;
        governor.end(self);
        end
    }

    /// Runs batch after batch, to the end of the walk or of the run.
    async fn walk(
        &mut self,
        work: &Batched<'_>,
        progress: &mut Progress,
        governor: &mut Governor,
        last: &[Event],
    ) -> Result<CellEnd, EngineError> {
        // Between two batches the governor has the word: it waits, and sets the size of the next.
        while let Some(portion) = governor.next(self).await? {
            if let Err(error) = self.look_ahead(work, progress, portion).await {
                return self.batch_failed(work, progress, None, error, 1);
            }
            if progress.ahead.is_empty() {
                governor.end(self);
                return self.batches_done(last).await;
            }
            match self.batch(work, progress, governor, portion).await? {
                Batch::Committed(took) => {
                    if let Start::After(end) = &progress.start {
                        governor.committed(self, &took, end, progress.sum);
                    }
                }
                Batch::Refused { error, .. } if self.was_cancelled(&error) => {
                    return Ok(CellEnd::Interrupted);
                }
                Batch::Refused { error, keys } => {
                    let end = self.refused_batch(work, progress, governor, error, keys).await?;
                    if let Some(end) = end {
                        return Ok(end);
                    }
                }
            }
        }
        Ok(CellEnd::Interrupted)
    }

    async fn batches_done(&mut self, last: &[Event]) -> Result<CellEnd, EngineError> {
        last.iter().cloned().for_each(|event| self.stage(event));
        self.write().await?;
        Ok(CellEnd::Done)
    }

    /// The rollback cell of a step that changes rows, if its own table cannot be walked: once the rows are
    /// changed it is too late to learn that.
    pub(super) async fn no_way_back(
        &mut self,
        plan: &Plan,
        step: &Step,
    ) -> Result<Option<(String, Problem)>, EngineError> {
        // A definition may be what makes the table, or its key.
        let rows = ["insert", "update", "delete", "merge"];
        if !step.forward.statements.iter().all(|statement| rows.contains(&statement.facts.kind)) {
            return Ok(None);
        }
        for action in &step.rollback {
            let Unit::Batch(backfill) = &action.unit else { continue };
            let described = self.session.describe(&backfill.table);
            let table = answered(&self.lock, &mut self.observer, described).await?;
            if let Err(misfit) = Walk::new(plan.dialect, backfill, table.as_ref()) {
                let problem = Problem {
                    message: format!("this step could not be undone: {misfit}"),
                    state: STEP_NOT_BEGUN.to_owned(),
                    help: misfit.help(),
                    ..Problem::default()
                };
                return Ok(Some((action.cell.clone(), problem)));
            }
        }
        Ok(None)
    }

    /// Holds the key against the catalog, and fixes the ends of the walk where that was not done before.
    async fn start_batches<'a>(
        &mut self,
        plan: &'a Plan,
        action: &'a Action,
        cell: &CellHistory,
        backfill: &'a Backfill,
    ) -> Result<Started<'a>, EngineError> {
        let described = self.session.describe(&backfill.table);
        let table = answered(&self.lock, &mut self.observer, described).await?;
        let walk = match Walk::new(plan.dialect, backfill, table.as_ref()) {
            Ok(walk) => walk,
            Err(misfit) => return Ok(Started::misfit(misfit.to_string(), misfit.help())),
        };
        let ends = match cell.batches.as_ref() {
            Some(batches) => batches.ends.clone(),
            None => match self.find_ends(plan, action, backfill, &walk).await? {
                Ok(ends) => ends,
                Err(end) => return Ok(Started::End(end)),
            },
        };
        let Some([first, end]) = ends else { return Ok(Started::Empty) };
        let past = cell.batches.clone().unwrap_or_default();
        let progress = Progress {
            start: past.last.clone().map_or(Start::At(first), Start::After),
            count: past.count,
            skipped: past.skipped.len() as u64,
            sum: past.sum,
            ahead: VecDeque::new(),
        };
        Ok(Started::Walk(Batched { plan, action, backfill, walk, end }, progress))
    }

    async fn find_ends(
        &mut self,
        plan: &Plan,
        action: &Action,
        backfill: &Backfill,
        walk: &Walk,
    ) -> Result<Result<Option<[Key; 2]>, CellEnd>, EngineError> {
        let mut found = Vec::new();
        for sql in walk.ends() {
            match self.look_up(plan, action, &sql).await {
                Ok(answer) => found.extend(key(&answer)),
                Err(error) => return self.not_begun(plan, action, error).map(Err),
            }
        }
        if let Some(sql) = walk.keyless() {
            match self.look_up(plan, action, &sql).await {
                Ok(answer) if answer.returned > 0 => {
                    let message = format!(
                        "rows of {} have no {}: no batch would ever reach them",
                        backfill.table,
                        walk.key()
                    );
                    let help = "walk another key that is NOT NULL, or give those rows one";
                    return Ok(Err(unfit(message, help.to_owned())));
                }
                Ok(_) => {}
                Err(error) => return self.not_begun(plan, action, error).map(Err),
            }
        }
        let ends = <[Key; 2]>::try_from(found).ok();
        let (size, target_millis) = match backfill.pacing {
            Pacing::Fixed(size) => (Some(size), None),
            Pacing::Adaptive { target, .. } => (None, Some(target.as_millis() as u64)),
        };
        // Nobody needs it but for the progress that is told.
        let mut lookout = self.session.lookout();
        let asked = lookout.estimate(&backfill.table);
        let planned = answered(&self.lock, &mut self.observer, asked).await.ok().flatten();
        self.stage(Event::BatchesStarted {
            cell: action.cell.clone(),
            ends: ends.clone(),
            size,
            target_millis,
            planned,
        });
        self.write().await?;
        Ok(Ok(ends))
    }

    /// Finds the ranges of the next batch, before its transaction: a snapshot that is older than the
    /// batch's first statement would make its rows conflicts to some engines.
    async fn look_ahead(
        &mut self,
        work: &Batched<'_>,
        progress: &mut Progress,
        portion: Portion,
    ) -> Result<(), DbError> {
        // What was found for another size is found again where it would be too little or too much.
        let step = portion.step;
        if progress.ahead.iter().any(|(_, keys)| *keys > step + step / 2 || *keys < step / 2) {
            progress.ahead.clear();
        }
        while progress.ahead.len() < portion.steps {
            let start = match progress.ahead.back() {
                Some((range, _)) => Start::After(range.end.clone()),
                None => progress.start.clone(),
            };
            if start == Start::After(work.end.clone()) {
                break;
            }
            let sql = work.walk.step(&start, &work.end, portion.step);
            let answer = self.look_up(work.plan, work.action, &sql).await?;
            if let Some(end) = key(&answer) {
                progress.ahead.push_back((Range { start, end }, portion.step));
                continue;
            }
            let answer = self.look_up(work.plan, work.action, &work.walk.count(&start, &work.end)).await?;
            let left = answer.single().and_then(|count| count.parse().ok()).unwrap_or(0);
            if left > 0 {
                progress.ahead.push_back((Range { start, end: work.end.clone() }, left));
            }
            break;
        }
        Ok(())
    }

    /// One attempt: the statement on one range after the other until it is time, and the watermark,
    /// committed together or not at all.
    async fn batch(
        &mut self,
        work: &Batched<'_>,
        progress: &mut Progress,
        governor: &Governor,
        portion: Portion,
    ) -> Result<Batch, EngineError> {
        let attempt = governor.suspects.attempt();
        let statement = &work.action.statements[0];
        let run = self.run_id().to_owned();
        let scope = scope(work.plan, &run, work.action, statement.limits);
        let mut took = Took::default();
        let begun = self.host.elapsed();
        if let Err(error) = self.begin(&scope, [statement]).await {
            return refused(error, progress.ahead.iter().map(|(_, keys)| keys).sum());
        }
        took.begin = self.host.elapsed() - begun;
        let (mut affected, mut end) = (0_u64, None);
        for (range, keys) in &progress.ahead {
            let sql = statement.on_keys(&work.walk.predicate(range));
            let sent = Sent { scope: &scope, statement: 1, sql: &sql, keep: 0, held: Held::ByTransaction };
            took.keys += keys;
            match self.execute(sent).await {
                Ok(answer) => affected += answer.affected,
                Err(error) => {
                    self.give_up(&error).await?;
                    return refused(error, took.keys);
                }
            }
            took.steps += 1;
            took.work = self.host.elapsed() - begun - took.begin;
            end = Some(range.end.clone());
            if governor.is_over(portion, &took) {
                break;
            }
        }
        let Some(end) = end else { return Ok(Batch::Committed(took)) };
        let micros = (took.begin + took.work).as_micros() as u64;
        let sum = progress.sum.with(took.keys, affected, micros, attempt);
        self.stage(Event::BatchDone {
            cell: work.action.cell.clone(),
            batch: progress.count + 1,
            to: end.clone(),
            keys: took.keys,
            affected,
            micros,
            attempts: attempt,
            sum,
        });
        if let Err(error) = self.commit().await {
            self.discard();
            self.give_up(&error).await?;
            return refused(error, took.keys);
        }
        took.commit = self.host.elapsed() - begun - took.begin - took.work;
        progress.ahead.drain(..took.steps as usize);
        progress.start = Start::After(end);
        progress.count += 1;
        progress.sum = sum;
        Ok(Batch::Committed(took))
    }

    /// Decides what follows a batch that was refused. None: the walk goes on.
    async fn refused_batch(
        &mut self,
        work: &Batched<'_>,
        progress: &mut Progress,
        governor: &mut Governor,
        error: DbError,
        keys: u64,
    ) -> Result<Option<CellEnd>, EngineError> {
        let attempts = governor.suspects.attempt();
        let Some(refusal) = error.refusal() else { return Err(error.into()) };
        if !refusal.is_about_rows() {
            return self.batch_failed(work, progress, None, error, attempts).map(Some);
        }
        // The operator's own cancellation was dealt with before: this one is a time limit.
        let passing = refusal.is_contention() || refusal.is_cancelled();
        match governor.refused(keys, passing, work.action.retry) {
            Verdict::Again => {
                progress.ahead.clear();
                let goes_on = self.back_off(work.plan, work.action, 1, attempts, &error).await;
                Ok((!goes_on).then_some(CellEnd::Interrupted))
            }
            Verdict::Halve => {
                progress.ahead.clear();
                Ok(None)
            }
            Verdict::Found => {
                let key = progress.ahead.front().map(|(range, _)| range.end.clone());
                let limit = match work.backfill.on_error {
                    OnError::Stop => 0,
                    OnError::Skip(limit) => limit,
                };
                match key {
                    Some(key) if progress.skipped < limit => {
                        self.skip(work, progress, key, &error).await?;
                        Ok(None)
                    }
                    key => self.batch_failed(work, progress, key, error, attempts).map(Some),
                }
            }
        }
    }

    /// Leaves one key out, for good.
    async fn skip(
        &mut self,
        work: &Batched<'_>,
        progress: &mut Progress,
        key: Key,
        error: &DbError,
    ) -> Result<(), EngineError> {
        let mut problem = self.problem(work.plan, error);
        problem.offset = None;
        problem.state = "the rows of this key are as they were".to_owned();
        problem.help = "mend them by hand when the backfill is done".to_owned();
        self.stage(Event::KeySkipped {
            cell: work.action.cell.clone(),
            column: work.walk.key(),
            key: key.clone(),
            problem,
        });
        self.write().await?;
        progress.skipped += 1;
        progress.ahead.clear();
        progress.start = Start::After(key);
        Ok(())
    }

    /// The end of a cell whose batches cannot go on. `key`: the one that is to blame.
    fn batch_failed(
        &self,
        work: &Batched<'_>,
        progress: &Progress,
        key: Option<Key>,
        error: DbError,
        attempts: u32,
    ) -> Result<CellEnd, EngineError> {
        let mut end = self.not_begun(work.plan, work.action, error)?;
        let CellEnd::Failed { problem, attempts: tried, .. } = &mut end else { return Ok(end) };
        *tried = attempts;
        let committed = match progress.count {
            0 => "no batch is committed".to_owned(),
            1 => "1 batch is committed".to_owned(),
            count => format!("{count} batches are committed"),
        };
        problem.state = format!("{committed}, the failing one is rolled back");
        if let Some(key) = key {
            let at = format!("{} = {key}", work.walk.key());
            problem.state = format!("{committed}; no row of {at} is changed");
            problem.message = format!("at {at}: {}", problem.message);
            let again = self.again("");
            problem.help = match work.backfill.on_error {
                OnError::Stop => format!(
                    "mend that row, or let `on_error: {{skip: <how many>}}` leave such keys out; then `{again}` goes on behind the last batch"
                ),
                OnError::Skip(limit) => {
                    let left_out = match limit {
                        1 => "1 key is left out already".to_owned(),
                        limit => format!("{limit} keys are left out already"),
                    };
                    format!(
                        "{left_out}, as many as `on_error` allows: mend that row or allow more; then `{again}` goes on"
                    )
                }
            };
        }
        Ok(end)
    }

    /// The end of a cell that failed before its first batch.
    fn not_begun(&self, plan: &Plan, action: &Action, error: DbError) -> Result<CellEnd, EngineError> {
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
        if error.refusal().is_some_and(Refusal::is_ambiguous) {
            problem.help =
                "say what the statement calls the table that is walked: `as: <its name or alias>` in `batch`"
                    .to_owned();
        }
        problem.state = "no batch has run".to_owned();
        Ok(CellEnd::Failed { statement: Some(1), problem: Box::new(problem), attempts: 1 })
    }

    /// A question about keys. The operator's second request to stop ends it too.
    async fn look_up(&mut self, plan: &Plan, action: &Action, sql: &str) -> Result<Answer, DbError> {
        let run = self.run_id().to_owned();
        let scope = scope(plan, &run, action, action.statements[0].limits);
        self.execute(Sent { scope: &scope, statement: 1, sql, keep: 1, held: Held::ReadOnly }).await
    }
}

/// What the start of a batched cell came to.
enum Started<'a> {
    Walk(Batched<'a>, Progress),
    /// There is no row to walk.
    Empty,
    End(CellEnd),
}

impl Started<'_> {
    fn misfit(message: String, help: String) -> Self {
        Self::End(unfit(message, help))
    }
}

/// The end of a cell whose table cannot be walked.
fn unfit(message: String, help: String) -> CellEnd {
    let problem = Problem { message, state: "no batch has run".to_owned(), help, ..Problem::default() };
    CellEnd::Failed { statement: Some(1), problem: Box::new(problem), attempts: 0 }
}

fn refused(error: DbError, keys: u64) -> Result<Batch, EngineError> {
    match error {
        DbError::Refused(_) => Ok(Batch::Refused { error, keys }),
        error => Err(error.into()),
    }
}

/// The key in an answer's first row.
pub(super) fn key(answer: &Answer) -> Option<Key> {
    let literals: Option<Vec<String>> = answer.rows.first()?.iter().cloned().collect();
    literals.map(Key)
}
