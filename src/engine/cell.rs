//! Runs one forward or rollback cell, by its unit of commit.

use std::time::Duration;

use super::context::{Context, EngineError};
use super::event::{Event, Output, Problem};
use super::history::CellHistory;
use crate::backend::{Answer, DbError, Limits, Presence, Scope};
use crate::backfill::{KeyWalk, Range};
use crate::dialect::{Action as Doing, ObjectKind};
use crate::plan::{Action, Plan, Statement, Unit};

/// What running a cell came to.
pub(super) enum CellEnd {
    /// Every statement is committed; what the caller staged is committed with the last one.
    Done,
    Failed {
        statement: Option<usize>,
        problem: Box<Problem>,
        attempts: u32,
    },
    /// The operator asked to stop, and this was the next safe point.
    Interrupted,
}

/// First and longest wait between two attempts.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What one attempt of a statement or a transaction came to.
enum Attempt<T> {
    Committed(T),
    Refused { statement: usize, error: DbError },
}

impl Context<'_> {
    /// Runs what is left of the cell.
    ///
    /// `last` are the events that become true with the cell's last effect; they are committed with
    /// it where the engine has transactions.
    pub(super) async fn run_cell(
        &mut self,
        plan: &Plan,
        step: &str,
        action: &Action,
        last: &[Event],
    ) -> Result<CellEnd, EngineError> {
        let progress = self.history.cell(step, &action.cell).cloned().unwrap_or_default();
        self.at(&action.cell);
        self.note(Event::CellStarted {
            step: step.to_owned(),
            cell: action.cell.clone(),
            role: action.role,
            digest: action.digest.clone(),
            sql: action.statements.iter().map(|statement| statement.shown.clone()).collect(),
        });
        match &action.unit {
            Unit::Cell => self.run_groups(plan, action, &progress, action.statements.len(), last).await,
            Unit::Statement => self.run_groups(plan, action, &progress, 1, last).await,
            Unit::Outside => self.run_outside(plan, action, &progress, last).await,
            Unit::Batch { table, key, size, pause } => {
                let walk = KeyWalk { dialect: plan.dialect, table, key, size: *size };
                self.run_batches(plan, action, &progress, &walk, *pause, last).await
            }
        }
    }

    /// Transactions of `group` statements each.
    async fn run_groups(
        &mut self,
        plan: &Plan,
        action: &Action,
        progress: &CellHistory,
        group: usize,
        last: &[Event],
    ) -> Result<CellEnd, EngineError> {
        let mut from = progress.done;
        while from < action.statements.len() {
            if from > progress.done && self.host.interrupt().requested() {
                return Ok(CellEnd::Interrupted);
            }
            let to = (from + group).min(action.statements.len());
            let finishing = if to == action.statements.len() { last } else { &[] };
            let mut attempt = 1;
            loop {
                match self.transaction(plan, action, from..to, attempt, finishing).await? {
                    Attempt::Committed(()) => break,
                    Attempt::Refused { error, .. } if self.was_cancelled(&error) => {
                        return Ok(CellEnd::Interrupted);
                    }
                    Attempt::Refused { statement, error } => {
                        if !self.try_again(plan, action, statement, &mut attempt, &error).await {
                            let problem = self.problem(plan, &error);
                            let failure = Failure { statement, committed: from, fate: ROLLED_BACK };
                            let problem = located(problem, plan, action, failure);
                            return Ok(CellEnd::Failed {
                                statement: Some(statement),
                                problem: Box::new(problem),
                                attempts: attempt,
                            });
                        }
                    }
                }
            }
            from = to;
        }
        if progress.done == action.statements.len() {
            last.iter().cloned().for_each(|event| self.stage(event));
            self.write().await?;
        }
        Ok(CellEnd::Done)
    }

    /// One attempt: the statements and their checkpoints, committed together or not at all.
    async fn transaction(
        &mut self,
        plan: &Plan,
        action: &Action,
        range: std::ops::Range<usize>,
        attempt: u32,
        last: &[Event],
    ) -> Result<Attempt<()>, EngineError> {
        let run = self.run_id().to_owned();
        let scope = scope(plan, &run, action);
        if let Err(error) = self.session.begin(&scope).await {
            return refused(range.start + 1, error);
        }
        for index in range.clone() {
            let started = self.host.elapsed();
            match self.execute(&scope, &action.statements[index].sql, action.output, true).await {
                Ok(answer) => {
                    let micros = (self.host.elapsed() - started).as_micros() as u64;
                    self.stage(statement_done(plan, action, index, answer, micros, attempt));
                }
                Err(error) => {
                    self.discard();
                    if matches!(error, DbError::Refused(_)) {
                        self.session.rollback().await?;
                    }
                    return refused(index + 1, error);
                }
            }
        }
        last.iter().cloned().for_each(|event| self.stage(event));
        match self.commit().await {
            Ok(()) => Ok(Attempt::Committed(())),
            // A deferred constraint, or another writer of the journal.
            Err(error @ DbError::Refused(_)) => {
                self.discard();
                self.session.rollback().await?;
                refused(range.end, error)
            }
            Err(error) => {
                self.discard();
                Err(error.into())
            }
        }
    }

    /// Statements that no transaction holds: intent, statement, outcome.
    async fn run_outside(
        &mut self,
        plan: &Plan,
        action: &Action,
        progress: &CellHistory,
        last: &[Event],
    ) -> Result<CellEnd, EngineError> {
        for index in progress.done..action.statements.len() {
            if index > progress.done && self.host.interrupt().requested() {
                return Ok(CellEnd::Interrupted);
            }
            let statement = &action.statements[index];
            if let Some(problem) = self.left_behind(plan, statement).await? {
                return Ok(CellEnd::Failed {
                    statement: Some(index + 1),
                    problem: Box::new(problem),
                    attempts: 0,
                });
            }
            let mut attempt = 1;
            loop {
                self.note(Event::StatementIntended { cell: action.cell.clone(), statement: index + 1 });
                self.write().await?;
                let run = self.run_id().to_owned();
                // A short lock timeout kills a concurrent build while it waits for older
                // transactions and leaves an invalid index behind; it has none unless the cell says.
                let mut scope = scope(plan, &run, action);
                scope.limits = self.outside_limits(action);
                let started = self.host.elapsed();
                match self.execute(&scope, &statement.sql, action.output, false).await {
                    Ok(answer) => {
                        let micros = (self.host.elapsed() - started).as_micros() as u64;
                        self.stage(statement_done(plan, action, index, answer, micros, attempt));
                        if index + 1 == action.statements.len() {
                            last.iter().cloned().for_each(|event| self.stage(event));
                        }
                        self.write().await?;
                        break;
                    }
                    Err(error @ DbError::Refused(_)) => {
                        let left = self.left_behind(plan, statement).await?;
                        let cancelled = left.is_none() && self.was_cancelled(&error);
                        let again = left.is_none()
                            && !cancelled
                            && self.try_again(plan, action, index + 1, &mut attempt, &error).await;
                        if cancelled || again {
                            // The refusal is the outcome of this intent.
                            let problem = self.problem(plan, &error);
                            self.stage(Event::Resolved {
                                cell: action.cell.clone(),
                                statement: index + 1,
                                verdict: super::Verdict::NotDone,
                                evidence: format!("the database refused it: {}", problem.message),
                            });
                            self.write().await?;
                            if cancelled {
                                return Ok(CellEnd::Interrupted);
                            }
                            continue;
                        }
                        let failure = Failure { statement: index + 1, committed: index, fate: REFUSED };
                        let mut problem = located(self.problem(plan, &error), plan, action, failure);
                        if let Some(left) = left {
                            problem.state = left.state;
                            problem.next = left.next;
                        }
                        return Ok(CellEnd::Failed {
                            statement: Some(index + 1),
                            problem: Box::new(problem),
                            attempts: attempt,
                        });
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        if progress.done == action.statements.len() {
            last.iter().cloned().for_each(|event| self.stage(event));
            self.write().await?;
        }
        Ok(CellEnd::Done)
    }

    fn outside_limits(&self, action: &Action) -> Limits {
        let concurrent = action
            .statements
            .iter()
            .any(|s| matches!(s.facts.transactional, crate::dialect::Transactional::Never(_)));
        if concurrent { Limits::default() } else { limits(action) }
    }

    /// An index that an earlier failed build left invalid: it must go before the build can be tried.
    async fn left_behind(
        &mut self,
        plan: &Plan,
        statement: &Statement,
    ) -> Result<Option<Problem>, EngineError> {
        for object in &statement.facts.objects {
            if object.kind != ObjectKind::Index || object.action != Doing::Create {
                continue;
            }
            if self.session.probe(object).await? == Presence::Invalid {
                return Ok(Some(Problem {
                    message: format!(
                        "index {} is there and INVALID: an earlier build of it failed",
                        object.name
                    ),
                    state: format!("index {} slows writes down and serves no query", object.name),
                    next: format!(
                        "if nobody is building it now, `DROP INDEX CONCURRENTLY {};` and then `{}`",
                        spelled(plan, &object.name),
                        self.invocation.command("run", "")
                    ),
                    ..Problem::default()
                }));
            }
        }
        Ok(None)
    }

    /// A key range at a time, each with its watermark.
    async fn run_batches(
        &mut self,
        plan: &Plan,
        action: &Action,
        progress: &CellHistory,
        walk: &KeyWalk<'_>,
        pause: Duration,
        last: &[Event],
    ) -> Result<CellEnd, EngineError> {
        let run = self.run_id().to_owned();
        let read_scope = scope(plan, &run, action);
        let (upto, mut after, mut count) = match &progress.batches {
            Some(batches) => (batches.upto.clone(), batches.last.clone(), batches.count),
            None => {
                let answer = match self.session.execute_read_only(&read_scope, &walk.last_key(), 1).await {
                    Ok(answer) => answer,
                    Err(error) => return self.batch_failed(plan, action, 0, error, 1),
                };
                let upto = answer.single().map(str::to_owned);
                let keyless = match self.session.execute_read_only(&read_scope, &walk.null_key(), 1).await {
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
            let answer = match self.session.execute_read_only(&read_scope, &sql, 1).await {
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
                    Attempt::Committed(()) => break,
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
        let failure = Failure { statement: 1, committed: 0, fate: ROLLED_BACK };
        let mut problem = located(self.problem(plan, &error), plan, action, failure);
        // The server points into the text of the batch, where the key range stands.
        problem.offset = None;
        let batches = if committed == 1 { "1 batch is" } else { &format!("{committed} batches are") };
        problem.state = format!("{batches} committed, the failing one is rolled back");
        Ok(CellEnd::Failed { statement: Some(1), problem: Box::new(problem), attempts })
    }

    async fn batch(
        &mut self,
        plan: &Plan,
        action: &Action,
        range: &Range,
        number: u64,
        attempt: u32,
    ) -> Result<Attempt<()>, EngineError> {
        let run = self.run_id().to_owned();
        let scope = scope(plan, &run, action);
        let statement = &action.statements[0];
        let sql = match &statement.hole {
            Some(hole) => hole.fill(&statement.sql, &range.from, &range.to),
            None => statement.sql.clone(),
        };
        if let Err(error) = self.session.begin(&scope).await {
            return refused(1, error);
        }
        let started = self.host.elapsed();
        match self.execute(&scope, &sql, 0, true).await {
            Ok(answer) => {
                let micros = (self.host.elapsed() - started).as_micros() as u64;
                self.stage(Event::BatchDone {
                    cell: action.cell.clone(),
                    batch: number,
                    from: range.from.clone(),
                    to: range.to.clone(),
                    affected: answer.affected,
                    micros,
                    attempts: attempt,
                });
            }
            Err(error) => {
                if matches!(error, DbError::Refused(_)) {
                    self.session.rollback().await?;
                }
                return refused(1, error);
            }
        }
        match self.commit().await {
            Ok(()) => Ok(Attempt::Committed(())),
            Err(error @ DbError::Refused(_)) => {
                self.discard();
                self.session.rollback().await?;
                refused(1, error)
            }
            Err(error) => {
                self.discard();
                Err(error.into())
            }
        }
    }

    /// Sends a statement; a second request to stop cancels it.
    async fn execute(
        &mut self,
        scope: &Scope<'_>,
        sql: &str,
        keep: u64,
        in_transaction: bool,
    ) -> Result<Answer, DbError> {
        let canceller = self.session.canceller();
        let session = &mut self.session;
        let work = async {
            if in_transaction {
                session.execute(scope, sql, keep).await
            } else {
                session.execute_outside(scope, sql, keep).await
            }
        };
        tokio::pin!(work);
        tokio::select! {
            answer = &mut work => answer,
            () = self.host.interrupt().insisted() => {
                canceller.cancel().await;
                work.await
            }
        }
    }

    /// Whether the error is the answer to the operator's second request to stop.
    fn was_cancelled(&self, error: &DbError) -> bool {
        self.host.interrupt().is_insisted()
            && error.refusal().is_some_and(crate::backend::Refusal::is_cancelled)
    }

    /// Waits before the next attempt, if there is to be one.
    async fn try_again(
        &mut self,
        plan: &Plan,
        action: &Action,
        statement: usize,
        attempt: &mut u32,
        error: &DbError,
    ) -> bool {
        let contention = error.refusal().is_some_and(crate::backend::Refusal::is_contention);
        if !contention || *attempt > action.retry || self.host.interrupt().requested() {
            return false;
        }
        let wait = BACK_OFF.0.saturating_mul(1 << (*attempt - 1).min(16)).min(BACK_OFF.1);
        let wait = wait.mul_f64(0.5 + self.host.jitter() / 2.0);
        let mut problem = self.problem(plan, error);
        problem.state = ROLLED_BACK.to_owned();
        self.note(Event::Retried {
            cell: action.cell.clone(),
            statement,
            attempt: *attempt,
            wait_millis: wait.as_millis() as u64,
            problem,
        });
        *attempt += 1;
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.host.interrupt().first() => false,
        }
    }
}

fn limits(action: &Action) -> Limits {
    Limits { lock_timeout: action.lock_timeout, statement_timeout: action.timeout }
}

fn scope<'a>(plan: &'a Plan, run: &'a str, action: &'a Action) -> Scope<'a> {
    Scope { runbook: &plan.runbook, run, cell: &action.cell, limits: limits(action) }
}

fn refused(statement: usize, error: DbError) -> Result<Attempt<()>, EngineError> {
    match error {
        DbError::Refused(_) => Ok(Attempt::Refused { statement, error }),
        error => Err(error.into()),
    }
}

fn statement_done(
    plan: &Plan,
    action: &Action,
    index: usize,
    answer: Answer,
    micros: u64,
    attempts: u32,
) -> Event {
    let affected = answer.affected;
    let output = (answer.returned > 0 && !answer.columns.is_empty()).then(|| {
        let mut output = Output::from(answer);
        for cell in output.rows.iter_mut().flatten().flatten() {
            *cell = plan.redact(cell);
        }
        output
    });
    // Drivers count for statements that change no rows too: PostgreSQL the rows of a SELECT, SQLite
    // those of whatever changed rows last.
    let changes_rows = matches!(
        action.statements[index].facts.kind,
        "insert" | "update" | "delete" | "merge" | "replace" | "copy"
    );
    let affected = if changes_rows { affected } else { 0 };
    Event::StatementDone {
        cell: action.cell.clone(),
        statement: index + 1,
        affected,
        micros,
        attempts,
        output,
    }
}

/// Says where the statement is and what became of the cell's others.
fn located(mut problem: Problem, plan: &Plan, action: &Action, failure: Failure) -> Problem {
    let total = action.statements.len();
    if let Some(statement) = action.statements.get(failure.statement - 1) {
        problem.place = Some(place(plan, statement, problem.offset));
    }
    let committed = match failure.committed {
        0 => String::new(),
        1 => format!("1 of {total} statements is committed; "),
        n => format!("{n} of {total} statements are committed; "),
    };
    problem.state = format!("{committed}{}", failure.fate);
    problem
}

/// A statement that failed.
struct Failure {
    /// From 1.
    statement: usize,
    /// Statements of the cell that are committed all the same.
    committed: usize,
    fate: &'static str,
}

const ROLLED_BACK: &str = "the transaction is rolled back and its locks are released";
const REFUSED: &str = "the database refused the statement";

/// Where in the file the server points. Through a parameter only the statement's start is sure.
fn place(plan: &Plan, statement: &Statement, offset: Option<usize>) -> String {
    let verbatim = plan.source.slice(statement.span) == statement.sql;
    let at = statement.span.start + offset.filter(|_| verbatim).unwrap_or(0);
    let position = plan.source.position(at);
    format!("{}:{}:{}", plan.source.name(), position.line, position.column)
}

/// A name as SQL takes it: quoted where it is not plain.
fn spelled(plan: &Plan, name: &str) -> String {
    let plain =
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'.'));
    if plain {
        return name.to_owned();
    }
    crate::dialect::identifier(plan.dialect, name).unwrap_or_else(|_| name.to_owned())
}
