//! A session that counts what is asked of the one inside, and breaks at the Nth.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rollbook::backend::{
    Answer, Blocker, Claim, Claimed, DbError, Holder, InvalidIndex, JournalRow, LockError, Lookout, Observer,
    RunLock, Scope, Session, Surroundings, Table, TableName, TargetInfo,
};
use rollbook::dialect::{Facts, Object};
use rollbook::engine::Interrupt;
use tokio::sync::Notify;

use super::drive::Hook;
use super::fake::{Fake, refusal};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Refused before the effect: another session was in the way.
    Busy,
    /// Refused before the effect, for a reason that stays.
    Refused,
    /// The journal takes no more; everything else works.
    JournalRefused,
    /// The connection breaks before the request arrives.
    RequestLost,
    /// The connection breaks after the effect and before the answer.
    ReplyLost,
    /// The process dies before the request is sent.
    KilledBefore,
    /// The process dies after the effect, before it sees the answer.
    KilledAfter,
    /// As before, and the server leaves an index half built.
    KilledHalfWay,
    /// A build is refused when its index is there already, half built.
    RefusedHalfWay,
    /// The operator asks to stop.
    Interrupted,
    /// The operator insists: what is in flight is cancelled.
    Cancelled,
    /// The operator insists, and the cancellation arrives when the next request is in flight.
    CancelledLate,
    /// The run lock is gone.
    LockLost,
    /// Something happens to the server before the request is sent: the fuse's hook.
    Server,
}

impl Kind {
    /// What the wrapper can do by itself.
    pub const ALL: [Self; 13] = [
        Self::Busy,
        Self::Refused,
        Self::JournalRefused,
        Self::RequestLost,
        Self::ReplyLost,
        Self::KilledBefore,
        Self::KilledAfter,
        Self::KilledHalfWay,
        Self::RefusedHalfWay,
        Self::Interrupted,
        Self::Cancelled,
        Self::CancelledLate,
        Self::LockLost,
    ];

    /// Whether it makes a difference that it goes on. The others end the invocation.
    pub fn can_last(self) -> bool {
        matches!(self, Self::Busy | Self::Refused | Self::JournalRefused)
    }

    /// Whether the process is gone, and with it whatever it could still say.
    pub fn kills(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledAfter | Self::KilledHalfWay)
    }

    /// Whether such a request counts for it.
    fn concerns(self, op: Op) -> bool {
        match self {
            Self::JournalRefused => matches!(op, Op::Claim | Op::Commit | Op::Append),
            Self::KilledHalfWay | Self::RefusedHalfWay => op == Op::Build,
            _ => true,
        }
    }
}

/// One fault: the `at`th request that concerns the kind, from 1.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub kind: Kind,
    pub at: usize,
    /// And every one after it.
    pub lasts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Read,
    Claim,
    Begin,
    Execute,
    Commit,
    Rollback,
    Append,
    Outside,
    /// Outside a transaction: a statement that makes an index.
    Build,
    ReadOnly,
    Catalog,
}

/// Where the fault stands, shared by the session, its lock and its observer.
#[derive(Default)]
struct State {
    fault: Option<Fault>,
    count: usize,
    met: bool,
    /// The connection is gone.
    gone: bool,
    lock_lost: bool,
    cancel_next: bool,
}

/// The fault, seen from outside.
#[derive(Clone)]
pub struct Fuse {
    state: Arc<Mutex<State>>,
    killed: Arc<Notify>,
    cancelled: Arc<Notify>,
    interrupt: Arc<Interrupt>,
    /// What a killed server process can leave half done.
    fake: Option<Fake>,
    at_death: AtDeath,
    hook: Option<Hook>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AtDeath {
    /// The driver is told, and drops everything.
    Pretend,
    /// This whole process ends, by a signal that nothing can catch.
    Kill,
}

impl Fuse {
    pub fn new(fault: Option<Fault>, interrupt: Arc<Interrupt>, fake: Option<Fake>) -> Self {
        let state = State { fault, ..State::default() };
        Self {
            state: Arc::new(Mutex::new(state)),
            killed: Arc::default(),
            cancelled: Arc::default(),
            interrupt,
            fake,
            at_death: AtDeath::Pretend,
            hook: None,
        }
    }

    /// A kill is then one of this whole process.
    pub fn for_real(self) -> Self {
        Self { at_death: AtDeath::Kill, ..self }
    }

    /// What `Kind::Server` does.
    pub fn with_hook(self, hook: Hook) -> Self {
        Self { hook: Some(hook), ..self }
    }

    /// Resolves when the process would be dead.
    pub async fn killed(&self) {
        self.killed.notified().await;
    }

    /// Whether there were so many requests.
    pub fn met(&self) -> bool {
        self.state.lock().unwrap().met
    }

    /// What this request meets: the kind, if it is the one.
    fn strike(&self, op: Op) -> Result<Option<Kind>, DbError> {
        let mut state = self.state.lock().unwrap();
        if state.gone {
            return Err(lost());
        }
        if std::mem::take(&mut state.cancel_next) {
            return Err(refused(op, "57014", "canceling statement due to user request"));
        }
        let Some(fault) = state.fault.filter(|fault| fault.kind.concerns(op)) else { return Ok(None) };
        state.count += 1;
        let struck = state.count == fault.at || (fault.lasts && state.count > fault.at);
        state.met |= struck;
        Ok(struck.then_some(fault.kind))
    }

    async fn die(&self) -> ! {
        if self.at_death == AtDeath::Kill {
            let _ =
                std::process::Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
        }
        self.killed.notify_one();
        std::future::pending().await
    }

    /// What happens before the request is passed on, and what is left to happen after it.
    async fn before(&self, op: Op) -> Result<Option<Kind>, DbError> {
        let Some(kind) = self.strike(op)? else { return Ok(None) };
        match kind {
            Kind::Busy => return Err(refused(op, "55P03", "canceling statement due to lock timeout")),
            Kind::Refused => return Err(refused(op, "42501", "permission denied")),
            Kind::JournalRefused => return Err(refused(op, "53100", "no space left on device")),
            Kind::RequestLost => {
                self.state.lock().unwrap().gone = true;
                return Err(lost());
            }
            Kind::KilledBefore => self.die().await,
            Kind::Interrupted => self.interrupt.request(),
            Kind::Cancelled | Kind::CancelledLate => {
                self.interrupt.request();
                self.interrupt.request();
                let waits = matches!(op, Op::Execute | Op::Outside | Op::Build | Op::ReadOnly);
                if kind == Kind::CancelledLate {
                    self.state.lock().unwrap().cancel_next = true;
                } else if waits {
                    self.cancelled.notified().await;
                    return Err(refused(op, "57014", "canceling statement due to user request"));
                }
            }
            Kind::Server => self.hook.as_ref().expect("a hook")(),
            Kind::LockLost => self.state.lock().unwrap().lock_lost = true,
            Kind::ReplyLost | Kind::KilledAfter | Kind::KilledHalfWay | Kind::RefusedHalfWay => {}
        }
        Ok(Some(kind))
    }

    async fn after<T, E: From<DbError>>(&self, kind: Option<Kind>, answer: Result<T, E>) -> Result<T, E> {
        match kind {
            Some(Kind::ReplyLost) => {
                self.state.lock().unwrap().gone = true;
                drop(answer);
                Err(lost().into())
            }
            Some(Kind::KilledAfter) => self.die().await,
            Some(kind @ (Kind::KilledHalfWay | Kind::RefusedHalfWay)) => {
                if let Some(fake) = &self.fake {
                    fake.break_index("counts_n");
                }
                if kind.kills() {
                    self.die().await;
                }
                Err(refusal("40P01", "deadlock detected").into())
            }
            _ => answer,
        }
    }
}

fn lost() -> DbError {
    DbError::Lost("the test has cut it".to_owned())
}

/// A refusal as a backend passes it on.
fn refused(op: Op, code: &str, message: &str) -> DbError {
    match refusal(code, message) {
        DbError::Refused(refusal) if op == Op::Append => DbError::JournalRefused(refusal),
        DbError::Refused(refusal) if op == Op::Claim => DbError::NoJournal(refusal),
        other => other,
    }
}

pub struct Faulty {
    inner: Box<dyn Session>,
    fuse: Fuse,
}

impl Faulty {
    pub fn new(inner: Box<dyn Session>, fuse: Fuse) -> Self {
        Self { inner, fuse }
    }
}

#[async_trait]
impl Session for Faulty {
    fn info(&self) -> &TargetInfo {
        self.inner.info()
    }

    async fn read_journal(&mut self, runbook: Option<&str>) -> Result<Vec<JournalRow>, DbError> {
        let kind = self.fuse.before(Op::Read).await?;
        let answer = self.inner.read_journal(runbook).await;
        self.fuse.after(kind, answer).await
    }

    async fn claim(&mut self, claim: &Claim) -> Result<Claimed, LockError> {
        let kind = self.fuse.before(Op::Claim).await?;
        let answer = self.inner.claim(claim).await;
        let mut claimed = self.fuse.after(kind, answer).await?;
        claimed.lock = Box::new(FaultyLock { inner: claimed.lock, fuse: self.fuse.clone() });
        Ok(claimed)
    }

    async fn holder(&mut self) -> Result<Option<Holder>, DbError> {
        let kind = self.fuse.before(Op::Read).await?;
        let answer = self.inner.holder().await;
        self.fuse.after(kind, answer).await
    }

    async fn begin(&mut self, scope: &Scope<'_>) -> Result<(), DbError> {
        let kind = self.fuse.before(Op::Begin).await?;
        let answer = self.inner.begin(scope).await;
        self.fuse.after(kind, answer).await
    }

    async fn execute(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        let kind = self.fuse.before(Op::Execute).await?;
        let answer = self.inner.execute(scope, sql, keep).await;
        self.fuse.after(kind, answer).await
    }

    async fn commit(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        let kind = self.fuse.before(Op::Commit).await?;
        let answer = self.inner.commit(rows).await;
        self.fuse.after(kind, answer).await
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        let kind = self.fuse.before(Op::Rollback).await?;
        let answer = self.inner.rollback().await;
        self.fuse.after(kind, answer).await
    }

    async fn append(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        let kind = self.fuse.before(Op::Append).await?;
        let answer = self.inner.append(rows).await;
        self.fuse.after(kind, answer).await
    }

    async fn execute_outside(&mut self, scope: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        let op = if sql.starts_with("CREATE INDEX") { Op::Build } else { Op::Outside };
        let kind = self.fuse.before(op).await?;
        let answer = self.inner.execute_outside(scope, sql, keep).await;
        self.fuse.after(kind, answer).await
    }

    async fn execute_read_only(
        &mut self,
        scope: &Scope<'_>,
        sql: &str,
        keep: u64,
    ) -> Result<Answer, DbError> {
        let kind = self.fuse.before(Op::ReadOnly).await?;
        let answer = self.inner.execute_read_only(scope, sql, keep).await;
        self.fuse.after(kind, answer).await
    }

    async fn definition(&mut self, objects: &[Object]) -> Result<Option<Vec<String>>, DbError> {
        let kind = self.fuse.before(Op::Catalog).await?;
        let answer = self.inner.definition(objects).await;
        self.fuse.after(kind, answer).await
    }

    async fn invalid_indexes(&mut self, statement: &Facts) -> Result<Vec<InvalidIndex>, DbError> {
        let kind = self.fuse.before(Op::Catalog).await?;
        let answer = self.inner.invalid_indexes(statement).await;
        self.fuse.after(kind, answer).await
    }

    async fn still_running(&mut self, scope: &Scope<'_>) -> Result<Option<String>, DbError> {
        let kind = self.fuse.before(Op::Catalog).await?;
        let answer = self.inner.still_running(scope).await;
        self.fuse.after(kind, answer).await
    }

    async fn tables(&mut self) -> Result<Vec<TableName>, DbError> {
        let kind = self.fuse.before(Op::Catalog).await?;
        let answer = self.inner.tables().await;
        self.fuse.after(kind, answer).await
    }

    async fn describe(&mut self, table: &str) -> Result<Option<Table>, DbError> {
        let kind = self.fuse.before(Op::Catalog).await?;
        let answer = self.inner.describe(table).await;
        self.fuse.after(kind, answer).await
    }

    async fn surroundings(&mut self, table: &str) -> Result<Surroundings, DbError> {
        let kind = self.fuse.before(Op::Catalog).await?;
        let answer = self.inner.surroundings(table).await;
        self.fuse.after(kind, answer).await
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(FaultyObserver { inner: self.inner.observer(), fuse: self.fuse.clone() })
    }

    fn lookout(&self) -> Box<dyn Lookout> {
        self.inner.lookout()
    }

    async fn close(self: Box<Self>) {
        self.inner.close().await;
    }
}

struct FaultyObserver {
    inner: Box<dyn Observer>,
    fuse: Fuse,
}

#[async_trait]
impl Observer for FaultyObserver {
    async fn blockers(&mut self) -> Result<Vec<Blocker>, DbError> {
        self.inner.blockers().await
    }

    async fn is_idle(&mut self) -> Result<bool, DbError> {
        self.inner.is_idle().await
    }

    async fn cancel(&mut self) -> Result<(), DbError> {
        self.fuse.cancelled.notify_one();
        self.inner.cancel().await
    }
}

struct FaultyLock {
    inner: Box<dyn RunLock>,
    fuse: Fuse,
}

#[async_trait]
impl RunLock for FaultyLock {
    fn at(&mut self, cell: &str) {
        self.inner.at(cell);
    }

    fn wrote(&mut self, pos: i64) {
        self.inner.wrote(pos);
    }

    fn lost(&self) -> Option<&str> {
        if self.fuse.state.lock().unwrap().lock_lost {
            Some("the test has taken it")
        } else {
            self.inner.lost()
        }
    }

    async fn release(self: Box<Self>) {
        self.inner.release().await;
    }
}
