//! What the engine needs from the world outside, injected.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// Clock, ids and the operator's name.
pub trait Host: Send + Sync {
    /// Now, RFC 3339 in UTC with microseconds.
    fn now(&self) -> String;
    /// A steady clock, for durations.
    fn elapsed(&self) -> Duration;
    /// A new run id: lower-case letters and digits after `r-`.
    fn run_id(&self) -> String;
    /// Who runs this, as `name@host`.
    fn operator(&self) -> String;
    /// The commit that the runbook's folder is at.
    fn git_commit(&self) -> Option<String>;
    /// A number in `0.0..1.0`, for jitter.
    fn jitter(&self) -> f64;
    /// How long the owner of a run lock may be silent before it can be taken from them.
    fn lease(&self) -> Duration;
    /// Whether there is a file at the path, seen from where the command was typed; an error where that cannot
    /// be told.
    fn file_exists(&self, path: &str) -> Result<bool, String>;
    fn interrupt(&self) -> &Interrupt;
}

/// Counts the operator's requests to stop.
#[derive(Debug, Default)]
pub struct Interrupt {
    requests: AtomicU8,
    insisted: Arc<AtomicBool>,
    changed: Notify,
}

impl Interrupt {
    pub fn request(&self) {
        let _ = self.requests.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_add(1));
        self.insisted.store(self.is_insisted(), Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// Stop at the next safe point.
    pub fn requested(&self) -> bool {
        self.requests.load(Ordering::SeqCst) > 0
    }

    /// Cancel the statement in flight.
    pub fn is_insisted(&self) -> bool {
        self.requests.load(Ordering::SeqCst) > 1
    }

    /// Raised when the statement in flight is to be cancelled.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.insisted)
    }

    /// Resolves when the statement in flight is to be cancelled.
    pub async fn insisted(&self) {
        self.reached(2).await;
    }

    /// Resolves at the first request.
    pub async fn first(&self) {
        self.reached(1).await;
    }

    async fn reached(&self, count: u8) {
        loop {
            let changed = self.changed.notified();
            if self.requests.load(Ordering::SeqCst) >= count {
                return;
            }
            changed.await;
        }
    }
}
