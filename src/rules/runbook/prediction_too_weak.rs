use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `check --trace`, which runs the statements on a scratch database.
pub static RULE: Rule = Rule {
    id: "prediction-too-weak",
    level: Level::Error,
    dialects: EVERYWHERE,
    page: include_str!("prediction_too_weak.md"),
    covers: &[],
    finder: Finder::Check,
};
