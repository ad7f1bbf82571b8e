//! Looks at the server beside the batches, and hands on what was seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::backend::{DbError, Lookout, Replica as Asked, Replication, Wishes};
use crate::backfill::{Dead, Reading, Readings, Replica, Unread};
use crate::document::Throttle;

/// Between two looks. A batch takes about as long.
const INTERVAL: Duration = Duration::from_millis(500);
/// Between the first looks, and how many they are: who is at work must be known before the batches grow.
const FIRST: (Duration, u32) = (Duration::from_millis(40), 10);
/// A look that takes longer has come to nothing.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is looked at.
pub(super) struct Scene {
    pub run: String,
    pub table: String,
    pub limits: Throttle,
    /// Whether it counts who is at work, whatever the limits are.
    pub company: bool,
}

/// What was seen at one time.
#[derive(Clone)]
pub(super) struct Seen {
    pub at: Instant,
    pub readings: Readings,
    pub wishes: Result<Option<Wishes>, String>,
}

/// A lookout that is out.
pub(super) struct Post {
    pub seen: watch::Receiver<Option<Seen>>,
    /// Takes the number of the last wish that the run has taken in.
    pub heed: mpsc::UnboundedSender<i64>,
    /// The most sessions that were seen to wait since somebody asked: when a batch is over nobody waits for
    /// it any more.
    waited: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Post {
    pub fn send(lookout: Box<dyn Lookout>, replicas: Vec<Box<dyn Asked>>, scene: Scene) -> Self {
        let (said, seen) = watch::channel(None);
        let (heed, heeded) = mpsc::unbounded_channel();
        let waited = Arc::new(AtomicU64::new(0));
        let watch = Watch { lookout, replicas, scene, listening: false, waited: Arc::clone(&waited) };
        let task = tokio::spawn(keep(watch, said, heeded));
        Self { seen, heed, waited, task }
    }

    /// As `take_waited`, for whoever asks again.
    pub fn waited(&self) -> u64 {
        self.waited.load(Ordering::Relaxed)
    }

    /// The most sessions that were seen to wait since the last call.
    pub fn take_waited(&self) -> u64 {
        self.waited.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep(mut watch: Watch, said: watch::Sender<Option<Seen>>, mut heeded: mpsc::UnboundedReceiver<i64>) {
    let mut unsaid = None;
    for look in 1_u32.. {
        let seen = tokio::time::timeout(PATIENCE, watch.look()).await;
        // Of a look that came to nothing the reader is told by its silence.
        if let Ok(seen) = seen
            && said.send(Some(seen)).is_err()
        {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(if look < FIRST.1 { FIRST.0 } else { INTERVAL }) => {}
            number = heeded.recv() => match number {
                Some(number) => unsaid = Some(number),
                None => return,
            }
        }
        if let Some(number) = unsaid
            && watch.lookout.heed(&watch.scene.run, number).await.is_ok()
        {
            unsaid = None;
        }
    }
}

struct Watch {
    lookout: Box<dyn Lookout>,
    replicas: Vec<Box<dyn Asked>>,
    scene: Scene,
    listening: bool,
    waited: Arc<AtomicU64>,
}

impl Watch {
    async fn look(&mut self) -> Seen {
        let wishes = self.wishes().await.map_err(|error| error.to_string());
        Seen { at: Instant::now(), readings: self.readings().await, wishes }
    }

    async fn wishes(&mut self) -> Result<Option<Wishes>, DbError> {
        if !self.listening {
            self.lookout.listen(&self.scene.run).await?;
            self.listening = true;
        }
        self.lookout.wishes(&self.scene.run).await
    }

    async fn readings(&mut self) -> Readings {
        let Self { lookout, replicas, scene, .. } = self;
        let limits = &scene.limits;
        let mut readings = Readings::default();
        if limits.max_lag.is_some() {
            let known = lookout.replicas().await;
            readings.position = known.as_ref().ok().and_then(|known| known.position);
            readings.replicas = match known {
                Ok(known) => Some(together(known, replicas).await),
                Err(error) => Some(Err(unread(&error))),
            };
        }
        if limits.max_load.is_some() || scene.company {
            readings.load = reading(lookout.load().await);
        }
        if limits.max_waiting.is_some() {
            readings.waiting = reading(lookout.waiting().await);
            if let Some(Ok(waiting)) = readings.waiting {
                self.waited.fetch_max(waiting, Ordering::Relaxed);
            }
        }
        if limits.max_dead.is_some() {
            let dead = lookout.dead_rows(&scene.table).await;
            let dead = dead.map(|dead| Dead { rows: dead.rows, threshold: dead.threshold, off: dead.off });
            readings.dead = reading(dead);
        }
        if limits.max_wal.is_some() {
            readings.wal = reading(lookout.kept_log().await);
        }
        if let Some(query) = &limits.query {
            readings.query = reading(lookout.ask(&query.most).await);
        }
        readings
    }
}

/// The replicas that the server knows, and those that are asked themselves.
async fn together(known: Replication, asked: &mut [Box<dyn Asked>]) -> Result<Vec<Replica>, Unread> {
    if known.unknown > 0 && asked.is_empty() {
        let replicas =
            if known.unknown == 1 { "1 replica reads" } else { &format!("{} replicas read", known.unknown) };
        return Err(Unread {
            why: format!(
                "{replicas} this server's log, and only a replica itself knows how far it is: name each with `--replica`"
            ),
            refused: true,
        });
    }
    let standbys = known.replicas.into_iter().map(|standby| Replica {
        name: standby.name,
        applied: Ok(standby.applied),
        reported: standby.reported,
    });
    let mut replicas: Vec<Replica> = standbys.collect();
    for replica in asked {
        let applied = replica.applied().await.map_err(|error| error.to_string());
        replicas.push(Replica { name: replica.name().to_owned(), applied, reported: None });
    }
    Ok(replicas)
}

fn reading<T>(answer: Result<T, DbError>) -> Reading<T> {
    Some(answer.map_err(|error| unread(&error)))
}

fn unread(error: &DbError) -> Unread {
    Unread { why: error.to_string(), refused: matches!(error, DbError::Refused(_)) }
}
