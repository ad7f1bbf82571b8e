//! PostgreSQL 15 and newer.

mod catalog;
mod lock;
mod lookout;
mod measure;
mod observer;
mod session;
mod survey;

pub use lookout::PostgresReplica;
pub use measure::PostgresMeter;
pub use session::PostgresSession;
pub(super) use survey::survey;
