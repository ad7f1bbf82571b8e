//! What hurts whatever the engine is.

mod rename;
mod update_without_batch;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[&rename::RULE, &update_without_batch::RULE];
