//! What SQLite does without a word.

mod autoincrement;
mod drop_deletes_children;
mod rebuild;
mod rebuild_loses_column;
mod rebuild_loses_index;
mod rebuild_wrong_order;
mod sqlite_refuses;
mod type_affinity;

use super::Rule;

pub(super) use type_affinity::affinity;

pub(super) const RULES: &[&Rule] = &[
    &autoincrement::RULE,
    &drop_deletes_children::RULE,
    &rebuild_loses_column::RULE,
    &rebuild_loses_index::RULE,
    &rebuild_wrong_order::RULE,
    &sqlite_refuses::RULE,
    &type_affinity::RULE,
];

/// The dialects of a rule of this folder.
const ONLY: &[crate::dialect::Dialect] = &[crate::dialect::Dialect::Sqlite];
