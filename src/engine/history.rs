//! The journal, folded: the state of every step on a target.

use std::collections::BTreeMap;

use super::event::{BatchSum, CheckTime, Direction, Entry, Event, Held, Outcome, Output, Stop, Verdict};
use super::journal::Sealed;
use crate::backfill::Key;
use crate::document::Role;
use crate::plan::Digest;

/// Everything that the journal says of one runbook on one target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub runs: Vec<RunHistory>,
    /// By step id. A step that is not here was never touched.
    pub steps: BTreeMap<String, StepHistory>,
    /// Passed verify cells with their recorded answers; undoing the step forgets them.
    pub checks: BTreeMap<String, Recorded>,
    /// Answers from before a step, for `expect=unchanged`.
    pub baselines: BTreeMap<String, Recorded>,
    /// The step whose cell started last: statements name only their cell.
    owners: BTreeMap<String, (String, Role)>,
}

/// A verify cell's answer, and the step that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    pub step: Option<String>,
    pub output: Output,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RunHistory {
    pub run: String,
    pub direction: Direction,
    pub started_at: String,
    pub operator: String,
    pub plan: Digest,
    pub file: String,
    pub arguments: String,
    /// As it began, without the values of secret ones.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Identity of the database that it runs on.
    pub target: String,
    pub last_at: String,
    /// None while an invocation is running, or after it was killed.
    pub stop: Option<Stop>,
    /// Gates that were opened in this run.
    pub opened: Vec<(String, Digest)>,
    /// Entries so far, and the hash of the last.
    pub seq: u64,
    /// The cell that started last.
    pub cell: Option<String>,
    /// What was wished of it and seen.
    pub controlled: Controlled,
    /// Why its batches stand still, if they have for a while.
    pub held: Vec<Held>,
    /// A later run in the other direction made it history.
    pub superseded: bool,
}

/// What people want of the batches of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Controlled {
    pub paused: bool,
    /// Keys of a batch.
    pub size: Option<u64>,
}

impl Controlled {
    /// Takes in one of the words of [`Event::Controlled`].
    fn take(&mut self, wish: &str) {
        match wish {
            "pause" => self.paused = true,
            "resume" => self.paused = false,
            other => self.size = other.strip_prefix("size ").and_then(|size| size.parse().ok()),
        }
    }
}

impl RunHistory {
    /// True while a further invocation would go on with it.
    pub fn is_open(&self) -> bool {
        let completed = self.stop.as_ref().is_some_and(|stop| stop.outcome == Outcome::Completed);
        !completed && !self.superseded && self.direction != Direction::Verify
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Pending,
    AtGate,
    /// Some of it is committed, or its verify cells are still to pass.
    Running,
    Done,
    Failed,
    InDoubt,
    /// A rollback passed it by.
    Left,
    RolledBack,
}

impl Status {
    /// The state's name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::AtGate => "at gate",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::InDoubt => "in doubt",
            Self::Left => "left as it is",
            Self::RolledBack => "rolled back",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepHistory {
    pub status: Status,
    /// Cells of this step that were started, by cell id: the forward cell's, then the rollback cells'.
    pub cells: BTreeMap<String, CellHistory>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellHistory {
    pub digest: Option<Digest>,
    pub sql: Vec<String>,
    /// Fingerprint of the text with its secret values.
    pub secrets: Option<String>,
    /// Statements that are committed.
    pub done: usize,
    /// A statement with an intent and no outcome.
    pub intended: Option<Intent>,
    pub batches: Option<BatchHistory>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// The run that sent it, under whose name the server knows it.
    pub run: String,
    /// From 1.
    pub statement: usize,
    /// What the catalog said of its objects.
    pub before: Option<Vec<String>>,
    /// The step's verify cells did not pass before.
    pub provable: bool,
    /// A human said that it took effect in part.
    pub partial: bool,
}

impl CellHistory {
    pub fn touched(&self) -> bool {
        self.done > 0 || self.intended.is_some() || self.batches.as_ref().is_some_and(|b| b.last.is_some())
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct BatchHistory {
    /// First and last key of the walk; none where the table was empty.
    pub ends: Option<[Key; 2]>,
    /// Rows that the planner believed the table to have.
    pub planned: Option<u64>,
    /// The watermark.
    pub last: Option<Key>,
    pub count: u64,
    /// Keys of the last batch.
    pub keys: u64,
    pub sum: BatchSum,
    /// Keys that were left out.
    pub skipped: Vec<Key>,
}

/// The journal tells of something that cannot have happened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("entry {seq} of run {run} cannot follow what stands before it: {reason}")]
pub struct HistoryError {
    pub run: String,
    pub seq: u64,
    pub reason: String,
}

impl History {
    pub fn fold(entries: &[Sealed]) -> Result<Self, HistoryError> {
        let mut history = Self::default();
        for entry in entries {
            history.apply(entry)?;
        }
        Ok(history)
    }

    pub fn step(&self, id: &str) -> Status {
        self.steps.get(id).map_or(Status::Pending, |step| step.status)
    }

    /// A step whose undoing has begun and not ended.
    pub fn half_undone(&self) -> Option<&str> {
        let rolling = |cell: &String| self.owners.get(cell).is_some_and(|(_, role)| *role == Role::Rollback);
        self.steps
            .iter()
            .find(|(_, step)| step.cells.iter().any(|(id, cell)| rolling(id) && cell.touched()))
            .map(|(id, _)| id.as_str())
    }

    pub fn cell(&self, step: &str, cell: &str) -> Option<&CellHistory> {
        self.steps.get(step)?.cells.get(cell)
    }

    /// The run that an invocation in this direction goes on with.
    pub fn open_run(&self, direction: Direction) -> Option<&RunHistory> {
        self.runs.iter().rev().find(|run| run.direction == direction && run.is_open())
    }

    /// Takes one entry in. Total: it either moves the state or says why it cannot.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), HistoryError> {
        let refuse = |reason: String| HistoryError { run: entry.run.clone(), seq: entry.seq, reason };
        if let Event::RunStarted(started) = &entry.event {
            if self.runs.iter().any(|run| run.run == entry.run) {
                return Err(refuse("the run has started already".to_owned()));
            }
            let moves = started.direction != Direction::Verify;
            for run in self.runs.iter_mut().filter(|run| moves && run.direction != started.direction) {
                run.superseded = true;
            }
            self.runs.push(RunHistory {
                run: entry.run.clone(),
                direction: started.direction,
                started_at: entry.at.clone(),
                operator: started.operator.clone(),
                plan: started.plan.clone(),
                file: started.file.clone(),
                arguments: started.arguments.clone(),
                params: started.params.clone(),
                // Only a human's word makes another database the target.
                target: self
                    .runs
                    .last()
                    .map_or_else(|| started.target.identity.clone(), |last| last.target.clone()),
                last_at: entry.at.clone(),
                stop: None,
                opened: Vec::new(),
                seq: entry.seq,
                cell: None,
                controlled: Controlled::default(),
                held: Vec::new(),
                superseded: false,
            });
            return Ok(());
        }
        let Some(run) = self.runs.iter_mut().find(|run| run.run == entry.run) else {
            return Err(refuse("its run never started".to_owned()));
        };
        if run.stop.is_some() && !matches!(entry.event, Event::RunContinued { .. }) {
            return Err(refuse("the run had stopped".to_owned()));
        }
        run.last_at.clone_from(&entry.at);
        run.seq = entry.seq;
        if let Event::CellStarted { cell, .. } = &entry.event {
            run.cell = Some(cell.clone());
        }
        match &entry.event {
            Event::Controlled { wish, .. } => run.controlled.take(wish),
            Event::Throttled { causes, .. } => run.held.clone_from(causes),
            Event::Unthrottled { .. } | Event::BatchDone { .. } | Event::RunContinued { .. } => {
                run.held.clear()
            }
            _ => {}
        }
        let direction = run.direction;
        match &entry.event {
            Event::RunStarted(_) => Ok(()),
            Event::RunContinued { plan, operator, file, arguments, .. } => {
                run.stop = None;
                run.plan = plan.clone();
                run.operator.clone_from(operator);
                run.file.clone_from(file);
                run.arguments.clone_from(arguments);
                Ok(())
            }
            Event::TargetAdopted { target } => {
                run.target.clone_from(&target.identity);
                Ok(())
            }
            Event::GateOpened { cell, digest, .. } => {
                run.opened.push((cell.clone(), digest.clone()));
                Ok(())
            }
            Event::Stopped(stop) => {
                run.stop = Some(stop.clone());
                Ok(())
            }
            event => self.apply_to_step(direction, &entry.run, event).map_err(refuse),
        }
    }

    fn apply_to_step(&mut self, direction: Direction, run: &str, event: &Event) -> Result<(), String> {
        match event {
            Event::GateReached { step: Some(step), .. } if direction == Direction::Forward => {
                let state = self.steps.entry(step.clone()).or_default();
                if matches!(state.status, Status::Pending | Status::RolledBack) {
                    state.status = Status::AtGate;
                }
                Ok(())
            }
            Event::CellStarted { step, cell, role, digest, sql, secrets, .. } => {
                let state = self.steps.entry(step.clone()).or_default();
                if direction == Direction::Forward && state.status == Status::Done {
                    return Err(format!("step `{step}` is done and cannot start again"));
                }
                if state.status == Status::RolledBack {
                    *state = StepHistory::default();
                }
                if state.status != Status::Done {
                    state.status = Status::Running;
                }
                let cell_state = state.cells.entry(cell.clone()).or_default();
                cell_state.digest = Some(digest.clone());
                cell_state.sql.clone_from(sql);
                cell_state.secrets.clone_from(secrets);
                self.owners.insert(cell.clone(), (step.clone(), *role));
                Ok(())
            }
            Event::StatementIntended { cell, statement, before, provable } => {
                let state = self.cell_mut(cell)?;
                if state.intended.is_some() {
                    return Err(format!("cell `{cell}` has a statement in doubt already"));
                }
                if *statement != state.done + 1 {
                    return Err(format!("statement {statement} of `{cell}` is not its next one"));
                }
                state.intended = Some(Intent {
                    run: run.to_owned(),
                    statement: *statement,
                    before: before.clone(),
                    provable: *provable,
                    partial: false,
                });
                self.set_status(cell, Status::InDoubt);
                Ok(())
            }
            Event::StatementDone { cell, statement, .. } => {
                let state = self.cell_mut(cell)?;
                if *statement != state.done + 1 {
                    return Err(format!("statement {statement} of `{cell}` is done twice or out of order"));
                }
                state.done = *statement;
                state.intended = None;
                self.set_status(cell, Status::Running);
                Ok(())
            }
            Event::BatchesStarted { cell, ends, planned, .. } => {
                let state = self.cell_mut(cell)?;
                if state.batches.is_some() {
                    return Err(format!("the batches of `{cell}` have started already"));
                }
                state.batches =
                    Some(BatchHistory { ends: ends.clone(), planned: *planned, ..BatchHistory::default() });
                Ok(())
            }
            Event::BatchDone { cell, batch, to, keys, sum, .. } => {
                let state = self.cell_mut(cell)?;
                let batches = state.batches.as_mut().ok_or("a batch without a start")?;
                if *batch <= batches.count || sum.keys < batches.sum.keys {
                    return Err(format!("batch {batch} of `{cell}` is done twice or out of order"));
                }
                batches.count = *batch;
                batches.keys = *keys;
                batches.sum = *sum;
                batches.last = Some(to.clone());
                self.set_status(cell, Status::Running);
                Ok(())
            }
            Event::KeySkipped { cell, key, .. } => {
                let state = self.cell_mut(cell)?;
                let batches = state.batches.as_mut().ok_or("a key is skipped before the start")?;
                batches.last = Some(key.clone());
                batches.skipped.push(key.clone());
                self.set_status(cell, Status::Running);
                Ok(())
            }
            Event::Resolved { cell, statement, verdict, .. } => {
                let state = self.cell_mut(cell)?;
                if state.intended.as_ref().map(|intent| intent.statement) != Some(*statement) {
                    return Err(format!("statement {statement} of `{cell}` was not in doubt"));
                }
                if *verdict == Verdict::Partial {
                    if let Some(intent) = &mut state.intended {
                        intent.partial = true;
                    }
                    return Ok(());
                }
                state.intended = None;
                if *verdict == Verdict::Done {
                    state.done = *statement;
                }
                self.set_status(cell, Status::Running);
                Ok(())
            }
            Event::Failed { cell, .. } => {
                if let Ok(state) = self.cell_mut(cell) {
                    state.intended = None;
                    self.set_status(cell, Status::Failed);
                }
                Ok(())
            }
            Event::Checked { cell, step, time, passed, output, .. } => {
                let recorded = Recorded { step: step.clone(), output: output.clone() };
                match time {
                    CheckTime::Baseline if *passed => self.baselines.insert(cell.clone(), recorded),
                    CheckTime::Before | CheckTime::After if *passed => {
                        self.checks.insert(cell.clone(), recorded)
                    }
                    _ => None,
                };
                Ok(())
            }
            Event::StepDone { step } => {
                let state = self.steps.get_mut(step).ok_or(format!("step `{step}` never started"))?;
                if state.status == Status::Done {
                    return Err(format!("step `{step}` is done twice"));
                }
                if state.cells.values().any(|cell| cell.intended.is_some()) {
                    return Err(format!("step `{step}` is done while a statement of it is in doubt"));
                }
                state.status = Status::Done;
                Ok(())
            }
            Event::StepUndone { step } => {
                let state = self.steps.get_mut(step).ok_or(format!("step `{step}` never started"))?;
                *state = StepHistory { status: Status::RolledBack, cells: BTreeMap::new() };
                // What was true of a whole phase need not be true without the step.
                let kept = |recorded: &Recorded| recorded.step.as_ref().is_some_and(|of| of != step);
                self.checks.retain(|_, recorded| kept(recorded));
                self.baselines.retain(|_, recorded| kept(recorded));
                Ok(())
            }
            Event::StepLeft { step, .. } => {
                // It starts afresh if it is ever run again: what it did may have gone with other steps.
                let state = self.steps.entry(step.clone()).or_default();
                *state = StepHistory { status: Status::Left, cells: BTreeMap::new() };
                Ok(())
            }
            Event::GateReached { .. }
            | Event::Waiting { .. }
            | Event::LockTakenOver { .. }
            | Event::TargetAdopted { .. }
            | Event::LeftoverRemoved { .. }
            | Event::Retried { .. }
            | Event::Controlled { .. }
            | Event::Unwatched { .. }
            | Event::Throttled { .. }
            | Event::Unthrottled { .. }
            | Event::RunStarted(_)
            | Event::RunContinued { .. }
            | Event::GateOpened { .. }
            | Event::Stopped(_) => Ok(()),
        }
    }

    fn cell_mut(&mut self, cell: &str) -> Result<&mut CellHistory, String> {
        let never = || format!("cell `{cell}` never started");
        let (step, _) = self.owners.get(cell).ok_or_else(never)?;
        self.steps.get_mut(step).and_then(|step| step.cells.get_mut(cell)).ok_or_else(never)
    }

    /// A rollback cell's progress or failure does not make its step less done until it is undone.
    fn set_status(&mut self, cell: &str, status: Status) {
        let Some((step, role)) = self.owners.get(cell) else { return };
        if let Some(state) = self.steps.get_mut(step) {
            state.status = match (role, status) {
                (Role::Rollback, Status::Running | Status::Failed) => Status::Done,
                _ => status,
            };
        }
    }
}
