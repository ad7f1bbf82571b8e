//! SQLite, bundled.

mod catalog;
mod lock;
mod session;

pub use lock::FileLock;
pub use session::SqliteSession;
