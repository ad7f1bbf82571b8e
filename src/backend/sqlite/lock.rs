//! The run lock: an operating-system lock on a file beside the database.
//!
//! The system drops it with the process, however that ends, so nothing is ever left to clear by
//! hand. The file's text says who has it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use super::super::DbError;
use super::super::session::{Claim, Holder, LockError, RunLock};

/// Attempts before the lock counts as held.
const ASKERS: u32 = 4;

pub struct FileLock {
    file: File,
    path: PathBuf,
    head: String,
}

impl FileLock {
    /// Who has the lock, if somebody has.
    pub fn holder(database: &Path) -> Option<Holder> {
        let mut file = File::open(beside(database)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(read_holder(&mut file)),
            _ => None,
        }
    }

    pub fn take(database: &Path, claim: &Claim) -> Result<Self, LockError> {
        let path = beside(database);
        let failed = |error: std::io::Error| {
            LockError::Db(DbError::Unreachable {
                target: path.display().to_string(),
                reason: error.to_string(),
            })
        };
        let mut tries = 0;
        loop {
            let mut file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                // Somebody who only asks who has the lock holds it for an instant.
                Err(TryLockError::WouldBlock) if tries < ASKERS => {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(5));
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held(Box::new(read_holder(&mut file))));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            if !is_same_file(&file, &path) {
                // Its holder removed it between our opening and locking it.
                continue;
            }
            let head =
                format!("{}\n{}\n{}\n{}\n", claim.operator, claim.run, claim.since, std::process::id());
            let mut lock = Self { file, path, head };
            lock.at("");
            return Ok(lock);
        }
    }
}

/// The lock's file.
fn beside(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push("-rollbook-lock");
    PathBuf::from(path)
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), path.metadata()) {
        (Ok(opened), Ok(named)) => opened.ino() == named.ino() && opened.dev() == named.dev(),
        _ => false,
    }
}

/// Where an open file cannot be removed, its name cannot come to mean another file.
#[cfg(not(unix))]
fn is_same_file(_: &File, _: &Path) -> bool {
    true
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let _ = file.read_to_string(&mut text);
    let mut lines = text.lines().map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    Holder {
        operator: next(),
        run: next(),
        since: next(),
        process: format!("process {}", next()),
        cell: Some(next()).filter(|cell| !cell.is_empty()),
        silent: None,
    }
}

#[async_trait]
impl RunLock for FileLock {
    fn at(&mut self, cell: &str) {
        // Only a courtesy to whoever is turned away: the lock itself does not depend on the text. What is
        // left of a longer one stands behind the last line that is read.
        let _ = self.file.rewind();
        let _ = self.file.write_all(format!("{}{cell}\n", self.head).as_bytes());
    }

    /// The system keeps it for as long as the process lives.
    fn lost(&self) -> Option<&str> {
        None
    }

    async fn release(self: Box<Self>) {
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}
