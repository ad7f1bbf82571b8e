//! PostgreSQL 15 and newer.

mod catalog;
mod lock;
mod observer;
mod session;
mod survey;

pub use session::PostgresSession;
pub(super) use survey::survey;
