//! What PostgreSQL locks, reads through or writes anew, and how a runbook goes around it.

mod alters_apart;
mod attach_partition_scan;
mod batch_rewrites_right_rows;
mod column_type_rewrite;
mod constraint_not_valid;
mod detach_not_concurrent;
mod domain_constraint_scan;
mod domain_with_check;
mod drop_cascade;
mod drop_index_not_concurrent;
mod enum_value_in_use;
mod enum_value_order;
mod if_not_exists_index;
mod index_not_concurrent;
mod never_validated;
mod partition_of_parent;
mod refresh_not_concurrent;
mod reindex_not_concurrent;
mod replaced_definition;
mod replica_identity;
mod rows_under_table_lock;
mod session_setting;
mod set_not_null_scan;
mod table_rewrite;
mod trigger_left_disabled;
mod unique_constraint_inline;
mod validate_in_same_transaction;
mod volatile_default_rewrite;
mod wide_lock_window;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &alters_apart::RULE,
    &attach_partition_scan::RULE,
    &batch_rewrites_right_rows::RULE,
    &column_type_rewrite::RULE,
    &constraint_not_valid::RULE,
    &detach_not_concurrent::RULE,
    &domain_constraint_scan::RULE,
    &domain_with_check::RULE,
    &drop_cascade::RULE,
    &drop_index_not_concurrent::RULE,
    &enum_value_in_use::RULE,
    &enum_value_order::RULE,
    &if_not_exists_index::RULE,
    &index_not_concurrent::RULE,
    &never_validated::RULE,
    &partition_of_parent::RULE,
    &refresh_not_concurrent::RULE,
    &reindex_not_concurrent::RULE,
    &replaced_definition::RULE,
    &replica_identity::RULE,
    &rows_under_table_lock::RULE,
    &session_setting::RULE,
    &set_not_null_scan::RULE,
    &table_rewrite::RULE,
    &trigger_left_disabled::RULE,
    &unique_constraint_inline::RULE,
    &validate_in_same_transaction::RULE,
    &volatile_default_rewrite::RULE,
    &wide_lock_window::RULE,
];

/// The dialects of a rule of this folder.
const ONLY: &[crate::dialect::Dialect] = &[crate::dialect::Dialect::Postgres];
