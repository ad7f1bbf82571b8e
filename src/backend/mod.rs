//! The only place that names a driver: sessions on a target, its journal table, and the run lock.
//!
//! A backend sends what it is told and stores journal rows as they are; what they mean is the
//! engine's business.

mod address;
mod answer;
mod blocker;
mod error;
mod lease;
mod lookout;
pub mod measure;
mod mysql;
mod patience;
mod postgres;
mod session;
mod sql;
mod sqlite;
pub mod survey;
mod wish;

pub use address::{Address, AddressError};
pub use answer::Answer;
pub use blocker::Blocker;
pub use error::{DbError, Refusal, RefusalKind};
pub use lookout::{DeadRows, Lookout, Replica, Replication, Standby, replica};
pub use session::{
    Claim, Claimed, Column, Holder, InvalidIndex, JournalRow, Limits, LockError, Mode, Observer, RunLock,
    Scope, Session, Surroundings, Table, TableName, TargetInfo, open,
};
pub use wish::{Change, Wish, Wishes};
