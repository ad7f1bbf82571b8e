//! What PostgreSQL locks, reads through or writes anew, and how a runbook goes around it.

mod batch_rewrites_right_rows;
mod column_type_rewrite;
mod constraint_not_valid;
mod detach_not_concurrent;
mod drop_cascade;
mod drop_index_not_concurrent;
mod if_not_exists_index;
mod index_not_concurrent;
mod reindex_not_concurrent;
mod rows_under_table_lock;
mod set_not_null_scan;
mod table_rewrite;
mod unique_constraint_inline;
mod validate_in_same_transaction;
mod volatile_default_rewrite;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &batch_rewrites_right_rows::RULE,
    &column_type_rewrite::RULE,
    &constraint_not_valid::RULE,
    &detach_not_concurrent::RULE,
    &drop_cascade::RULE,
    &drop_index_not_concurrent::RULE,
    &if_not_exists_index::RULE,
    &index_not_concurrent::RULE,
    &reindex_not_concurrent::RULE,
    &rows_under_table_lock::RULE,
    &set_not_null_scan::RULE,
    &table_rewrite::RULE,
    &unique_constraint_inline::RULE,
    &validate_in_same_transaction::RULE,
    &volatile_default_rewrite::RULE,
];

/// The dialects of a rule of this folder.
const ONLY: &[crate::dialect::Dialect] = &[crate::dialect::Dialect::Postgres];
