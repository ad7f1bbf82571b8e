use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `survey`, which compares the plan with a live database.
pub static RULE: Rule = Rule {
    id: "exists-already",
    level: Level::Error,
    dialects: EVERYWHERE,
    page: include_str!("exists_already.md"),
    covers: &[],
    finder: Finder::Survey,
};
