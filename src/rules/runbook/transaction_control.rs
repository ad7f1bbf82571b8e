use crate::diagnostics::Level;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Finder, Rule};

/// Found by `plan`, which classifies the statements.
pub static RULE: Rule = Rule {
    id: "transaction-control",
    level: Level::Error,
    dialects: EVERYWHERE,
    page: include_str!("transaction_control.md"),
    covers: &[
        ("squawk", "transaction-nesting"),
        ("squawk", "ban-uncommitted-transaction"),
        ("pgls", "transactionNesting"),
        ("pgfence", "unclosed-transaction"),
    ],
    finder: Finder::Form,
};
