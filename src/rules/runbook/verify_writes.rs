use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `plan`, which knows what only reads.
pub static RULE: Rule = Rule {
    id: "verify-writes",
    level: Level::Error,
    dialects: EVERYWHERE,
    page: include_str!("verify_writes.md"),
    covers: &[],
    finder: Finder::Form,
};
