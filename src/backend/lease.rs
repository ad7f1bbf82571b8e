//! Keeps a run lock's lease alive from beside the run, and says when it is lost.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::DbError;
use super::session::RunLock;

/// Heartbeats in the life of a lease: this many must fail before anybody else may take the lock.
const BEATS: u32 = 6;
/// Of these, how many a beat waits for its answer. With the pause before it, the run knows that the lock
/// is lost before anybody else may take it, also where the network is merely silent.
const WAITED: u32 = 4;

/// A cell that is over sooner than this need not be told of.
const MOMENT: Duration = Duration::from_millis(100);

/// How long a server may take to end a session and drop its locks.
const TAKE_OVER: Duration = Duration::from_secs(5);

/// How long a goodbye to the server may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// The connection that holds the lock.
#[async_trait]
pub(super) trait Heart: Send + 'static {
    /// Tries the lock, and waits for nobody.
    async fn attempt(&mut self) -> Result<bool, DbError>;

    /// Tries it until the server has dropped the locks of a session that was ended.
    async fn once_free(&mut self) -> Result<bool, DbError> {
        let deadline = Instant::now() + TAKE_OVER;
        while Instant::now() < deadline {
            if self.attempt().await? {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(false)
    }

    /// Renews the lease and says on which cell the run is and where the journal ends; false where it is another owner's by now.
    async fn beat(&mut self, cell: &str, pos: i64) -> Result<bool, DbError>;
    async fn close(self: Box<Self>);
}

/// A lock with a lease, held until it is released, its process dies, or its heart stops.
pub(super) struct LeasedLock {
    cell: watch::Sender<String>,
    pos: Arc<AtomicI64>,
    lost: Arc<OnceLock<String>>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl LeasedLock {
    /// Beats for as long as the lock lives; `lease` is how long the lease holds without.
    pub fn new(heart: Box<dyn Heart>, lease: Duration, pos: i64) -> Self {
        let (cell, cells) = watch::channel(String::new());
        let pos = Arc::new(AtomicI64::new(pos));
        let lost = Arc::new(OnceLock::new());
        let (stop, stopped) = oneshot::channel();
        let task =
            tokio::spawn(keep(heart, lease / BEATS, cells, Arc::clone(&pos), Arc::clone(&lost), stopped));
        Self { cell, pos, lost, stop, task }
    }
}

async fn keep(
    mut heart: Box<dyn Heart>,
    pause: Duration,
    mut cells: watch::Receiver<String>,
    pos: Arc<AtomicI64>,
    lost: Arc<OnceLock<String>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let due = tokio::time::sleep(pause);
    tokio::pin!(due);
    loop {
        tokio::select! {
            _ = &mut stopped => {
                // The last word: where the journal ended.
                let cell = cells.borrow().clone();
                let _ = heart.beat(&cell, pos.load(Ordering::Relaxed)).await;
                return heart.close().await;
            }
            Ok(()) = cells.changed() => {
                let soon = Instant::now() + MOMENT;
                if soon < due.deadline() {
                    due.as_mut().reset(soon);
                }
                continue;
            }
            () = &mut due => due.as_mut().reset(Instant::now() + pause),
        }
        let cell = cells.borrow().clone();
        let reason = match tokio::time::timeout(
            pause * WAITED,
            heart.beat(&cell, pos.load(Ordering::Relaxed)),
        )
        .await
        {
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => "another owner has taken it".to_owned(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the server does not answer".to_owned(),
        };
        let _ = lost.set(reason);
        return;
    }
}

#[async_trait]
impl RunLock for LeasedLock {
    fn at(&mut self, cell: &str) {
        self.cell.send_replace(cell.to_owned());
    }

    fn wrote(&mut self, pos: i64) {
        self.pos.store(pos, Ordering::Relaxed);
    }

    fn lost(&self) -> Option<&str> {
        self.lost.get().map(String::as_str)
    }

    async fn release(self: Box<Self>) {
        // The server drops the lock with the connection, whether the goodbye arrives or not.
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(GOODBYE, self.task).await;
    }
}
