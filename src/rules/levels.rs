use std::collections::HashMap;

use super::{Rule, UnknownRule, find};
use crate::diagnostics::Level;

/// What the settings say of rules; the others keep their own level.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    said: HashMap<&'static str, Option<Level>>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error(transparent)]
    Unknown(#[from] UnknownRule),
    #[error("the level of `{rule}` is fixed: what breaks it is no runbook")]
    Fixed { rule: &'static str },
}

impl Levels {
    /// Gives a rule another level; none switches it off.
    pub fn set(&mut self, name: &str, level: Option<Level>) -> Result<(), LevelError> {
        let rule = find(name)?;
        if rule.is_fixed() {
            return Err(LevelError::Fixed { rule: rule.id });
        }
        self.said.insert(rule.id, level);
        Ok(())
    }

    /// None where the rule is off.
    pub fn of(&self, rule: &Rule) -> Option<Level> {
        self.said.get(rule.id).copied().unwrap_or(Some(rule.level))
    }
}
