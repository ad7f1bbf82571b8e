use std::ops::Range;

use super::model::{Action, Statement, Unit};

/// The next statements of a cell that are committed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Portion {
    /// In one transaction, with their checkpoints.
    Together(Together),
    /// One statement that no transaction holds: intent before, outcome after.
    Alone(usize),
}

/// Statements that one transaction holds, by index. There is no way to make one of anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together(Range<usize>);

impl Together {
    /// None where the engine would refuse the transaction or commit it half way.
    pub fn new(statements: &[Statement], range: Range<usize>) -> Option<Self> {
        let held = statements.get(range.clone())?.iter().all(|statement| !statement.alone);
        (held && !range.is_empty()).then_some(Self(range))
    }

    pub fn range(&self) -> Range<usize> {
        self.0.clone()
    }
}

impl Portion {
    /// What of `action` comes next when its first `done` statements are committed.
    pub fn next(action: &Action, done: usize) -> Option<Self> {
        let left = action.statements.get(done..)?;
        let together = left.iter().take_while(|statement| !statement.alone).count();
        let length = match action.unit {
            Unit::Cell => together,
            Unit::Statement | Unit::Batch { .. } => together.min(1),
        };
        match Together::new(&action.statements, done..done + length) {
            Some(together) => Some(Self::Together(together)),
            None => (!left.is_empty()).then_some(Self::Alone(done)),
        }
    }

    /// Statements of the cell that are committed once this portion is.
    pub fn end(&self) -> usize {
        match self {
            Self::Together(together) => together.0.end,
            Self::Alone(index) => index + 1,
        }
    }
}
