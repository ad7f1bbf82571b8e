//! What happens in a run, as typed events: the spine that journal, terminal and record share.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::backend::{Answer, Blocker, DbError, TargetInfo};
use crate::backfill::Key;
use crate::document::Role;
use crate::plan::Digest;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    RunStarted(Box<RunStarted>),
    /// A later invocation goes on with the run.
    RunContinued {
        plan: Digest,
        operator: String,
        engine: String,
        /// The runbook as it was named this time.
        file: String,
        /// Flags beside `--db` that a further invocation needs.
        arguments: String,
    },
    /// A human said that the run goes on on another database than it began on: a copy, or one that was
    /// restored elsewhere.
    TargetAdopted {
        target: TargetInfo,
    },
    /// The run lock was somebody's who had been silent for longer than their lease.
    LockTakenOver {
        operator: String,
        run: String,
        since: String,
        silent_seconds: u64,
    },
    /// `step` is the one whose cell stops; a hold has none.
    GateReached {
        gate: GateKind,
        step: Option<String>,
        cell: String,
        digest: Digest,
        reasons: Vec<String>,
    },
    GateOpened {
        cell: String,
        digest: Digest,
        operator: String,
        how: How,
    },
    CellStarted {
        step: String,
        cell: String,
        role: Role,
        digest: Digest,
        sql: Vec<String>,
        /// A salted fingerprint of the cell's text with its secret values, where it has any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secrets: Option<String>,
        /// Statements that an earlier invocation has committed.
        #[serde(default, skip_serializing_if = "is_zero")]
        committed: usize,
    },
    /// Written before a statement that no transaction holds. `before` is what the catalog says of its
    /// objects: as long as it says the same, the statement has not taken effect.
    StatementIntended {
        cell: String,
        statement: usize,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Vec<String>>,
        /// The step's verify cells do not pass yet, so that their passing will prove the statement.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        provable: bool,
    },
    /// The statement in flight waits for other sessions.
    Waiting {
        cell: String,
        statement: usize,
        waited_millis: u64,
        blockers: Vec<Blocker>,
    },
    /// What an earlier failed build had left behind is gone, because a human said so.
    LeftoverRemoved {
        cell: String,
        name: String,
        sql: String,
    },
    StatementDone {
        cell: String,
        statement: usize,
        affected: u64,
        micros: u64,
        attempts: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Output>,
    },
    /// `ends` are the first and the last key that will be walked, as SQL literals; without them the
    /// table was empty. Either `size` is what each batch takes, or `target_millis` how long it should.
    BatchesStarted {
        cell: String,
        ends: Option<[Key; 2]>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        size: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target_millis: Option<u64>,
        /// Rows that the planner believed the table to have.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        planned: Option<u64>,
    },
    /// `micros` is without the commit, of which the event is a part. In the journal it takes the place of
    /// the batch before it, where nothing came between them.
    BatchDone {
        cell: String,
        /// From 1.
        batch: u64,
        /// The watermark: every key up to this one is walked.
        to: Key,
        keys: u64,
        affected: u64,
        micros: u64,
        attempts: u32,
        /// Of all batches of the cell so far.
        sum: BatchSum,
    },
    /// The rows of one key could not be changed, and `on_error` says to leave such keys out.
    KeySkipped {
        cell: String,
        /// The key's columns.
        column: String,
        key: Key,
        problem: Problem,
    },
    /// Somebody changed how the batches run, and the run has seen it.
    Controlled {
        cell: String,
        /// `pause`, `resume`, `size 500`, `size auto`.
        wish: String,
        operator: String,
        /// RFC 3339, UTC.
        asked_at: String,
    },
    /// Limits that nobody set and that cannot be watched on this target, so that they pause nothing.
    Unwatched {
        cell: String,
        limits: Vec<Held>,
    },
    /// The batches have stood still for a while, and go on standing still.
    Throttled {
        cell: String,
        causes: Vec<Held>,
    },
    /// What standing still has cost since the last such entry: how often, how long, and for each cause how
    /// long. Two causes at once count both.
    Unthrottled {
        cell: String,
        times: u64,
        millis: u64,
        causes: BTreeMap<String, u64>,
    },
    /// Another session was in the way; the statement is tried again after `wait_millis`.
    Retried {
        cell: String,
        statement: usize,
        attempt: u32,
        wait_millis: u64,
        problem: Problem,
    },
    Checked {
        cell: String,
        /// None for a verify cell of a whole phase.
        step: Option<String>,
        time: CheckTime,
        digest: Digest,
        sql: String,
        expected: String,
        passed: bool,
        found: String,
        output: Output,
        micros: u64,
        /// In a replay: whether the answer is the one that the run recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        as_recorded: Option<bool>,
    },
    StepDone {
        step: String,
    },
    StepUndone {
        step: String,
    },
    /// A rollback left a step as it is, because it is irreversible and a human said so.
    StepLeft {
        step: String,
        reason: String,
    },
    /// What became of a statement that was in doubt.
    Resolved {
        cell: String,
        statement: usize,
        verdict: Verdict,
        evidence: String,
    },
    Failed {
        cell: String,
        statement: Option<usize>,
        problem: Problem,
        attempts: u32,
    },
    /// The one terminal event of every invocation.
    Stopped(Stop),
}

impl Event {
    /// Whether it tells all that an earlier event told and stands for it in the journal: a walk of hours
    /// has hundreds of thousands of batches, and each of them knows their sum.
    pub(super) fn takes_place_of(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::BatchDone { cell, .. }, Self::BatchDone { cell: before, .. }) => cell == before,
            _ => false,
        }
    }
}

/// Batches, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchSum {
    pub keys: u64,
    pub rows: u64,
    pub micros: u64,
    /// Of the slowest batch.
    pub slowest_micros: u64,
    /// Of the batch that took most.
    pub attempts: u32,
}

impl BatchSum {
    /// With one batch more.
    pub(super) fn with(self, keys: u64, rows: u64, micros: u64, attempts: u32) -> Self {
        Self {
            keys: self.keys.saturating_add(keys),
            rows: self.rows.saturating_add(rows),
            micros: self.micros.saturating_add(micros),
            slowest_micros: self.slowest_micros.max(micros),
            attempts: self.attempts.max(attempts),
        }
    }
}

/// Why the batches stand still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The option that sets the limit, or `control` where a person holds them.
    pub cause: String,
    pub why: String,
}

/// How a batched cell is doing: told while it runs, and in no journal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    pub cell: String,
    pub batches: u64,
    /// Rows that were changed.
    pub rows: u64,
    /// Keys that were walked over.
    pub keys: u64,
    /// Of the whole walk, to a tenth.
    pub percent: Option<f64>,
    /// Keys a second, over the last minute.
    pub rate: Option<u64>,
    pub left_seconds: Option<u64>,
    /// Keys of the last batch.
    pub size: u64,
    /// The batches are short and lie apart for others' sake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gives_way: bool,
    /// Empty while the batches run.
    pub held: Vec<Held>,
    pub held_millis: u64,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    pub direction: Direction,
    pub runbook: String,
    pub title: String,
    pub file: String,
    /// SHA-256 of the file.
    pub file_hash: String,
    pub git_commit: Option<String>,
    pub plan: Digest,
    pub target_name: String,
    pub target: TargetInfo,
    pub operator: String,
    pub engine: String,
    /// Flags beside `--db` that a further invocation needs.
    pub arguments: String,
    /// Without the values of secret ones.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Step ids with their phases, in order.
    pub steps: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Forward,
    Rollback,
    Verify,
}

impl Direction {
    /// The command that goes in this direction.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Forward => "run",
            Self::Rollback => "rollback",
            Self::Verify => "verify",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateKind {
    Destructive,
    Hold,
    /// A rollback would pass a step that nothing undoes.
    Irreversible,
    /// An INVALID index of an earlier failed build stands in the way.
    Leftover,
    /// The journal was begun on another database than this one.
    Target,
}

/// How a human's consent came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// Typed at the gate.
    Typed,
    /// Given on the command line, bound to a digest.
    Flag,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckTime {
    Before,
    /// The answer that `expect=unchanged` compares with.
    Baseline,
    After,
    Replay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Done,
    NotDone,
    /// Some of it took effect. It stays in doubt until somebody has finished or undone it by hand.
    Partial,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotDone => "not done",
            Self::Partial => "partly done",
        }
    }
}

/// The part of an answer that is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Output {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
    /// All rows that came, kept or not.
    pub returned: u64,
    pub hash: String,
}

impl From<Answer> for Output {
    fn from(answer: Answer) -> Self {
        Self { columns: answer.columns, rows: answer.rows, returned: answer.returned, hash: answer.hash }
    }
}

/// An error, the state it left the database in, and what to type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    pub message: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Byte offset into the statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
    /// `file:line:column` in the runbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Who was in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<Blocker>,
    pub state: String,
    /// What to do about it, in words.
    pub help: String,
}

impl Problem {
    /// `redact` takes secrets out: servers like to quote values.
    pub fn of(error: &DbError, redact: &dyn Fn(&str) -> String) -> Self {
        match error.refusal() {
            Some(refusal) => Self {
                message: redact(&refusal.message),
                code: refusal.code.clone(),
                detail: refusal.detail.as_deref().map(redact),
                hint: refusal.hint.as_deref().map(redact),
                offset: refusal.offset,
                ..Self::default()
            },
            None => Self { message: redact(&error.to_string()), ..Self::default() },
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that was asked for is done.
    Completed,
    /// Stopped where `--step` or `--until` said.
    Paused,
    Failed,
    AtGate,
    InDoubt,
    Interrupted,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop {
    pub outcome: Outcome,
    /// Where: a cell, a step or a phase. Not `at` in JSON: there it would take the place of the
    /// entry's time, which the event is flattened into.
    #[serde(default, rename = "stopped_at", skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What state the database is in now.
    pub state: String,
    /// What to do first, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The command that goes on, ready to paste; none where nothing is left, or where no one command does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// An event in its place: what the journal holds and the hash chain is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Version of this format.
    pub version: u32,
    pub run: String,
    /// From 1 within the run.
    pub seq: u64,
    /// RFC 3339, UTC.
    pub at: String,
    /// The hash of the entry before it in the run; of the first, empty.
    pub prev: String,
    #[serde(flatten)]
    pub event: Event,
}
