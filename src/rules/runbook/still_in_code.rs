use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `check --code`, which reads the application's files.
pub static RULE: Rule = Rule {
    id: "still-in-code",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("still_in_code.md"),
    covers: &[],
    finder: Finder::Check,
};
