//! What SQLite does without a word.

use super::Rule;

pub(super) const RULES: &[&Rule] = &[];
