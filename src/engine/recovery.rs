//! Statements in doubt: an intent without an outcome. They are resolved, never guessed.

use super::context::{Context, EngineError};
use super::event::{CheckTime, Event, Outcome, Stop, Verdict};
use crate::backend::{Limits, Presence, Scope};
use crate::dialect::Action as Doing;
use crate::plan::{Action, Check, Plan, Statement};

impl Context<'_> {
    /// Finds out what became of the cell's statement in doubt, if it has one.
    ///
    /// The catalog answers first, then the step's verify cells, then a human. `Some` stops.
    pub(super) async fn resolve(
        &mut self,
        plan: &Plan,
        step: &str,
        action: &Action,
        after: &[Check],
    ) -> Result<Option<Stop>, EngineError> {
        let Some(statement) = self.history.cell(step, &action.cell).and_then(|cell| cell.intended) else {
            return Ok(None);
        };
        let Some(planned) = action.statements.get(statement - 1) else { return Ok(None) };
        let run = self.run_id().to_owned();
        let scope =
            Scope { runbook: &plan.runbook, run: &run, cell: &action.cell, limits: Limits::default() };
        if let Some(process) = self.session.still_running(&scope).await? {
            return Ok(Some(Stop {
                outcome: Outcome::InDoubt,
                at: Some(action.cell.clone()),
                state: format!(
                    "the server is still running statement {statement} of `{}`: {process}",
                    action.cell
                ),
                next: Some(format!("wait until it has ended, then `{}`", self.invocation.command("run", ""))),
            }));
        }
        let human =
            self.resolutions.iter().find(|(cell, _)| *cell == action.cell).map(|(_, verdict)| *verdict);
        let (verdict, evidence) = if let Some(verdict) = human {
            (Some(verdict), format!("{} said so on the command line", self.host.operator()))
        } else {
            match self.probe_statement(planned).await? {
                (Some(verdict), evidence) => (Some(verdict), evidence),
                (None, evidence) => self.ask_checks(plan, after, evidence).await?,
            }
        };
        match verdict {
            Some(verdict) => {
                self.stage(Event::Resolved { cell: action.cell.clone(), statement, verdict, evidence });
                self.write().await?;
                Ok(None)
            }
            None => Ok(Some(Stop {
                outcome: Outcome::InDoubt,
                at: Some(action.cell.clone()),
                state: format!(
                    "statement {statement} of cell `{}` was sent and its outcome is not known: {evidence}",
                    action.cell
                ),
                next: Some(format!(
                    "look at the database, then say which: `{}` or `{}`",
                    self.invocation.command("run", &format!("--resolve {}=done", action.cell)),
                    self.invocation.command("run", &format!("--resolve {}=not-done", action.cell)),
                )),
            })),
        }
    }

    /// Asks the catalog for each object that the statement makes or drops.
    async fn probe_statement(
        &mut self,
        statement: &Statement,
    ) -> Result<(Option<Verdict>, String), EngineError> {
        let mut verdicts = Vec::new();
        let mut evidence = Vec::new();
        for object in &statement.facts.objects {
            if !matches!(object.action, Doing::Create | Doing::Drop) {
                continue;
            }
            let presence = self.session.probe(object).await?;
            let said = match presence {
                Presence::Absent => "is absent",
                Presence::Present => "is there",
                Presence::Invalid => "is there and INVALID",
                Presence::Unknown => "is not looked up",
            };
            evidence.push(format!("{} {said}", object.name));
            verdicts.push(match (presence, object.action) {
                (Presence::Present, Doing::Create) | (Presence::Absent, Doing::Drop) => Some(Verdict::Done),
                (Presence::Absent, Doing::Create) | (Presence::Present | Presence::Invalid, Doing::Drop) => {
                    Some(Verdict::NotDone)
                }
                // An invalid index stands in the way of the next attempt, which says so.
                (Presence::Invalid, _) => Some(Verdict::NotDone),
                _ => None,
            });
        }
        let first = verdicts.first().copied().flatten();
        let agreed = first.filter(|_| verdicts.iter().all(|verdict| *verdict == first));
        let evidence = if evidence.is_empty() {
            "the catalog holds no trace of such a statement".to_owned()
        } else {
            evidence.join(", ")
        };
        Ok((agreed, evidence))
    }

    /// A step whose verify cells all pass is done; failing ones prove nothing either way.
    async fn ask_checks(
        &mut self,
        plan: &Plan,
        after: &[Check],
        evidence: String,
    ) -> Result<(Option<Verdict>, String), EngineError> {
        if after.is_empty() {
            return Ok((None, format!("{evidence}; the step has no verify cell to ask")));
        }
        for check in after {
            match self.check(plan, check, CheckTime::Before).await? {
                super::CheckOutcome::Passed => {}
                super::CheckOutcome::Violated { found } => {
                    return Ok((None, format!("{evidence}; verify cell `{}` found {found}", check.cell)));
                }
            }
        }
        Ok((Some(Verdict::Done), format!("{evidence}; the step's verify cells pass")))
    }
}
