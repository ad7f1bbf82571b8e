use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `survey`, which compares the plan with a live database.
pub static RULE: Rule = Rule {
    id: "missing-object",
    level: Level::Error,
    dialects: EVERYWHERE,
    page: include_str!("missing_object.md"),
    covers: &[],
    finder: Finder::Survey,
};
