//! SQLite, bundled.

mod catalog;
mod lock;
mod session;

pub use session::SqliteSession;
