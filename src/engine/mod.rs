//! Runs a plan: one cell after the other, a checkpoint after every effect, a stop at every gate.
//!
//! The engine prints nothing and reads no clock, environment or terminal: it emits [`Event`]s, and
//! asks a [`Gatekeeper`] and a [`Host`]. What happened is in the journal alone; [`History`] is the
//! journal folded, by the same function live and on resume.

mod ahead;
mod alone;
mod attempt;
mod batch;
mod brake;
mod cell;
mod check;
mod context;
mod event;
mod forward;
mod gate;
mod governor;
mod history;
mod host;
mod journal;
mod ledger;
mod lookout;
mod recovery;
mod rollback;
mod secret;
mod sight;
mod silence;
mod verify;

pub use ahead::walks_ahead;
pub use check::{CheckOutcome, judge};
pub use context::{ChangedParam, Context, EngineError, Invocation, Report, Sink, shell_word};
pub use event::{
    BatchSum, CheckTime, Direction, Entry, Event, GateKind, Held, How, Outcome, Output, Problem, Progress,
    RunStarted, Stop, Verdict,
};
pub use forward::{Until, known_place, run};
pub use gate::{Consent, DoubtView, GateAnswer, GateView, Gatekeeper, consent_digest};
pub use history::{
    BatchHistory, CellHistory, Controlled, History, HistoryError, Recorded, RunHistory, Status, StepHistory,
};
pub use host::{Host, Interrupt};
pub use journal::{JournalError, ReadError, Sealed, VERSION, decode};
pub use rollback::{RollbackStep, history, rollback, rollback_plan};
pub use sight::progress_of;
pub use verify::{VerifyRow, alive, verify};
