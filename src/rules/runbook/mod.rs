//! What makes a runbook one: steps that can be checked and undone, and time between its phases.

mod answer;
mod contract_unverified;
mod contract_without_hold;
mod dialects_differ;
mod exists_already;
mod lock_timeout_unused;
mod missing_object;
mod missing_rollback;
mod missing_section;
mod missing_verify;
mod mixed_transaction;
mod needed;
mod not_measured;
mod prediction_too_strong;
mod prediction_too_weak;
mod raw_interpolation;
mod rollback_mismatch;
mod still_in_code;
mod transaction_control;
mod undeclared_destructive;
mod unused_allow;
mod verify_cannot_fail;
mod verify_never_holds;
mod verify_not_in;
mod verify_outlives_column;
mod verify_writes;
mod wrong_phase;

use super::Rule;

pub use not_measured::RULE as NOT_MEASURED;
pub use prediction_too_strong::RULE as PREDICTION_TOO_STRONG;
pub use prediction_too_weak::RULE as PREDICTION_TOO_WEAK;
pub use still_in_code::RULE as STILL_IN_CODE;
pub(super) use unused_allow::RULE as UNUSED_ALLOW;

pub(super) const RULES: &[&Rule] = &[
    &contract_unverified::RULE,
    &contract_without_hold::RULE,
    &dialects_differ::RULE,
    &exists_already::RULE,
    &lock_timeout_unused::RULE,
    &missing_object::RULE,
    &missing_rollback::RULE,
    &missing_section::RULE,
    &missing_verify::RULE,
    &mixed_transaction::RULE,
    &needed::RULE,
    &not_measured::RULE,
    &prediction_too_strong::RULE,
    &prediction_too_weak::RULE,
    &raw_interpolation::RULE,
    &rollback_mismatch::RULE,
    &still_in_code::RULE,
    &transaction_control::RULE,
    &undeclared_destructive::RULE,
    &unused_allow::RULE,
    &verify_cannot_fail::RULE,
    &verify_never_holds::RULE,
    &verify_not_in::RULE,
    &verify_outlives_column::RULE,
    &verify_writes::RULE,
    &wrong_phase::RULE,
];
