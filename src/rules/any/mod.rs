//! What hurts whatever the engine is.

mod not_null_without_default;
mod rename;
mod update_without_batch;

use super::Rule;

pub(super) const RULES: &[&Rule] =
    &[&not_null_without_default::RULE, &rename::RULE, &update_without_batch::RULE];
