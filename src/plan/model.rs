use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Digest;
use crate::backfill::Backfill;
use crate::dialect::{Dialect, Facts, Limits, Waiting};
use crate::document::{Expect, Role, When};
use crate::source::{Provenance, Source, Span};

/// A rendered runbook: what will run, in order.
#[derive(Clone, Debug)]
pub struct Plan {
    pub source: Arc<Source>,
    pub runbook: String,
    pub title: String,
    pub dialect: Dialect,
    pub phases: Vec<Phase>,
    pub steps: Vec<Step>,
    /// Over every cell and gate.
    pub digest: Digest,
    /// Parameter values without the secret ones.
    pub params: BTreeMap<String, serde_json::Value>,
    /// Texts that must never leave the process.
    pub secrets: Vec<String>,
}

impl Plan {
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    pub fn steps_of<'a>(&'a self, phase: &'a str) -> impl Iterator<Item = &'a Step> + 'a {
        self.steps.iter().filter(move |step| step.phase == phase)
    }

    /// Every verify cell with the step it belongs to, in document order.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.phases.iter().flat_map(move |phase| {
            let steps = self.steps.iter().filter(move |step| step.phase == phase.name);
            phase
                .before
                .iter()
                .chain(steps.flat_map(|step| step.before.iter().chain(&step.after)))
                .chain(&phase.after)
        })
    }

    /// Lets the operator's limits take the place of the runbook's. What waits patiently keeps its own:
    /// a timeout would only waste its work.
    pub fn override_limits(&mut self, said: Overrides) {
        let actions = self
            .steps
            .iter_mut()
            .flat_map(|step| std::iter::once(&mut step.forward).chain(&mut step.rollback));
        for action in actions {
            action.retry = said.retry.unwrap_or(action.retry);
            for statement in &mut action.statements {
                if statement.facts.waiting() != Waiting::Patient {
                    let limits = &mut statement.limits;
                    limits.lock_timeout = said.lock_timeout.or(limits.lock_timeout);
                    limits.statement_timeout = said.statement_timeout.or(limits.statement_timeout);
                }
            }
        }
    }

    /// What messages say of a text that may hold a secret.
    pub fn redact(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in &self.secrets {
            shown = shown.replace(secret.as_str(), "(secret)");
        }
        shown
    }
}

#[derive(Clone, Debug)]
pub struct Phase {
    pub name: String,
    /// What must be true of the world outside before the phase starts.
    pub hold: Option<String>,
    /// Verify cells of the whole phase: its preconditions, and those at its end.
    pub before: Vec<Check>,
    pub after: Vec<Check>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub id: String,
    pub phase: String,
    pub forward: Action,
    /// Cells that undo it, in the order in which they run.
    pub rollback: Vec<Action>,
    /// Why nothing undoes it.
    pub irreversible: Option<String>,
    pub before: Vec<Check>,
    pub after: Vec<Check>,
}

/// A forward or rollback cell, ready to run.
#[derive(Clone, Debug)]
pub struct Action {
    pub cell: String,
    pub role: Role,
    pub statements: Vec<Statement>,
    pub unit: Unit,
    pub gate: Option<Gate>,
    pub digest: Digest,
    /// Attempts after the first.
    pub retry: u32,
    /// Rows of output that the record keeps.
    pub output: u64,
    pub why: Option<String>,
    /// Where parameters reach the SQL unquoted.
    pub raw: Vec<Span>,
    /// The fence in the runbook.
    pub span: Span,
}

/// What is committed at once. A statement that runs alone is never part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit {
    /// All statements and their journal entries.
    Cell,
    /// Each statement with its journal entry.
    Statement,
    /// The next keys of a table with their journal entry.
    Batch(Box<Backfill>),
}

/// Why a human must confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// `loses` completes "this …" for each statement that destroys.
    Destructive {
        loses: Vec<String>,
    },
    Declared,
}

impl Gate {
    /// What will be lost, one line each.
    pub fn losses(&self) -> Vec<String> {
        match self {
            Self::Destructive { loses } => loses.clone(),
            Self::Declared => vec!["is declared destructive by its author".to_owned()],
        }
    }
}

#[derive(Clone, Debug)]
pub struct Statement {
    /// What is sent. May hold secrets.
    pub sql: String,
    /// What is shown, journaled and hashed.
    pub shown: String,
    pub facts: Facts,
    pub limits: Limits,
    /// No transaction holds it: the engine refuses one or commits around it, or the runbook says so.
    pub alone: bool,
    /// Where the statement is in the runbook, and how its parts lead back there.
    pub span: Span,
    pub provenance: Provenance,
    pub line: usize,
    /// Where the predicate of a batch goes, in `sql`.
    pub hole: Option<Span>,
}

impl Statement {
    /// The statement on the keys that `predicate` tells.
    pub fn on_keys(&self, predicate: &str) -> Cow<'_, str> {
        match self.hole {
            Some(hole) => Cow::Owned([&self.sql[..hole.start], predicate, &self.sql[hole.end..]].concat()),
            None => Cow::Borrowed(&self.sql),
        }
    }
}

/// A verify cell, ready to run.
#[derive(Clone, Debug)]
pub struct Check {
    pub cell: String,
    /// The step it belongs to; without one it belongs to its phase.
    pub of: Option<String>,
    pub phase: String,
    pub statement: Statement,
    pub expect: Expect,
    pub when: When,
    /// Step or phase that ends its replay life.
    pub until: Option<String>,
    pub digest: Digest,
    pub limits: Limits,
    pub output: u64,
    /// Where parameters reach the SQL unquoted.
    pub raw: Vec<Span>,
}

/// What the operator says of limits, over what the runbook says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub lock_timeout: Option<Duration>,
    pub statement_timeout: Option<Duration>,
    /// Attempts after the first.
    pub retry: Option<u32>,
}
