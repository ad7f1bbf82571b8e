//! SQLite, bundled.

mod catalog;
mod connection;
mod lock;
mod lookout;
mod session;
mod survey;

pub use session::SqliteSession;
pub(super) use survey::survey;
