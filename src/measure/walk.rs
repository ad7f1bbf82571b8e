//! Runs a plan's statements on a scratch database, one after the other: the forward cells in order, then the rollback
//! cells from the last step to the first.

use super::{Comparison, compare, reach};
use crate::backend::measure::{Meter, Trial};
use crate::backend::{DbError, Refusal};
use crate::dialect::{Dialect, Words};
use crate::plan::{Action, Plan, Statement};

/// A statement, and how it went.
#[derive(Clone, Debug)]
pub struct Traced<'p> {
    pub action: &'p Action,
    pub statement: &'p Statement,
    /// In its cell, from 1.
    pub number: usize,
    pub outcome: Outcome,
}

impl Traced<'_> {
    /// None where it was not measured.
    pub fn comparisons(&self) -> &[Comparison] {
        match &self.outcome {
            Outcome::Measured(comparisons) => comparisons,
            Outcome::Left(_) | Outcome::Refused(_) => &[],
        }
    }
}

#[derive(Clone, Debug)]
pub enum Outcome {
    Measured(Vec<Comparison>),
    /// It was not sent, and why.
    Left(String),
    /// The server refused it, so that nothing after it was sent; of a rollback cell, nothing of its step.
    Refused(Box<Refusal>),
}

/// Predicates of batches are for keys; here a batch takes them all.
const EVERY_KEY: &str = "1 = 1";

/// Fails only where the connection does.
pub async fn walk<'p>(meter: &mut dyn Meter, plan: &'p Plan) -> Result<Vec<Traced<'p>>, DbError> {
    let mut walk = Walk { meter, dialect: plan.dialect, traced: Vec::new() };
    let mut stopped = None;
    for step in &plan.steps {
        walk.cell(&step.forward, &mut stopped).await?;
    }
    // What a step without a way back has done may be in the way of those before it.
    let mut in_the_way = None;
    for step in plan.steps.iter().rev() {
        let first = walk.traced.len();
        let mut stopped = stopped.clone();
        for rollback in &step.rollback {
            walk.cell(rollback, &mut stopped).await?;
        }
        if let Some(step) = in_the_way {
            walk.excuse(first, step);
        }
        in_the_way = in_the_way.or(step.irreversible.as_ref().map(|_| step.id.as_str()));
    }
    Ok(walk.traced)
}

struct Walk<'m, 'p> {
    meter: &'m mut dyn Meter,
    dialect: Dialect,
    traced: Vec<Traced<'p>>,
}

impl<'p> Walk<'_, 'p> {
    /// Sends the statements of a cell until the server refuses one. `stopped` says why none is sent.
    async fn cell(&mut self, action: &'p Action, stopped: &mut Option<String>) -> Result<(), DbError> {
        let mut settings: Vec<&str> = Vec::new();
        for (index, statement) in action.statements.iter().enumerate() {
            let sql = statement.on_keys(EVERY_KEY);
            let outcome = match (&stopped, reach::beyond(self.dialect, &sql, &statement.facts)) {
                (Some(why), _) => Outcome::Left(why.clone()),
                (None, Some(why)) => Outcome::Left(why.to_owned()),
                (None, None) => match self.meter.measure(&settings, &sql, &statement.facts).await? {
                    Trial::Measured(measured) => {
                        Outcome::Measured(compare(self.dialect, &statement.facts, &measured))
                    }
                    Trial::Refused(refusal) => {
                        *stopped =
                            Some(format!("statement {} of `{}` was refused before", index + 1, action.cell));
                        Outcome::Refused(refusal)
                    }
                },
            };
            if self.lasts_for_the_transaction(statement) {
                settings.push(&statement.sql);
            }
            self.traced.push(Traced { action, statement, number: index + 1, outcome });
        }
        Ok(())
    }

    /// Each statement has a transaction of its own here, and in a run its cell may have one.
    fn lasts_for_the_transaction(&self, statement: &Statement) -> bool {
        let words = Words::of(self.dialect, &statement.sql);
        statement.facts.kind == "set"
            && ["local", "constraints", "transaction"].iter().any(|second| words.is(1, second))
    }

    /// What was refused behind a step without a way back says nothing about the cell.
    fn excuse(&mut self, first: usize, step: &str) {
        for traced in &mut self.traced[first..] {
            if let Outcome::Refused(refusal) = &traced.outcome {
                let why = format!("nothing undoes `{step}`, and the server refused this after it: {refusal}");
                traced.outcome = Outcome::Left(why);
            }
        }
    }
}
