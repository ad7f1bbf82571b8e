//! Entries, folded into what a page tells: invocations, steps, and cells in order of execution.
//!
//! Unlike [`crate::engine::History`] it never refuses: a record must be makeable of whatever
//! happened, and a run that goes on with an earlier one's steps does not hold their beginning.

use std::collections::{BTreeMap, HashMap};

use crate::backfill::Key;
use crate::document::Role;
use crate::engine::{BatchSum, Entry, Event, GateKind, Problem, RunStarted, Sealed, Status, Stop, Verdict};
use crate::plan::Digest;

#[derive(Default)]
pub(super) struct Story<'a> {
    pub started: Option<&'a RunStarted>,
    pub run: &'a str,
    pub entries: u64,
    /// Hash of the last entry: it stands for the whole chain.
    pub head: String,
    pub invocations: Vec<Invocation<'a>>,
    pub steps: Vec<Step<'a>>,
    /// In the order in which each was first heard of.
    pub parts: Vec<Part<'a>>,
    owners: HashMap<&'a str, &'a str>,
    /// Where each step and each part stands.
    step_places: HashMap<&'a str, usize>,
    part_places: HashMap<&'a str, usize>,
}

pub(super) struct Invocation<'a> {
    pub operator: &'a str,
    pub engine: &'a str,
    pub plan: &'a Digest,
    pub from: &'a str,
    pub to: &'a str,
    /// None while it is running, or after it was killed.
    pub stop: Option<&'a Stop>,
}

pub(super) struct Step<'a> {
    pub id: &'a str,
    pub phase: &'a str,
    /// None: this run did not touch it.
    pub status: Option<Status>,
    pub rows: u64,
    pub micros: u64,
    pub attempts: u32,
}

/// What is under one heading: a cell, or a hold.
pub(super) struct Part<'a> {
    pub cell: &'a str,
    pub step: Option<&'a str>,
    pub kind: PartKind,
    /// With the number of the invocation, from 1.
    pub moments: Vec<(usize, &'a Entry)>,
    /// A statement with an intent and no outcome.
    pub intended: Option<usize>,
    pub batches: Option<Batches<'a>>,
    pub retries: Retries<'a>,
    pub rows: u64,
    pub micros: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Cell(Role),
    Hold,
    /// A gate whose cell did not start.
    Gate,
}

#[derive(Default)]
pub(super) struct Batches<'a> {
    /// Keys of each batch, where that was fixed.
    pub size: Option<u64>,
    pub target_millis: Option<u64>,
    pub ends: Option<&'a [Key; 2]>,
    pub count: u64,
    pub last: Option<&'a Key>,
    pub sum: BatchSum,
    /// How often and for how long they stood still, and for how long for each cause.
    pub stops: u64,
    pub stopped_millis: u64,
    pub causes: BTreeMap<&'a str, u64>,
    /// Keys that were left out, with their columns.
    pub skipped: Vec<(&'a str, &'a Key, &'a Problem)>,
}

#[derive(Default)]
pub(super) struct Retries<'a> {
    pub count: u64,
    pub waited_millis: u64,
    /// Each message once, with how often it came.
    pub problems: Vec<(&'a Problem, u64)>,
}

impl<'a> Story<'a> {
    pub fn of(entries: &'a [Sealed]) -> Self {
        let mut story = Self { entries: entries.len() as u64, ..Self::default() };
        if let (Some(first), Some(last)) = (entries.first(), entries.last()) {
            story.run = &first.run;
            story.head = last.hash().to_owned();
        }
        for entry in entries {
            story.apply(entry);
        }
        for part in story.parts.iter().filter(|part| part.intended.is_some()) {
            let Some(owner) = part.step else { continue };
            if let Some(step) = story.steps.iter_mut().find(|step| step.id == owner) {
                step.status = Some(Status::InDoubt);
            }
        }
        story
    }

    /// The last invocation's end.
    pub fn stop(&self) -> Option<&'a Stop> {
        self.invocations.last().and_then(|invocation| invocation.stop)
    }

    fn apply(&mut self, entry: &'a Entry) {
        if let Some(invocation) = self.invocations.last_mut() {
            // A continued run begins its own stretch of time.
            if !matches!(entry.event, Event::RunContinued { .. }) {
                invocation.to = &entry.at;
            }
        }
        match &entry.event {
            Event::RunStarted(started) => {
                self.started = Some(started);
                self.invoked(entry, &started.operator, &started.engine, &started.plan);
                for (id, phase) in &started.steps {
                    self.step(id).phase = phase;
                }
            }
            Event::RunContinued { plan, operator, engine, .. } => self.invoked(entry, operator, engine, plan),
            Event::Stopped(stop) => {
                if let Some(invocation) = self.invocations.last_mut() {
                    invocation.stop = Some(stop);
                }
            }
            Event::StepDone { step } => self.step(step).status = Some(Status::Done),
            Event::StepUndone { step } => self.step(step).status = Some(Status::RolledBack),
            Event::StepLeft { step, .. } => {
                self.step(step).status = Some(Status::Left);
                self.moment(step, PartKind::Gate, entry);
            }
            event => self.apply_to_cell(entry, event),
        }
    }

    fn apply_to_cell(&mut self, entry: &'a Entry, event: &'a Event) {
        match event {
            Event::CellStarted { step, cell, role, .. } => {
                self.owners.insert(cell, step);
                self.step(step).status = Some(Status::Running);
                let part = self.moment(cell, PartKind::Cell(*role), entry);
                part.kind = PartKind::Cell(*role);
                part.step = Some(step);
            }
            Event::GateReached { gate, step, cell, .. } => {
                let kind = if *gate == GateKind::Hold { PartKind::Hold } else { PartKind::Gate };
                self.moment(cell, kind, entry);
                if let Some(step) = step {
                    self.owners.insert(cell, step);
                }
                self.set_status(cell, Status::AtGate);
            }
            Event::GateOpened { cell, .. } => {
                self.moment(cell, PartKind::Gate, entry);
                self.set_status(cell, Status::Running);
            }
            Event::StatementIntended { cell, statement, .. } => {
                self.part(cell, PartKind::Gate).intended = Some(*statement);
            }
            Event::StatementDone { cell, affected, micros, attempts, .. } => {
                self.moment(cell, PartKind::Gate, entry).intended = None;
                self.count(cell, *affected, *micros, *attempts);
            }
            Event::BatchesStarted { cell, ends, size, target_millis, .. } => {
                let part = self.moment(cell, PartKind::Gate, entry);
                part.batches = Some(Batches {
                    size: *size,
                    target_millis: *target_millis,
                    ends: ends.as_ref(),
                    ..Batches::default()
                });
            }
            Event::BatchDone { cell, batch, to, sum, .. } => {
                let batches = self.part(cell, PartKind::Gate).batches.get_or_insert_default();
                let before = std::mem::replace(&mut batches.sum, *sum);
                batches.count = *batch;
                batches.last = Some(to);
                let (rows, micros) =
                    (sum.rows - before.rows.min(sum.rows), sum.micros - before.micros.min(sum.micros));
                self.count(cell, rows, micros, sum.attempts);
            }
            Event::KeySkipped { cell, column, key, problem } => {
                let batches = self.part(cell, PartKind::Gate).batches.get_or_insert_default();
                batches.last = Some(key);
                batches.skipped.push((column, key, problem));
            }
            Event::Unthrottled { cell, times, millis, causes } => {
                let batches = self.part(cell, PartKind::Gate).batches.get_or_insert_default();
                batches.stops = batches.stops.saturating_add(*times);
                batches.stopped_millis = batches.stopped_millis.saturating_add(*millis);
                for (cause, millis) in causes {
                    let sum = batches.causes.entry(cause).or_default();
                    *sum = sum.saturating_add(*millis);
                }
            }
            Event::Controlled { cell, .. } | Event::Unwatched { cell, .. } => {
                self.moment(cell, PartKind::Gate, entry);
            }
            Event::Retried { cell, wait_millis, problem, .. } => {
                let retries = &mut self.part(cell, PartKind::Gate).retries;
                retries.count += 1;
                retries.waited_millis = retries.waited_millis.saturating_add(*wait_millis);
                match retries.problems.iter_mut().find(|(known, _)| known.message == problem.message) {
                    Some((_, times)) => *times += 1,
                    None => retries.problems.push((problem, 1)),
                }
            }
            Event::Checked { cell, step, micros, .. } => {
                if let Some(step) = step {
                    self.owners.insert(cell, step);
                }
                let part = self.moment(cell, PartKind::Cell(Role::Verify), entry);
                part.step = step.as_deref();
                part.micros = part.micros.saturating_add(*micros);
            }
            Event::Resolved { cell, verdict, .. } => {
                let part = self.moment(cell, PartKind::Gate, entry);
                if *verdict != Verdict::Partial {
                    part.intended = None;
                    self.set_status(cell, Status::Running);
                }
            }
            Event::Waiting { cell, .. } | Event::LeftoverRemoved { cell, .. } => {
                self.moment(cell, PartKind::Gate, entry);
            }
            Event::Failed { cell, attempts, .. } => {
                self.moment(cell, PartKind::Gate, entry).intended = None;
                self.set_status(cell, Status::Failed);
                if let Some(step) = self.step_of(cell) {
                    step.attempts = step.attempts.max(*attempts);
                }
            }
            _ => {}
        }
    }

    fn invoked(&mut self, entry: &'a Entry, operator: &'a str, engine: &'a str, plan: &'a Digest) {
        let (from, to) = (entry.at.as_str(), entry.at.as_str());
        self.invocations.push(Invocation { operator, engine, plan, from, to, stop: None });
    }

    fn step(&mut self, id: &'a str) -> &mut Step<'a> {
        let index = *self.step_places.entry(id).or_insert_with(|| {
            self.steps.push(Step { id, phase: "", status: None, rows: 0, micros: 0, attempts: 0 });
            self.steps.len() - 1
        });
        &mut self.steps[index]
    }

    /// The step that a cell belongs to; a forward cell's id is its step's.
    fn step_of(&mut self, cell: &str) -> Option<&mut Step<'a>> {
        let owner = self.owners.get(cell).copied().unwrap_or(cell);
        self.step_places.get(owner).map(|index| &mut self.steps[*index])
    }

    fn set_status(&mut self, cell: &str, status: Status) {
        if let Some(step) = self.step_of(cell) {
            step.status = Some(status);
        }
    }

    fn count(&mut self, cell: &'a str, affected: u64, micros: u64, attempts: u32) {
        let part = self.part(cell, PartKind::Gate);
        part.rows = part.rows.saturating_add(affected);
        part.micros = part.micros.saturating_add(micros);
        if let Some(step) = self.step_of(cell) {
            step.rows = step.rows.saturating_add(affected);
            step.micros = step.micros.saturating_add(micros);
            step.attempts = step.attempts.max(attempts);
        }
    }

    fn part(&mut self, cell: &'a str, kind: PartKind) -> &mut Part<'a> {
        let step = self.owners.get(cell).copied();
        let index = *self.part_places.entry(cell).or_insert_with(|| {
            self.parts.push(Part {
                cell,
                step,
                kind,
                moments: Vec::new(),
                intended: None,
                batches: None,
                retries: Retries::default(),
                rows: 0,
                micros: 0,
            });
            self.parts.len() - 1
        });
        &mut self.parts[index]
    }

    fn moment(&mut self, cell: &'a str, kind: PartKind, entry: &'a Entry) -> &mut Part<'a> {
        let invocation = self.invocations.len();
        let part = self.part(cell, kind);
        part.moments.push((invocation, entry));
        part
    }
}
