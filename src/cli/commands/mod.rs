//! One file per command.

pub mod check;
pub mod control;
pub mod new;
pub mod plan;
pub mod record;
pub mod rollback;
pub mod rules;
pub mod run;
pub(super) mod session;
pub mod status;
pub mod templates;
mod trace;
pub mod verify;
