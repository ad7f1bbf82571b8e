use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `check --trace`; a statement that was left out for a reason is a note.
pub static RULE: Rule = Rule {
    id: "not-measured",
    level: Level::Error,
    dialects: EVERYWHERE,
    page: include_str!("not_measured.md"),
    covers: &[],
    finder: Finder::Check,
};
