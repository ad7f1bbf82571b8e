use crate::diagnostics::Level;
use crate::dialect::Dialect;
use crate::rules::{Finder, Rule};

/// Found by `plan`, which knows what no transaction holds.
pub static RULE: Rule = Rule {
    id: "mixed-transaction",
    level: Level::Error,
    // MySQL commits around such statements instead of refusing them.
    dialects: &[Dialect::Postgres, Dialect::Sqlite],
    page: include_str!("mixed_transaction.md"),
    covers: &[
        ("squawk", "ban-concurrent-index-creation-in-transaction"),
        ("pgls", "banConcurrentIndexCreationInTransaction"),
        ("atlas", "PG103"),
        ("pgfence", "concurrent-in-transaction"),
        ("django-migration-linter", "CREATE_INDEX_EXCLUSIVE"),
    ],
    finder: Finder::Form,
};
