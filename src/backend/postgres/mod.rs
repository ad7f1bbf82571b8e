//! PostgreSQL 15 and newer.

mod catalog;
mod lock;
mod lookout;
mod observer;
mod session;

pub use lookout::PostgresReplica;
pub use session::PostgresSession;
