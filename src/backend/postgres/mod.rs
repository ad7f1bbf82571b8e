//! PostgreSQL 15 and newer.

mod catalog;
mod lock;
mod observer;
mod session;

pub use session::PostgresSession;
