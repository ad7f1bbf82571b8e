//! Statements that no transaction holds: an intent is committed before, an outcome after.

use super::attempt::{Held, Sent};
use super::cell::{CellEnd, Failure, located, scope, statement_done};
use super::context::{Context, EngineError, GateRequest};
use super::event::{Event, GateKind, Outcome, Problem, Stop, Verdict};
use super::silence::answered;
use crate::backend::{DbError, InvalidIndex, Limits};
use crate::dialect::Trace;
use crate::plan::{Action, Plan, Statement};

const REFUSED: &str = "the database refused the statement";

impl Context<'_> {
    /// Runs one statement; None means that it is done and in the journal with `last`.
    pub(super) async fn run_alone(
        &mut self,
        plan: &Plan,
        step: &str,
        action: &Action,
        index: usize,
        last: &[Event],
    ) -> Result<Option<CellEnd>, EngineError> {
        let statement = &action.statements[index];
        let mut attempt = 1;
        loop {
            if let Some(end) = self.clear_leftovers(plan, step, action, index).await? {
                return Ok(Some(end));
            }
            let before = self.definition_of(plan, statement).await?;
            let provable = before.is_none() && self.is_provable(plan, step, action).await?;
            self.note(Event::StatementIntended {
                cell: action.cell.clone(),
                statement: index + 1,
                before: before.clone(),
                provable,
            });
            self.write().await?;
            let run = self.run_id().to_owned();
            let scope = scope(plan, &run, action, statement.limits);
            let started = self.host.elapsed();
            let sent = Sent {
                scope: &scope,
                statement: index + 1,
                sql: &statement.sql,
                keep: action.output,
                held: Held::ByNothing,
            };
            let error = match self.execute(sent).await {
                Ok(answer) => {
                    let micros = (self.host.elapsed() - started).as_micros() as u64;
                    self.stage(statement_done(plan, action, index, answer, micros, attempt));
                    last.iter().cloned().for_each(|event| self.stage(event));
                    self.write().await?;
                    return Ok(None);
                }
                Err(error @ DbError::Refused(_)) => error,
                Err(error) => return Err(error.into()),
            };
            let left =
                answered(&self.lock, &mut self.observer, self.session.invalid_indexes(&statement.facts))
                    .await?;
            if left.is_empty() && before.is_some() && self.definition_of(plan, statement).await? != before {
                let seen = "its objects are not what they were before";
                return Ok(Some(CellEnd::Stopped(self.partly_refused(plan, action, index, &error, seen))));
            }
            if !self.is_atomic(statement).await? {
                let seen = "it may have done a part of its work";
                return Ok(Some(CellEnd::Stopped(self.partly_refused(plan, action, index, &error, seen))));
            }
            let cancelled = self.was_cancelled(&error);
            let again = left.is_empty()
                && !cancelled
                && self.try_again(plan, action, index + 1, &mut attempt, &error).await;
            if !cancelled && !again {
                let failure = Failure { statement: index + 1, committed: index, fate: REFUSED };
                let mut problem = located(self.problem(plan, &error), plan, action, failure);
                if let Some(index) = left.first() {
                    self.describe_leftover(index, &mut problem);
                }
                return Ok(Some(CellEnd::Failed {
                    statement: Some(failure.statement),
                    problem: Box::new(problem),
                    attempts: attempt,
                }));
            }
            // The refusal is the outcome of this intent.
            let message = self.problem(plan, &error).message;
            let evidence = match left.first() {
                Some(index) => format!("the database refused it: {message}; {} is left INVALID", index.name),
                None => format!("the database refused it: {message}"),
            };
            self.stage(Event::Resolved {
                cell: action.cell.clone(),
                statement: index + 1,
                verdict: Verdict::NotDone,
                evidence,
            });
            self.write().await?;
            if cancelled {
                return Ok(Some(CellEnd::Interrupted));
            }
        }
    }

    /// What the catalog says of the statement's objects, where that shows whether it took effect.
    pub(super) async fn definition_of(
        &mut self,
        plan: &Plan,
        statement: &Statement,
    ) -> Result<Option<Vec<String>>, DbError> {
        if statement.facts.trace() != Trace::Catalog {
            return Ok(None);
        }
        // A default or a check may hold a secret of the runbook, and the lines go to the journal.
        let lines =
            answered(&self.lock, &mut self.observer, self.session.definition(&statement.facts.objects))
                .await?;
        Ok(lines.map(|lines| lines.iter().map(|line| plan.redact(line)).collect()))
    }

    /// Whether the step's verify cells fail now, so that they will prove the statement when they pass. A
    /// cell that passes either way proves nothing.
    async fn is_provable(&mut self, plan: &Plan, step: &str, action: &Action) -> Result<bool, EngineError> {
        let Some(step) = plan.step(step).filter(|step| step.forward.cell == action.cell) else {
            return Ok(false);
        };
        for check in &step.after {
            if !self.holds(plan, check).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a refusal means that nothing of the statement happened. A procedure may have committed
    /// before it failed, and rows of a table without transactions stay.
    async fn is_atomic(&mut self, statement: &Statement) -> Result<bool, DbError> {
        if statement.facts.trace() != Trace::Nothing {
            return Ok(true);
        }
        let one = matches!(
            statement.facts.kind,
            "insert" | "update" | "delete" | "merge" | "replace" | "copy" | "truncate"
        );
        Ok(one && self.session.refuses_transaction(&statement.facts.objects).await?.is_none())
    }

    /// Some servers drop the first of two tables and refuse the second.
    fn partly_refused(
        &mut self,
        plan: &Plan,
        action: &Action,
        index: usize,
        error: &DbError,
        seen: &str,
    ) -> Stop {
        let message = self.problem(plan, error).message;
        let cell = &action.cell;
        Stop {
            outcome: Outcome::InDoubt,
            at: Some(cell.clone()),
            state: format!(
                "the database refused statement {} of cell `{cell}` ({message}), and yet {seen}",
                index + 1
            ),
            help: Some(self.resolve_commands(cell)),
            next: None,
        }
    }

    fn describe_leftover(&self, index: &InvalidIndex, problem: &mut Problem) {
        problem.state =
            format!("index {} is left INVALID: it slows writes down and serves no query", index.name);
        problem.help =
            format!("mend the cause, then `{}`, which offers to remove the index first", self.again(""));
    }

    /// Removes indexes that earlier failed builds left INVALID, if a human says so: they must go before
    /// the build can be tried again, and `IF NOT EXISTS` would take one for the index that is wanted.
    pub(super) async fn clear_leftovers(
        &mut self,
        plan: &Plan,
        step: &str,
        action: &Action,
        index: usize,
    ) -> Result<Option<CellEnd>, EngineError> {
        let statement = &action.statements[index];
        for left in
            answered(&self.lock, &mut self.observer, self.session.invalid_indexes(&statement.facts)).await?
        {
            if let Some(builder) = &left.builder {
                return Ok(Some(CellEnd::Stopped(Stop {
                    outcome: Outcome::InDoubt,
                    at: Some(action.cell.clone()),
                    state: format!("index {} is being built now, by {builder}", left.name),
                    help: Some("wait until it has ended".to_owned()),
                    next: Some(self.again("")),
                })));
            }
            let request = GateRequest {
                kind: GateKind::Leftover,
                step: Some(step.to_owned()),
                cell: format!("{}.leftover", action.cell),
                what: left.removal.clone(),
                sql: vec![left.removal.clone()],
                reasons: vec![format!(
                    "removes index {}, which an earlier failed build left INVALID",
                    left.name
                )],
                why: None,
                rollback: Vec::new(),
                state: format!("index {} is INVALID: it slows writes down and serves no query", left.name),
            };
            if let Some(stop) = self.pass_gate(request).await? {
                return Ok(Some(CellEnd::Stopped(stop)));
            }
            let run = self.run_id().to_owned();
            let scope = scope(plan, &run, action, Limits::default());
            let sent = Sent {
                scope: &scope,
                statement: index + 1,
                sql: &left.removal,
                keep: 0,
                held: Held::ByNothing,
            };
            match self.execute(sent).await {
                Ok(_) => {
                    self.stage(Event::LeftoverRemoved {
                        cell: action.cell.clone(),
                        name: left.name,
                        sql: left.removal,
                    });
                    self.write().await?;
                }
                Err(error) if self.was_cancelled(&error) => return Ok(Some(CellEnd::Interrupted)),
                Err(error @ DbError::Refused(_)) => {
                    let mut problem = self.problem(plan, &error);
                    problem.state = format!("index {} is still there, INVALID", left.name);
                    return Ok(Some(CellEnd::Failed {
                        statement: None,
                        problem: Box::new(problem),
                        attempts: 1,
                    }));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }
}
