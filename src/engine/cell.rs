//! Runs one forward or rollback cell, portion by portion.

use std::borrow::Cow;

use super::attempt::{Held, Sent};
use super::context::{Context, EngineError};
use super::event::{Event, Output, Problem, Stop};
use super::secret;
use super::silence::answered;
use crate::backend::{Answer, DbError, Limits, Refusal, Scope};
use crate::plan::{Action, Plan, Portion, Statement, Together, Unit};

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
    /// A gate, or an outcome in doubt.
    Stopped(Stop),
}

/// What one attempt of a transaction came to.
pub(super) enum Attempt {
    Committed,
    /// Nothing of it happened.
    Refused {
        statement: usize,
        error: DbError,
    },
}

/// One statement of a transaction, ready to send.
pub(super) struct Piece<'a> {
    /// From 0, in its cell.
    pub index: usize,
    pub sql: Cow<'a, str>,
    pub keep: u64,
}

pub(super) const ROLLED_BACK: &str = "the transaction is rolled back and its locks are released";

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
        let progress = self.ledger.history.cell(step, &action.cell).cloned().unwrap_or_default();
        self.at(&action.cell);
        self.note(Event::CellStarted {
            step: step.to_owned(),
            cell: action.cell.clone(),
            role: action.role,
            digest: action.digest.clone(),
            sql: action.statements.iter().map(|statement| statement.shown.clone()).collect(),
            secrets: secret::fingerprint(action, self.run_id()),
            committed: progress.done,
        });
        if let Unit::Batch(backfill) = &action.unit {
            return self.run_batches(plan, step, action, &progress, backfill, last).await;
        }
        let mut done = progress.done;
        while let Some(portion) = Portion::next(action, done) {
            if done > progress.done && self.host.interrupt().requested() {
                return Ok(CellEnd::Interrupted);
            }
            let finishing = if portion.end() == action.statements.len() { last } else { &[] };
            let end = match &portion {
                Portion::Together(together) => self.run_together(plan, action, together, finishing).await?,
                Portion::Alone(index) => self.run_alone(plan, step, action, *index, finishing).await?,
            };
            if let Some(end) = end {
                return Ok(end);
            }
            done = portion.end();
        }
        if progress.done == action.statements.len() {
            last.iter().cloned().for_each(|event| self.stage(event));
            self.write().await?;
        }
        Ok(CellEnd::Done)
    }

    /// One transaction, tried until it is committed; None means that it is.
    async fn run_together(
        &mut self,
        plan: &Plan,
        action: &Action,
        together: &Together,
        last: &[Event],
    ) -> Result<Option<CellEnd>, EngineError> {
        let mut attempt = 1;
        loop {
            let pieces: Vec<Piece<'_>> = together
                .range()
                .map(|index| Piece {
                    index,
                    sql: Cow::Borrowed(&action.statements[index].sql),
                    keep: action.output,
                })
                .collect();
            let done = |index, answer, micros| statement_done(plan, action, index, answer, micros, attempt);
            match self.transaction(plan, action, &pieces, &done, last).await? {
                Attempt::Committed => return Ok(None),
                Attempt::Refused { error, .. } if self.was_cancelled(&error) => {
                    return Ok(Some(CellEnd::Interrupted));
                }
                Attempt::Refused { statement, error } => {
                    if !self.try_again(plan, action, statement, &mut attempt, &error).await {
                        let committed = together.range().start;
                        let failure = Failure { statement, committed, fate: ROLLED_BACK };
                        let problem = located(self.problem(plan, &error), plan, action, failure);
                        return Ok(Some(CellEnd::Failed {
                            statement: Some(statement),
                            problem: Box::new(problem),
                            attempts: attempt,
                        }));
                    }
                }
            }
        }
    }

    /// One attempt: the statements and their checkpoints, committed together or not at all.
    pub(super) async fn transaction(
        &mut self,
        plan: &Plan,
        action: &Action,
        pieces: &[Piece<'_>],
        done: &(dyn Fn(usize, Answer, u64) -> Event + Sync),
        last: &[Event],
    ) -> Result<Attempt, EngineError> {
        let run = self.run_id().to_owned();
        let scope = |index: usize| scope(plan, &run, action, action.statements[index].limits);
        let (Some(first), Some(end)) = (pieces.first(), pieces.last()) else { return Ok(Attempt::Committed) };
        let statements = pieces.iter().map(|piece| &action.statements[piece.index]);
        if let Err(error) = self.begin(&scope(first.index), statements).await {
            return refused(first.index + 1, error);
        }
        for piece in pieces {
            let started = self.host.elapsed();
            let scope = scope(piece.index);
            let sent = Sent {
                scope: &scope,
                statement: piece.index + 1,
                sql: &piece.sql,
                keep: piece.keep,
                held: Held::ByTransaction,
            };
            match self.execute(sent).await {
                Ok(answer) => {
                    let micros = (self.host.elapsed() - started).as_micros() as u64;
                    self.stage(done(piece.index, answer, micros));
                }
                Err(error) => {
                    self.give_up(&error).await?;
                    return refused(piece.index + 1, error);
                }
            }
        }
        last.iter().cloned().for_each(|event| self.stage(event));
        match self.commit().await {
            Ok(()) => Ok(Attempt::Committed),
            Err(error) => {
                self.give_up(&error).await?;
                refused(end.index + 1, error)
            }
        }
    }

    /// Opens a transaction for the statements, unless it would not hold what one of them does.
    pub(super) async fn begin(
        &mut self,
        scope: &Scope<'_>,
        statements: impl IntoIterator<Item = &Statement>,
    ) -> Result<(), DbError> {
        for statement in statements {
            if let Some(why) = self.session.refuses_transaction(&statement.facts.objects).await? {
                let message = format!("{why}: a failure would leave its rows changed");
                let hint =
                    "give it an engine that has transactions, or a cell with `--| tx: none`".to_owned();
                let refusal = Refusal { message, hint: Some(hint), ..Refusal::default() };
                return Err(DbError::Refused(Box::new(refusal)));
            }
        }
        answered(&self.lock, &mut self.observer, self.session.begin(scope)).await
    }

    /// Forgets what was staged and ends the transaction, where the server still has it: after a statement
    /// that it refused, a deferred constraint, or a journal that takes no more.
    pub(super) async fn give_up(&mut self, error: &DbError) -> Result<(), DbError> {
        self.discard();
        if matches!(error, DbError::Refused(_) | DbError::JournalRefused(_)) {
            answered(&self.lock, &mut self.observer, self.session.rollback()).await?;
        }
        Ok(())
    }
}

pub(super) fn scope<'a>(plan: &'a Plan, run: &'a str, action: &'a Action, limits: Limits) -> Scope<'a> {
    Scope { runbook: &plan.runbook, run, cell: &action.cell, limits }
}

fn refused(statement: usize, error: DbError) -> Result<Attempt, EngineError> {
    match error {
        DbError::Refused(_) => Ok(Attempt::Refused { statement, error }),
        error => Err(error.into()),
    }
}

pub(super) fn statement_done(
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

/// A statement that failed.
#[derive(Clone, Copy)]
pub(super) struct Failure {
    /// From 1.
    pub statement: usize,
    /// Statements of the cell that are committed all the same.
    pub committed: usize,
    pub fate: &'static str,
}

/// Says where the statement is and what became of the cell's others.
pub(super) fn located(mut problem: Problem, plan: &Plan, action: &Action, failure: Failure) -> Problem {
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

/// Where in the file the server points. Through a parameter only the statement's start is sure.
fn place(plan: &Plan, statement: &Statement, offset: Option<usize>) -> String {
    let verbatim = plan.source.slice(statement.span) == statement.sql;
    let at = statement.span.start + offset.filter(|_| verbatim).unwrap_or(0);
    let position = plan.source.position(at);
    format!("{}:{}:{}", plan.source.name(), position.line, position.column)
}
