//! Replays verify cells, read-only and without a journal entry.

use super::check::CheckOutcome;
use super::context::{Context, EngineError, Report};
use super::event::{CheckTime, Outcome, Stop};
use super::history::{History, Status};
use crate::backend::DbError;
use crate::document::When;
use crate::plan::{Check, Plan};

/// A verify cell and whether it is replayed.
#[derive(Clone, Debug)]
pub struct VerifyRow<'p> {
    pub check: &'p Check,
    pub alive: bool,
}

/// Verify cells of what is done, without preconditions and those whose life has ended.
pub fn alive<'p>(plan: &'p Plan, history: &History, all: bool) -> Vec<VerifyRow<'p>> {
    let done = |step: &str| history.step(step) == Status::Done;
    let phase_done = |phase: &str| {
        plan.steps_of(phase).next().is_some() && plan.steps_of(phase).all(|step| done(&step.id))
    };
    let ended = |until: &str| done(until) || phase_done(until);
    plan.checks()
        .filter(|check| check.when == When::After)
        .map(|check| {
            let of = match &check.of {
                Some(step) => done(step),
                None => phase_done(&check.phase),
            };
            let alive = all || (of && !check.until.as_deref().is_some_and(ended));
            VerifyRow { check, alive }
        })
        .collect()
}

/// Runs them and compares each answer with the recorded one.
pub async fn verify(context: &mut Context<'_>, plan: &Plan, all: bool) -> Result<Report, EngineError> {
    match context.load(&plan.runbook).await {
        // Every verify cell is replayed, whatever ran here.
        Err(EngineError::Db(DbError::JournalUnreadable(_))) if all => {}
        loaded => loaded?,
    }
    if context.ledger.history.runs.is_empty() && !all {
        return Err(context.never_ran().await?);
    }
    let history = context.ledger.history.clone();
    context.continues_with("verify", if all { "--all".to_owned() } else { String::new() });
    context.enter_unjournaled(plan);
    let mut violated = Vec::new();
    let mut count = 0;
    for row in alive(plan, &history, all).into_iter().filter(|row| row.alive) {
        if context.host.interrupt().requested() {
            let stop = context.interrupted(&row.check.cell);
            return Ok(context.finish_unjournaled(stop));
        }
        count += 1;
        match context.check(plan, row.check, CheckTime::Replay).await? {
            CheckOutcome::Passed => {}
            CheckOutcome::Violated { .. } => violated.push(row.check.cell.clone()),
            CheckOutcome::Cancelled => {
                let stop = context.interrupted(&row.check.cell);
                return Ok(context.finish_unjournaled(stop));
            }
        }
    }
    let stop = if count == 0 {
        // Nobody who waits for a yes may take this for one.
        Stop {
            outcome: Outcome::Failed,
            at: None,
            state: "nothing was checked: no verify cell is alive".to_owned(),
            help: Some(match plan.checks().next() {
                Some(_) => {
                    "a verify cell is alive once its step is done, and until what its `until` names is; \
                            `--all` replays every one"
                        .to_owned()
                }
                None => "the runbook has no verify cell".to_owned(),
            }),
            next: Some(context.invocation.command("status", "")),
        }
    } else if violated.is_empty() {
        let state = match count {
            1 => "the one verify cell holds".to_owned(),
            n => format!("all {n} verify cells hold"),
        };
        Stop { outcome: Outcome::Completed, at: None, state, help: None, next: None }
    } else {
        Stop {
            outcome: Outcome::Failed,
            at: violated.first().cloned(),
            state: format!("{} of {count} verify cells do not hold: {}", violated.len(), violated.join(", ")),
            help: None,
            next: Some(context.invocation.command("status", "")),
        }
    };
    Ok(context.finish_unjournaled(stop))
}

impl Context<'_> {
    fn finish_unjournaled(&mut self, stop: Stop) -> Report {
        let outcome = stop.outcome;
        self.stage(super::Event::Stopped(stop));
        self.keep();
        self.report(outcome)
    }
}
