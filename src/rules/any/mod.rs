//! What hurts whatever the engine is.

mod cascade_on_delete;
mod checks_left_off;
mod drop_index_unproven;
mod drop_not_null;
mod drop_then_create;
mod drop_trigger;
mod duplicate_assignment;
mod foreign_key_not_indexed;
mod foreign_key_type_mismatch;
mod hand_made_batch;
mod identifier_too_long;
mod implicit_columns;
mod index_columns;
mod mergeable_alters;
mod name_needs_quotes;
mod not_null_without_default;
mod redundant_index;
mod rename;
mod replaced_rows;
mod unique_unproven;
mod update_without_batch;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &cascade_on_delete::RULE,
    &checks_left_off::RULE,
    &drop_index_unproven::RULE,
    &drop_not_null::RULE,
    &drop_then_create::RULE,
    &drop_trigger::RULE,
    &duplicate_assignment::RULE,
    &foreign_key_not_indexed::RULE,
    &foreign_key_type_mismatch::RULE,
    &hand_made_batch::RULE,
    &identifier_too_long::RULE,
    &implicit_columns::RULE,
    &index_columns::RULE,
    &mergeable_alters::RULE,
    &name_needs_quotes::RULE,
    &not_null_without_default::RULE,
    &redundant_index::RULE,
    &rename::RULE,
    &replaced_rows::RULE,
    &unique_unproven::RULE,
    &update_without_batch::RULE,
];
