//! MySQL 8.0 and newer, and MariaDB 10.6 and newer.

mod catalog;
mod lock;
mod lookout;
mod observer;
mod session;
mod survey;

pub use lookout::MysqlReplica;
pub use session::MysqlSession;
pub(super) use survey::survey;
