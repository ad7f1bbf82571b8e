use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `plan`, which classifies the statements.
pub static RULE: Rule = Rule {
    id: "undeclared-destructive",
    level: Level::Error,
    dialects: EVERYWHERE,
    page: include_str!("undeclared_destructive.md"),
    covers: &[
        ("squawk", "ban-drop-table"),
        ("squawk", "ban-drop-column"),
        ("squawk", "ban-drop-database"),
        ("pgls", "banDropTable"),
        ("pgls", "banDropColumn"),
        ("pgls", "banDropSchema"),
        ("pgls", "banDropDatabase"),
        ("pgls", "banTruncate"),
        ("pgfence", "drop-table"),
        ("pgfence", "drop-column"),
        ("pgfence", "drop-schema"),
        ("pgfence", "truncate"),
        ("django-migration-linter", "DROP_TABLE"),
        ("django-migration-linter", "DROP_COLUMN"),
        ("atlas", "DS101"),
        ("atlas", "DS102"),
        ("atlas", "DS103"),
        ("strong_migrations", "remove_column"),
        ("online_migrations", "remove_column"),
        ("spirit", "unsafe"),
        ("waypoint", "W004"),
        ("waypoint", "W007"),
    ],
    finder: Finder::Form,
};
