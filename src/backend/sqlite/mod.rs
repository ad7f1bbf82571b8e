//! SQLite, bundled.

mod catalog;
mod connection;
mod lock;
mod lookout;
mod session;

pub use session::SqliteSession;
