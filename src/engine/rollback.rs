//! Undoes what a run did: only what really happened, the last step first.

use super::cell::CellEnd;
use super::context::{Context, EngineError, GateRequest, Report};
use super::event::{Direction, Event, GateKind, Outcome, Stop};
use super::forward::known_place;
use super::history::{History, Status};
use super::silence::answered;
use crate::plan::{Plan, Step};

/// A step that a rollback will meet.
#[derive(Clone, Debug)]
pub struct RollbackStep<'p> {
    pub step: &'p Step,
    /// Only a part of it ever ran.
    pub partial: bool,
}

/// Steps to undo, in order, down to `to` (a step or a phase, which stays) or all.
pub fn rollback_plan<'p>(plan: &'p Plan, history: &History, to: Option<&str>) -> Vec<RollbackStep<'p>> {
    plan.steps
        .iter()
        .rev()
        .take_while(|step| to.is_none_or(|to| to != step.id && to != step.phase))
        .filter_map(|step| {
            let state = history.steps.get(&step.id)?;
            let touched = state.cells.values().any(|cell| cell.touched());
            // A build that failed has no effect in the journal, and yet may have left an index.
            let alone = step.forward.statements.iter().any(|statement| statement.alone);
            let left = alone && state.status == Status::Failed;
            let done =
                matches!(state.status, Status::Done | Status::Running | Status::Failed | Status::InDoubt);
            (done && (touched || left))
                .then_some(RollbackStep { step, partial: state.status != Status::Done })
        })
        .collect()
}

/// What undoing a step would do, a line each.
pub(super) fn rollback_lines(step: &Step) -> Vec<String> {
    step.rollback
        .iter()
        .flat_map(|action| &action.statements)
        .map(|statement| statement.shown.clone())
        .chain(step.irreversible.iter().map(|why| format!("nothing undoes it: {why}")))
        .collect()
}

/// What the journal says of the runbook now.
pub async fn history(context: &mut Context<'_>, plan: &Plan) -> Result<History, EngineError> {
    context.load(&plan.runbook).await?;
    Ok(context.ledger.history.clone())
}

/// Undoes done steps in reverse order.
pub async fn rollback(
    context: &mut Context<'_>,
    plan: &Plan,
    to: Option<&str>,
) -> Result<Report, EngineError> {
    context.load(&plan.runbook).await?;
    if context.ledger.history.runs.is_empty() {
        return Err(context.never_ran().await?);
    }
    if let Some(to) = to {
        known_place(plan, to)?;
        context.continues_with("rollback", format!("--to {to}"));
    } else {
        context.continues_with("rollback", String::new());
    }
    context.refuse_other_text(plan)?;
    if rollback_plan(plan, &context.ledger.history, to).is_empty()
        && context.ledger.history.open_run(Direction::Rollback).is_none()
    {
        let state = format!("nothing of {} is left to undo on this target", plan.runbook);
        return Ok(context.nothing_to_do(state));
    }
    if let Some(stop) = context.enter(plan, Direction::Rollback).await? {
        return context.stop(stop).await;
    }
    context.refuse_other_text(plan)?;
    let history = context.ledger.history.clone();
    for RollbackStep { step, .. } in rollback_plan(plan, &history, to) {
        if context.host.interrupt().requested() {
            let stop = context.interrupted(&step.id);
            return context.stop(stop).await;
        }
        match context.undo_step(plan, step).await? {
            Undone::Yes => {}
            Undone::Stop(stop) => return context.stop(stop).await,
        }
    }
    // Also those that an earlier invocation left.
    let left: Vec<&str> = plan
        .steps
        .iter()
        .filter(|step| context.ledger.history.step(&step.id) == Status::Left)
        .map(|step| step.id.as_str())
        .collect();
    let state = if left.is_empty() {
        match to {
            Some(to) => format!("everything after `{to}` is undone"),
            None => "everything is undone".to_owned(),
        }
    } else {
        format!("undone, but for what nothing undoes: {}", left.join(", "))
    };
    context
        .stop(Stop {
            outcome: Outcome::Completed,
            at: None,
            state,
            help: None,
            next: Some(context.invocation.command("run", "")),
        })
        .await
}

enum Undone {
    /// Undone, or left as it is because nothing undoes it and a human said so.
    Yes,
    Stop(Stop),
}

impl Context<'_> {
    async fn undo_step(&mut self, plan: &Plan, step: &Step) -> Result<Undone, EngineError> {
        // A forward statement in doubt is settled first: what did not happen is not undone.
        for action in std::iter::once(&step.forward).chain(&step.rollback) {
            let after = if action.cell == step.forward.cell { &step.after[..] } else { &[] };
            if let Some(stop) = self.resolve(plan, &step.id, action, after).await? {
                return Ok(Undone::Stop(stop));
            }
        }
        if !self.has_effect(step).await? {
            self.stage(Event::StepUndone { step: step.id.clone() });
            self.write().await?;
            return Ok(Undone::Yes);
        }
        if let Some(why) = &step.irreversible {
            return self.leave_step(step, why).await;
        }
        for (index, action) in step.rollback.iter().enumerate() {
            let progress = self.ledger.history.cell(&step.id, &action.cell).cloned().unwrap_or_default();
            let is_last = index + 1 == step.rollback.len();
            if progress.done == action.statements.len() && !is_last {
                continue;
            }
            if action.gate.is_some() && progress.done < action.statements.len() {
                let mut request = GateRequest::of_action(&step.id, action);
                request.state =
                    format!("step `{}` is still in place; the steps after it are undone", step.id);
                if let Some(stop) = self.pass_gate(request).await? {
                    return Ok(Undone::Stop(stop));
                }
            }
            let undone = [Event::StepUndone { step: step.id.clone() }];
            let last = if is_last { &undone[..] } else { &[] };
            match self.run_cell(plan, &step.id, action, last).await? {
                CellEnd::Done => {}
                CellEnd::Interrupted => return Ok(Undone::Stop(self.interrupted(&step.id))),
                CellEnd::Stopped(stop) => return Ok(Undone::Stop(stop)),
                CellEnd::Failed { statement, problem, attempts } => {
                    return Ok(Undone::Stop(self.failed(&action.cell, statement, *problem, attempts)));
                }
            }
        }
        Ok(Undone::Yes)
    }

    /// Whether there is anything to undo, now that nothing of the step is in doubt any more. A build that
    /// failed has no effect in the journal, and yet an index that its rollback cell is to remove.
    async fn has_effect(&mut self, step: &Step) -> Result<bool, EngineError> {
        let history = self.ledger.history.steps.get(&step.id);
        if history.is_some_and(|step| step.cells.values().any(|cell| cell.touched())) {
            return Ok(true);
        }
        for statement in &step.forward.statements {
            if !answered(&self.lock, &mut self.observer, self.session.invalid_indexes(&statement.facts))
                .await?
                .is_empty()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Passes a step that nothing undoes, if a human says so.
    async fn leave_step(&mut self, step: &Step, why: &str) -> Result<Undone, EngineError> {
        let request = GateRequest {
            kind: GateKind::Irreversible,
            step: Some(step.id.clone()),
            cell: step.id.clone(),
            what: format!("{}\n{why}", step.forward.digest),
            sql: step.forward.statements.iter().map(|statement| statement.shown.clone()).collect(),
            reasons: vec![format!("is not undone by anything: {why}")],
            why: None,
            rollback: Vec::new(),
            state: format!(
                "step `{}` and those before it are in place; the steps after it are undone",
                step.id
            ),
        };
        if let Some(stop) = self.pass_gate(request).await? {
            return Ok(Undone::Stop(stop));
        }
        self.stage(Event::StepLeft { step: step.id.clone(), reason: why.to_owned() });
        self.write().await?;
        Ok(Undone::Yes)
    }
}
