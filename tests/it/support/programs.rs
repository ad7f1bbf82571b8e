use std::path::{Path, PathBuf};
use std::process::Command;

use super::server::Durability;

/// What the laboratory must know of a kind of server.
pub trait Programs: Send + Sync {
    fn server(&self) -> PathBuf;

    /// Makes a fresh data folder at `data`, whose parent is the caller's to write.
    fn initialise(&self, data: &Path) -> Command;

    /// Serves `data` on a port of 127.0.0.1 and nowhere else.
    fn serve(&self, data: &Path, port: u16, durability: Durability) -> Command;

    /// Makes `data` as a standby's of the server at a port; None where a replica begins with a fresh folder.
    fn copy_of(&self, _primary: u16, _data: &Path) -> Option<Command> {
        None
    }

    /// What tells a fresh server to replicate the one at a port.
    fn follow(&self, _primary: u16) -> Option<String> {
        None
    }

    /// The signal that ends it quickly and leaves nothing behind in the machine.
    fn farewell(&self) -> &'static str;

    /// A database that is always there.
    fn home(&self) -> &'static str;

    /// The engine's own shell, which stops at the first error.
    fn shell(&self, port: u16, database: &str, sql: &str) -> Command;

    /// What that shell printed, as lines with columns between `|` and nothing for NULL.
    fn rows(&self, printed: String) -> String;

    fn url(&self, port: u16, database: &str) -> String;
}
