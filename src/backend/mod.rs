//! The only place that names a driver: sessions on a target, its journal table, and the run lock.
//!
//! A backend sends what it is told and stores journal rows as they are; what they mean is the
//! engine's business.

mod address;
mod answer;
mod error;
mod postgres;
mod session;
mod sql;
mod sqlite;

pub use address::{Address, AddressError};
pub use answer::Answer;
pub use error::{DbError, Refusal};
pub use session::{
    Canceller, Claim, Column, Holder, JournalRow, Limits, LockError, Mode, Presence, RunLock, Scope, Session,
    Table, TargetInfo, claim, open,
};
