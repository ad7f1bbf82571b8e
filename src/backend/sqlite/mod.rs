//! SQLite, bundled.

mod catalog;
mod connection;
mod lock;
mod session;

pub use session::SqliteSession;
