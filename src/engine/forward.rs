//! Runs a plan forward, from wherever its journal says it is.

use std::collections::BTreeMap;

use super::cell::CellEnd;
use super::check::CheckOutcome;
use super::context::{ChangedParam, Context, EngineError, GateRequest, Report};
use super::event::{CheckTime, Direction, Event, GateKind, Outcome, Problem, Stop};
use super::history::{CellHistory, History, Status};
use super::journal::decode;
use super::rollback::rollback_lines;
use crate::backend::JournalRow;
use crate::diagnostics::did_you_mean;
use crate::dialect::canonical;
use crate::document::Expect;
use crate::plan::{Action, Check, Phase, Plan, Statement, Step};

/// Where an invocation stops by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    End,
    /// After one step.
    OneStep,
    /// After this step or this phase.
    Place(String),
}

impl Until {
    /// Whether the invocation ends after `step`, which may be the last of its phase.
    fn reached(&self, step: &Step, last_of_phase: bool) -> bool {
        match self {
            Self::End => false,
            Self::OneStep => true,
            Self::Place(name) => *name == step.id || (last_of_phase && *name == step.phase),
        }
    }
}

const PHASE_NOT_BEGUN: &str = "the phase has not started";
const PHASE_BEGUN: &str = "a part of the phase is done";
pub(super) const STEP_NOT_BEGUN: &str = "nothing of this step has run";
const STEP_BEGUN: &str = "a part of this step is committed";

/// What happens after a part of the run: on to the next, or the end.
type Flow = std::ops::ControlFlow<Stop>;

/// Runs what is left of the plan.
pub async fn run(context: &mut Context<'_>, plan: &Plan, until: &Until) -> Result<Report, EngineError> {
    context.load(&plan.runbook).await?;
    context.refuse_changed(plan)?;
    if let Until::Place(name) = until {
        known_place(plan, name)?;
    }
    if let Until::Place(name) = until
        && context.is_there(plan, name)
    {
        let state = format!("`{name}` is done on this target already; what comes after it was not asked for");
        return Ok(context.nothing_to_do(state));
    }
    if context.nothing_left(plan) {
        let state = format!("{} is done on this target already: nothing to run", plan.runbook);
        return Ok(context.nothing_to_do(state));
    }
    if context.ledger.history.runs.is_empty() {
        context.refuse_renamed(plan).await?;
    }
    if let Some(stop) = context.enter(plan, Direction::Forward).await? {
        return context.stop(stop).await;
    }
    context.refuse_changed(plan)?;
    let stop = match context.run_phases(plan, until).await? {
        Flow::Break(stop) => stop,
        Flow::Continue(()) => Stop {
            outcome: Outcome::Completed,
            at: None,
            state: if plan.steps.iter().all(|step| !step.after.is_empty()) {
                format!("every step is done and verified{}", context.left_out(plan))
            } else {
                format!("every step is done{}", context.left_out(plan))
            },
            help: None,
            next: Some(context.invocation.command("verify", "")),
        },
    };
    context.stop(stop).await
}

/// What is committed of a cell keeps its text; of a cell that is done only in part, the rest may change.
fn is_as_it_ran(plan: &Plan, cell: &CellHistory, action: &Action) -> bool {
    if cell.digest.as_ref() == Some(&action.digest) {
        return true;
    }
    let ran = cell.done + usize::from(cell.intended.is_some());
    let same = |(was, now): (&String, &Statement)| {
        canonical(plan.dialect, was) == canonical(plan.dialect, &now.shown)
    };
    let whole = ran >= cell.sql.len() || cell.batches.is_some();
    !whole && action.statements.len() >= ran && cell.sql.iter().zip(&action.statements).take(ran).all(same)
}

/// Refuses a name that is neither a step nor a phase.
pub fn known_place(plan: &Plan, name: &str) -> Result<(), EngineError> {
    let names = || {
        plan.steps
            .iter()
            .map(|step| step.id.as_str())
            .chain(plan.phases.iter().map(|phase| phase.name.as_str()))
    };
    if names().any(|known| known == name) {
        return Ok(());
    }
    let suggestion = did_you_mean(name, names()).map(str::to_owned);
    Err(EngineError::NoSuchPlace { name: name.to_owned(), suggestion })
}

impl Context<'_> {
    /// Done cells are what they were: by id and by digest.
    pub(super) fn refuse_changed(&self, plan: &Plan) -> Result<(), EngineError> {
        if let Some(step) = self.ledger.history.half_undone() {
            let command = self.invocation.command("rollback", "");
            return Err(EngineError::HalfUndone { step: step.to_owned(), command });
        }
        self.refuse_other_text(plan)
    }

    pub(super) fn refuse_other_text(&self, plan: &Plan) -> Result<(), EngineError> {
        for (id, history) in &self.ledger.history.steps {
            let touched = history.status == Status::Done || history.cells.values().any(|cell| cell.touched());
            if !touched {
                continue;
            }
            let Some(step) = plan.step(id) else {
                return Err(EngineError::Missing { step: id.clone() });
            };
            for action in std::iter::once(&step.forward).chain(&step.rollback) {
                let Some(cell) = history.cells.get(&action.cell).filter(|cell| cell.touched()) else {
                    continue;
                };
                if !is_as_it_ran(plan, cell, action) {
                    let now = action.statements.iter().map(|s| s.shown.clone()).collect();
                    return Err(EngineError::Changed {
                        cell: action.cell.clone(),
                        was: cell.sql.clone(),
                        now,
                        params: self.changed_params(plan),
                    });
                }
                if cell.secrets.as_ref().is_some_and(|stored| !super::secret::is_same(action, stored)) {
                    return Err(EngineError::SecretChanged { cell: action.cell.clone() });
                }
            }
        }
        Ok(())
    }

    fn changed_params(&self, plan: &Plan) -> Vec<ChangedParam> {
        let runs = &self.ledger.history.runs;
        let Some(began) = runs.iter().rev().find(|run| run.direction == Direction::Forward) else {
            return Vec::new();
        };
        let changed = plan.params.iter().filter_map(|(name, now)| {
            let was = began.params.get(name).filter(|was| *was != now)?;
            Some(ChangedParam { name: name.clone(), was: was.clone(), now: now.clone() })
        });
        changed.collect()
    }

    /// A runbook whose `id` was edited would begin again, over what it has done already.
    async fn refuse_renamed(&mut self, plan: &Plan) -> Result<(), EngineError> {
        let rows = self.session.read_journal(None).await?;
        let file = |path: &str| std::path::Path::new(path).file_name().map(std::ffi::OsStr::to_owned);
        let mut others: BTreeMap<String, Vec<JournalRow>> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| row.runbook != plan.runbook) {
            others.entry(row.runbook.clone()).or_default().push(row);
        }
        for (id, rows) in others {
            let history = History::fold(&decode(&rows)?)?;
            let same_file = history.runs.iter().any(|run| file(&run.file) == file(&self.invocation.file));
            let same_step = plan.steps.iter().any(|step| {
                let cell = history.cell(&step.id, &step.forward.cell);
                cell.is_some_and(|cell| cell.touched() && cell.digest.as_ref() == Some(&step.forward.digest))
            });
            if same_file && same_step {
                return Err(EngineError::Renamed { was: id, now: plan.runbook.clone() });
            }
        }
        Ok(())
    }

    /// Whether a step, or every step of a phase, is done.
    fn is_there(&self, plan: &Plan, place: &str) -> bool {
        let mut steps = plan.steps.iter().filter(|step| step.id == place || step.phase == place).peekable();
        steps.peek().is_some() && steps.all(|step| self.ledger.history.step(&step.id) == Status::Done)
    }

    fn nothing_left(&self, plan: &Plan) -> bool {
        plan.steps.iter().all(|step| self.ledger.history.step(&step.id) == Status::Done)
            && self.ledger.history.open_run(Direction::Forward).is_none()
    }

    /// Keys that backfills have left out, for whoever would believe that all is done.
    fn left_out(&self, plan: &Plan) -> String {
        let history = &self.ledger.history;
        let skipped = |step: &Step| {
            let cell = history.cell(&step.id, &step.forward.cell)?.batches.as_ref()?;
            (!cell.skipped.is_empty()).then_some((step.id.clone(), cell.skipped.len()))
        };
        let each = plan.steps.iter().filter_map(skipped).map(|(step, skipped)| match skipped {
            1 => format!(", but 1 key was left out in `{step}`"),
            skipped => format!(", but {skipped} keys were left out in `{step}`"),
        });
        each.collect()
    }

    async fn run_phases(&mut self, plan: &Plan, until: &Until) -> Result<Flow, EngineError> {
        for phase in &plan.phases {
            let steps: Vec<&Step> = plan.steps_of(&phase.name).collect();
            let left = steps.iter().any(|step| self.ledger.history.step(&step.id) != Status::Done);
            if left {
                if let Some(stop) = self.pass_hold(plan, phase).await? {
                    return Ok(Flow::Break(stop));
                }
                let begun = steps.iter().any(|step| {
                    let history = self.ledger.history.steps.get(&step.id);
                    history.is_some_and(|step| step.cells.values().any(|cell| cell.touched()))
                });
                if !begun {
                    let flow =
                        self.run_checks(plan, &phase.before, CheckTime::Before, PHASE_NOT_BEGUN).await?;
                    if flow.is_break() {
                        return Ok(flow);
                    }
                }
                let state = if begun { PHASE_BEGUN } else { PHASE_NOT_BEGUN };
                let flow = self.take_baselines(plan, &phase.after, state).await?;
                if flow.is_break() {
                    return Ok(flow);
                }
            }
            for (index, step) in steps.iter().enumerate() {
                if self.ledger.history.step(&step.id) == Status::Done {
                    continue;
                }
                if self.host.interrupt().requested() {
                    return Ok(Flow::Break(self.interrupted(&step.id)));
                }
                let flow = self.run_step(plan, step).await?;
                if flow.is_break() {
                    return Ok(flow);
                }
                let last_of_phase = index + 1 == steps.len();
                if until.reached(step, last_of_phase) && !self.nothing_after(plan, step) {
                    if last_of_phase {
                        let flow = self.finish_phase(plan, phase).await?;
                        if flow.is_break() {
                            return Ok(flow);
                        }
                    }
                    return Ok(Flow::Break(Stop {
                        outcome: Outcome::Paused,
                        at: Some(step.id.clone()),
                        state: format!("step `{}` is done; the steps after it have not run", step.id),
                        help: None,
                        next: Some(self.again("")),
                    }));
                }
            }
            let flow = self.finish_phase(plan, phase).await?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(Flow::Continue(()))
    }

    fn nothing_after(&self, plan: &Plan, step: &Step) -> bool {
        plan.steps.last().is_some_and(|last| last.id == step.id)
    }

    /// The phase's own verify cells, once.
    async fn finish_phase(&mut self, plan: &Plan, phase: &Phase) -> Result<Flow, EngineError> {
        let open: Vec<Check> = phase
            .after
            .iter()
            .filter(|check| !self.ledger.history.checks.contains_key(&check.cell))
            .cloned()
            .collect();
        if plan.steps_of(&phase.name).next().is_none() {
            return Ok(Flow::Continue(()));
        }
        let state =
            format!("every step of phase `{}` is done; this verify cell of the phase failed", phase.name);
        self.run_checks(plan, &open, CheckTime::After, &state).await
    }

    async fn pass_hold(&mut self, plan: &Plan, phase: &Phase) -> Result<Option<Stop>, EngineError> {
        let Some(condition) = &phase.hold else { return Ok(None) };
        let cell = format!("before-{}", phase.name);
        let run = self.run_id().to_owned();
        let released = self
            .ledger
            .history
            .runs
            .iter()
            .any(|past| past.run == run && past.opened.iter().any(|(opened, _)| *opened == cell));
        let started =
            plan.steps_of(&phase.name).any(|step| self.ledger.history.step(&step.id) == Status::Done);
        if released || started {
            return Ok(None);
        }
        self.pass_gate(GateRequest {
            kind: GateKind::Hold,
            step: None,
            what: format!("{}\n{}\n{condition}", plan.runbook, cell),
            cell,
            sql: Vec::new(),
            reasons: vec![condition.clone()],
            why: None,
            rollback: Vec::new(),
            state: format!("every step before phase `{}` is done", phase.name),
        })
        .await
    }

    async fn run_step(&mut self, plan: &Plan, step: &Step) -> Result<Flow, EngineError> {
        if let Some(stop) = self.resolve(plan, &step.id, &step.forward, &step.after).await? {
            return Ok(Flow::Break(stop));
        }
        let progress = self.ledger.history.cell(&step.id, &step.forward.cell).cloned().unwrap_or_default();
        let total = step.forward.statements.len();
        let batched = step.forward.statements.iter().any(|statement| statement.hole.is_some());
        let effect_left = batched || progress.done < total;
        if effect_left {
            if !progress.touched()
                && let Some((cell, problem)) = self.no_way_back(plan, step).await?
            {
                return Ok(Flow::Break(self.failed(&cell, Some(1), problem, 0)));
            }
            if let Some(stop) = self.pass_step_gate(step).await? {
                return Ok(Flow::Break(stop));
            }
            if !progress.touched() {
                let flow = self.run_checks(plan, &step.before, CheckTime::Before, STEP_NOT_BEGUN).await?;
                if flow.is_break() {
                    return Ok(flow);
                }
            }
            let state = if progress.touched() { STEP_BEGUN } else { STEP_NOT_BEGUN };
            let flow = self.take_baselines(plan, &step.after, state).await?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        let done = Event::StepDone { step: step.id.clone() };
        let with_effect: &[Event] = if step.after.is_empty() { std::slice::from_ref(&done) } else { &[] };
        match self.run_cell(plan, &step.id, &step.forward, with_effect).await? {
            CellEnd::Done => {}
            CellEnd::Interrupted => return Ok(Flow::Break(self.interrupted(&step.id))),
            CellEnd::Stopped(stop) => return Ok(Flow::Break(stop)),
            CellEnd::Failed { statement, problem, attempts } => {
                return Ok(Flow::Break(self.failed(&step.forward.cell, statement, *problem, attempts)));
            }
        }
        if step.after.is_empty() {
            return Ok(Flow::Continue(()));
        }
        let state = format!("the effect of step `{}` is committed; only its verify cell failed", step.id);
        let flow = self.run_checks(plan, &step.after, CheckTime::After, &state).await?;
        if flow.is_break() {
            return Ok(flow);
        }
        self.stage(done);
        self.write().await?;
        Ok(Flow::Continue(()))
    }

    async fn pass_step_gate(&mut self, step: &Step) -> Result<Option<Stop>, EngineError> {
        let mut request = GateRequest::of_action(&step.id, &step.forward);
        request.rollback = rollback_lines(step);
        if self.ledger.history.step(&step.id) == Status::Left {
            request.kind = GateKind::Irreversible;
            request
                .reasons
                .insert(0, "runs again although an earlier rollback left what it did in place".to_owned());
        } else if step.forward.gate.is_none() {
            return Ok(None);
        }
        if self.ledger.history.cell(&step.id, &step.forward.cell).is_some_and(|cell| cell.touched()) {
            request.state = "a part of this cell is committed".to_owned();
        }
        request.state.push_str(&format!("; the steps before `{}` are done", step.id));
        self.pass_gate(request).await
    }

    /// Answers from before, for cells that expect them unchanged. One that the database refuses to give
    /// stops the run here: afterwards nobody can give it any more.
    async fn take_baselines(
        &mut self,
        plan: &Plan,
        checks: &[Check],
        state: &str,
    ) -> Result<Flow, EngineError> {
        for check in checks.iter().filter(|check| check.expect == Expect::Unchanged) {
            if !self.ledger.history.baselines.contains_key(&check.cell) {
                let flow =
                    self.run_checks(plan, std::slice::from_ref(check), CheckTime::Baseline, state).await?;
                if flow.is_break() {
                    return Ok(flow);
                }
                self.write().await?;
            }
        }
        Ok(Flow::Continue(()))
    }

    async fn run_checks(
        &mut self,
        plan: &Plan,
        checks: &[Check],
        time: CheckTime,
        state: &str,
    ) -> Result<Flow, EngineError> {
        for check in checks {
            match self.check(plan, check, time).await? {
                CheckOutcome::Passed => {}
                CheckOutcome::Violated { found } => {
                    let problem = Problem {
                        message: format!("expected {}, found {found}", super::check::expected(&check.expect)),
                        state: state.to_owned(),
                        help: format!(
                            "mend what the cell found, or the cell where it asks for the wrong thing; then `{}` goes on",
                            self.again("")
                        ),
                        ..Problem::default()
                    };
                    return Ok(Flow::Break(self.failed(&check.cell, None, problem, 1)));
                }
                CheckOutcome::Cancelled => return Ok(Flow::Break(self.interrupted(&check.cell))),
            }
        }
        Ok(Flow::Continue(()))
    }

    pub(super) fn failed(
        &mut self,
        cell: &str,
        statement: Option<usize>,
        mut problem: Problem,
        attempts: u32,
    ) -> Stop {
        if problem.help.is_empty() {
            problem.help = format!("mend the cause, then `{}` continues at this cell", self.again(""));
        }
        let stop = Stop {
            outcome: Outcome::Failed,
            at: Some(cell.to_owned()),
            state: format!("{}; {}", problem.message, problem.state),
            help: Some(problem.help.clone()),
            next: Some(self.again("")),
        };
        self.note(Event::Failed { cell: cell.to_owned(), statement, problem, attempts });
        stop
    }

    pub(super) fn interrupted(&self, at: &str) -> Stop {
        Stop {
            outcome: Outcome::Interrupted,
            at: Some(at.to_owned()),
            state: "what the journal has is committed; nothing else is, and the run goes on from there"
                .to_owned(),
            help: None,
            next: Some(self.again("")),
        }
    }
}
