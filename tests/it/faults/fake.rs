//! A database in memory that a crash can happen to: what is committed outlives every session of it.
//!
//! It is honest where the matrix looks: a transaction's changes are nobody else's until it commits, a
//! statement outside one takes effect at once, a journal position is taken once, the run lock ends
//! with its session, and nothing is made idempotent that is not so in a real engine.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use rollbook::backend::{
    Answer, Blocker, Claim, Claimed, Column, DbError, Holder, InvalidIndex, JournalRow, LockError, Lookout,
    Observer, Refusal, RefusalKind, RunLock, Scope, Session, Surroundings, Table, TableName, TargetInfo,
    Wish, Wishes,
};
use rollbook::dialect::{Dialect, Facts, Object};

use super::fake_sql::Data;

/// What is committed, and who holds the run lock.
#[derive(Clone, Default)]
struct Durable {
    data: Data,
    /// None until the first claim makes it.
    journal: Option<Vec<JournalRow>>,
    /// Raised by every commit: a transaction on older data is refused.
    version: u64,
    holder: Option<Holder>,
}

/// The database itself. Clones are the same one.
#[derive(Clone, Default)]
pub struct Fake {
    durable: Arc<Mutex<Durable>>,
}

impl Fake {
    pub fn session(&self) -> FakeSession {
        FakeSession { fake: self.clone(), open: None, info: info() }
    }

    /// Another database with the same content.
    pub fn copy(&self) -> Self {
        let durable = Durable { holder: None, ..self.durable().clone() };
        Self { durable: Arc::new(Mutex::new(durable)) }
    }

    /// A build breaks off half way: the index is there, and serves nothing.
    pub fn break_index(&self, name: &str) {
        self.durable().data.break_index(name);
    }

    /// The journal's last rows.
    pub fn last_entries(&self, count: usize) -> Vec<JournalRow> {
        let durable = self.durable();
        durable.journal.iter().flatten().rev().take(count).cloned().collect()
    }

    fn durable(&self) -> MutexGuard<'_, Durable> {
        self.durable.lock().unwrap()
    }
}

impl Durable {
    fn write(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        let journal = self.journal.as_mut().ok_or_else(|| refusal("42P01", "there is no journal"))?;
        for row in rows {
            if journal.iter().any(|known| known.pos == row.pos) {
                return Err(DbError::JournalConflict { pos: row.pos });
            }
            if let Some(replaced) = row.replaces {
                journal.retain(|known| known.pos != replaced);
            }
            journal.push(row.clone());
        }
        Ok(())
    }
}

fn info() -> TargetInfo {
    TargetInfo {
        dialect: Dialect::Postgres,
        server: "Fake 1".to_owned(),
        database: "fake".to_owned(),
        user: "ann".to_owned(),
        place: "memory".to_owned(),
        identity: "fake:1".to_owned(),
    }
}

pub fn refusal(code: &str, message: &str) -> DbError {
    let (code, message) = (code.to_owned(), message.to_owned());
    let kind = match code.as_str() {
        "55P03" | "40P01" | "40001" => RefusalKind::Contention,
        "57014" => RefusalKind::Cancelled,
        _ => RefusalKind::Final,
    };
    DbError::Refused(Box::new(Refusal { code, message, kind, ..Refusal::default() }))
}

/// One connection. What it has not committed is gone with it.
pub struct FakeSession {
    fake: Fake,
    open: Option<Transaction>,
    info: TargetInfo,
}

struct Transaction {
    data: Data,
    version: u64,
    /// A statement of it was refused: it takes no more.
    failed: bool,
}

#[async_trait]
impl Session for FakeSession {
    fn info(&self) -> &TargetInfo {
        &self.info
    }

    async fn read_journal(&mut self, runbook: Option<&str>) -> Result<Vec<JournalRow>, DbError> {
        let durable = self.fake.durable();
        let rows = durable.journal.iter().flatten();
        let mut rows: Vec<_> =
            rows.filter(|row| runbook.is_none_or(|id| row.runbook == id)).cloned().collect();
        rows.sort_by_key(|row| row.pos);
        Ok(rows)
    }

    async fn claim(&mut self, claim: &Claim) -> Result<Claimed, LockError> {
        let mut durable = self.fake.durable();
        if let Some(holder) = &durable.holder {
            return Err(LockError::Held(Box::new(holder.clone())));
        }
        let holder = Holder {
            operator: claim.operator.clone(),
            run: claim.run.clone(),
            since: claim.since.clone(),
            ..Holder::default()
        };
        durable.holder = Some(holder);
        let pos = durable.journal.get_or_insert_default().iter().map(|row| row.pos).max();
        drop(durable);
        let lock = Box::new(FakeLock { fake: self.fake.clone() });
        Ok(Claimed { lock, pos: pos.unwrap_or_default(), taken_over: None })
    }

    async fn holder(&mut self) -> Result<Option<Holder>, DbError> {
        Ok(self.fake.durable().holder.clone())
    }

    async fn begin(&mut self, _: &Scope<'_>) -> Result<(), DbError> {
        assert!(self.open.is_none(), "a transaction is open");
        let durable = self.fake.durable();
        let (data, version) = (durable.data.clone(), durable.version);
        drop(durable);
        self.open = Some(Transaction { data, version, failed: false });
        Ok(())
    }

    async fn execute(&mut self, _: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        let open = self.open.as_mut().expect("a transaction is open");
        if open.failed {
            return Err(refusal("25P02", "current transaction is aborted"));
        }
        assert!(!sql.contains("CONCURRENTLY"), "the plan let {sql} into a transaction");
        let answer = open.data.run(sql, keep);
        open.failed = answer.is_err();
        answer
    }

    async fn commit(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        let open = self.open.as_mut().expect("a transaction is open");
        let mut durable = self.fake.durable();
        if open.failed || open.version != durable.version {
            open.failed = true;
            return Err(refusal("40001", "somebody else has committed meanwhile"));
        }
        if let Err(error) = durable.write(rows) {
            open.failed = true;
            return Err(error);
        }
        durable.data = open.data.clone();
        durable.version += 1;
        drop(durable);
        self.open = None;
        Ok(())
    }

    async fn rollback(&mut self) -> Result<(), DbError> {
        self.open = None;
        Ok(())
    }

    async fn append(&mut self, rows: &[JournalRow]) -> Result<(), DbError> {
        assert!(self.open.is_none(), "a transaction is open");
        let mut durable = self.fake.durable();
        durable.write(rows)?;
        durable.version += 1;
        Ok(())
    }

    async fn execute_outside(&mut self, _: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        assert!(self.open.is_none(), "a transaction is open");
        let mut durable = self.fake.durable();
        durable.version += 1;
        durable.data.run(sql, keep)
    }

    async fn execute_read_only(&mut self, _: &Scope<'_>, sql: &str, keep: u64) -> Result<Answer, DbError> {
        assert!(self.open.is_none(), "a transaction is open");
        let durable = self.fake.durable();
        let mut data = durable.data.clone();
        let answer = data.run(sql, keep)?;
        if data != durable.data {
            return Err(refusal("25006", "cannot execute this in a read-only transaction"));
        }
        Ok(answer)
    }

    async fn definition(&mut self, objects: &[Object]) -> Result<Option<Vec<String>>, DbError> {
        let durable = self.fake.durable();
        Ok(Some(objects.iter().flat_map(|object| durable.data.define(&object.name)).collect()))
    }

    async fn invalid_indexes(&mut self, statement: &Facts) -> Result<Vec<InvalidIndex>, DbError> {
        if statement.kind != "create_index" {
            return Ok(Vec::new());
        }
        let durable = self.fake.durable();
        let broken = statement.objects.iter().filter(|object| durable.data.is_broken(&object.name));
        Ok(broken
            .map(|object| InvalidIndex {
                name: object.name.clone(),
                removal: format!("DROP INDEX CONCURRENTLY {}", object.name),
                builder: None,
            })
            .collect())
    }

    /// A statement is over when its call returns.
    async fn still_running(&mut self, _: &Scope<'_>) -> Result<Option<String>, DbError> {
        Ok(None)
    }

    /// No run asks for them.
    async fn tables(&mut self) -> Result<Vec<TableName>, DbError> {
        Ok(Vec::new())
    }

    async fn describe(&mut self, table: &str) -> Result<Option<Table>, DbError> {
        let durable = self.fake.durable();
        Ok(durable.data.columns(table).map(|names| Table {
            columns: names
                .iter()
                .map(|name| Column {
                    name: name.clone(),
                    kind: "text".to_owned(),
                    nullable: true,
                    ..Column::default()
                })
                .collect(),
            primary_key: Vec::new(),
            unique: vec![names[..1].to_vec()],
        }))
    }

    async fn surroundings(&mut self, _: &str) -> Result<Surroundings, DbError> {
        Ok(Surroundings::default())
    }

    fn observer(&self) -> Box<dyn Observer> {
        Box::new(Blind)
    }

    fn lookout(&self) -> Box<dyn Lookout> {
        Box::new(Wishful)
    }

    async fn close(self: Box<Self>) {}
}

/// Somebody wants batches of another size, and the run has not seen it yet: what it says then to the
/// journal, between two batches, is a request like any other.
struct Wishful;

#[async_trait]
impl Lookout for Wishful {
    async fn wishes(&mut self, _: &str) -> Result<Option<Wishes>, DbError> {
        let wish = Wish { by: "bob@lab".to_owned(), at: "2026-11-24T00:00:00Z".to_owned() };
        let size = Some((3, wish.clone()));
        Ok(Some(Wishes { number: 1, size, size_changed: wish, ..Wishes::default() }))
    }
}

/// Nothing takes long enough to be watched.
struct Blind;

#[async_trait]
impl Observer for Blind {
    async fn blockers(&mut self) -> Result<Vec<Blocker>, DbError> {
        Ok(Vec::new())
    }

    async fn cancel(&mut self) -> Result<(), DbError> {
        Ok(())
    }
}

struct FakeLock {
    fake: Fake,
}

impl Drop for FakeLock {
    fn drop(&mut self) {
        self.fake.durable().holder = None;
    }
}

#[async_trait]
impl RunLock for FakeLock {
    fn at(&mut self, cell: &str) {
        if let Some(holder) = &mut self.fake.durable().holder {
            holder.cell = Some(cell.to_owned());
        }
    }

    fn lost(&self) -> Option<&str> {
        None
    }

    async fn release(self: Box<Self>) {}
}
