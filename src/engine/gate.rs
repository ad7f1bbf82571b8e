//! Stops that only a human opens.

use async_trait::async_trait;

use super::event::{GateKind, Verdict};
use crate::plan::Digest;

/// What a human is shown at a gate.
#[derive(Clone, Debug, PartialEq)]
pub struct GateView {
    pub kind: GateKind,
    /// What to type: the cell's id, or `before-<phase>` for a hold.
    pub cell: String,
    /// Binds a consent to this SQL on this target.
    pub digest: Digest,
    pub target: String,
    /// Rendered SQL with secrets hidden.
    pub sql: Vec<String>,
    /// What will be lost, or what a hold waits for.
    pub reasons: Vec<String>,
    /// The author's word on why.
    pub why: Option<String>,
    /// What undoing would do, a line each; empty where nothing undoes it.
    pub rollback: Vec<String>,
    /// A consent for this cell came with the command, but for another text or another target.
    pub stale: bool,
    /// The command that continues here without a terminal.
    pub command: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateAnswer {
    Confirmed,
    Declined,
    /// Nobody is there to ask.
    NoTerminal,
}

/// A statement whose outcome only a human can tell.
#[derive(Clone, Debug, PartialEq)]
pub struct DoubtView {
    pub cell: String,
    /// From 1.
    pub statement: usize,
    pub target: String,
    /// With secrets hidden.
    pub sql: String,
    /// What was found out, a line each.
    pub evidence: Vec<String>,
}

#[async_trait]
pub trait Gatekeeper: Send {
    async fn ask(&mut self, gate: &GateView) -> GateAnswer;

    /// What became of a statement in doubt; None where nobody says.
    async fn settle(&mut self, doubt: &DoubtView) -> Option<Verdict>;
}

/// A consent that came with the command: `--confirm <cell>@<digest>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    pub cell: String,
    /// At least 12 hexadecimal digits.
    pub digest: String,
}

impl Consent {
    pub fn covers(&self, gate: &GateView) -> bool {
        self.cell == gate.cell && self.digest.len() >= 12 && gate.digest.as_str().starts_with(&self.digest)
    }
}

/// Binds what is consented to (a cell's digest, a hold's text) to one database.
pub fn consent_digest(kind: GateKind, what: &str, identity: &str) -> Digest {
    let kind = match kind {
        GateKind::Destructive => "destructive",
        GateKind::Hold => "hold",
        GateKind::Irreversible => "irreversible",
        GateKind::Leftover => "leftover",
        GateKind::Target => "target",
    };
    Digest::of_parts([kind, what, identity])
}
