//! What MySQL and MariaDB copy, and whom they keep waiting.

mod alter_blocks_writes;
mod implicit_commit;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[&alter_blocks_writes::RULE, &implicit_commit::RULE];

/// The dialects of a rule of this folder.
const ONLY: &[crate::dialect::Dialect] = &[crate::dialect::Dialect::Mysql];
