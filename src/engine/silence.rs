//! Requests that get no answer: a network that drops packets ends no connection.
//!
//! Nothing here says how long a request may take; that is for the limits of its statement.

use std::time::Duration;

use tokio::time::Instant;

use crate::backend::{DbError, Observer, RunLock};

/// How often a request that has no answer yet is looked after.
const LOOK: Duration = Duration::from_secs(1);
/// How long the server may be idle before its answer counts as lost: longer than the last of a large
/// answer takes to arrive.
const STUCK: Duration = Duration::from_secs(10);
/// An observer that does not answer must not keep the request's own answer from being read.
pub(super) const OBSERVER_PATIENCE: Duration = Duration::from_secs(2);

/// What is known of a request without an answer.
#[derive(Default)]
pub(super) struct Silence {
    idle_since: Option<Instant>,
}

impl Silence {
    /// An error where no answer is to be waited for any more; what became of the request is not known.
    ///
    /// Either the run lock is lost, which is the first to know of a network that is gone, or the server
    /// is done with the request, and only this connection does not say so.
    pub async fn look(
        &mut self,
        lock: &Option<Box<dyn RunLock>>,
        observer: &mut dyn Observer,
    ) -> Result<(), DbError> {
        if let Some(reason) = lock.as_ref().and_then(|lock| lock.lost()) {
            return Err(DbError::Lost(format!("no answer, and the run lock is lost: {reason}")));
        }
        let idle = tokio::time::timeout(OBSERVER_PATIENCE, observer.is_idle()).await;
        if !matches!(idle, Ok(Ok(true))) {
            self.idle_since = None;
            return Ok(());
        }
        let since = *self.idle_since.get_or_insert_with(Instant::now);
        if since.elapsed() < STUCK {
            return Ok(());
        }
        Err(DbError::Lost(format!("the server has been idle for {} s, and no answer came", STUCK.as_secs())))
    }
}

/// Waits for the answer to a request, as long as there can be one.
pub(super) async fn answered<T>(
    lock: &Option<Box<dyn RunLock>>,
    observer: &mut Box<dyn Observer>,
    request: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    let mut silence = Silence::default();
    tokio::pin!(request);
    loop {
        tokio::select! {
            biased;
            answer = &mut request => return answer,
            () = tokio::time::sleep(LOOK) => silence.look(lock, &mut **observer).await?,
        }
    }
}
