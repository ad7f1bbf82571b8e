use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `document`, which reads the cells.
pub static RULE: Rule = Rule {
    id: "missing-rollback",
    level: Level::Error,
    dialects: EVERYWHERE,
    page: include_str!("missing_rollback.md"),
    covers: &[
        ("django-migration-linter", "RUNSQL_REVERSIBLE"),
        ("django-migration-linter", "RUNPYTHON_REVERSIBLE"),
    ],
    finder: Finder::Form,
};
