use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `check --trace`.
pub static RULE: Rule = Rule {
    id: "prediction-too-strong",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("prediction_too_strong.md"),
    covers: &[],
    finder: Finder::Check,
};
