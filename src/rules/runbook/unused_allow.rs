use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `check`, which knows what every other rule has said.
pub static RULE: Rule = Rule {
    id: "unused-allow",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("unused_allow.md"),
    covers: &[],
    finder: Finder::Check,
};
