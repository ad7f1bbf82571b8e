//! What MySQL and MariaDB copy, and whom they keep waiting.

mod alter_blocks_writes;
mod alter_may_copy;
mod charset_not_utf8mb4;
mod engine_not_transactional;
mod implicit_commit;
mod index_visibility_mixed;
mod inline_references;
mod table_name_case;
mod timestamp_2038;
mod zero_date;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &alter_blocks_writes::RULE,
    &alter_may_copy::RULE,
    &charset_not_utf8mb4::RULE,
    &engine_not_transactional::RULE,
    &implicit_commit::RULE,
    &index_visibility_mixed::RULE,
    &inline_references::RULE,
    &table_name_case::RULE,
    &timestamp_2038::RULE,
    &zero_date::RULE,
];

/// The dialects of a rule of this folder.
const ONLY: &[crate::dialect::Dialect] = &[crate::dialect::Dialect::Mysql];
