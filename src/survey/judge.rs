//! The judgement on each statement, and on the plan as a whole.

use super::conflict::conflicts;
use super::estimate::{Class, Estimate};
use super::needs::{self, Loss};
use super::walk::Ahead;
use super::work::{cost, known};
use super::world::{Found, World};
use super::{expect, server};
use crate::backend::Blocker;
use crate::backend::survey::{Bond, Held, Note, Relation, Seen, Sight};
use crate::diagnostics::Diagnostics;
use crate::dialect::{Action, Blocks, Dialect, Lock, ObjectKind, Waiting};
use crate::plan::{Plan, Statement, Step};

/// What a plan meets on its target.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Of statements that are still to come, in order.
    pub statements: Vec<Judged>,
    /// What the server says of itself, as far as it matters here.
    pub server: Vec<Note>,
    /// What could not be seen, and why.
    pub unseen: Vec<String>,
    /// What will fail, or leave something broken.
    pub findings: Diagnostics,
}

/// One statement on the live database.
#[derive(Clone, Debug)]
pub struct Judged {
    pub step: String,
    pub cell: String,
    /// From 1.
    pub statement: usize,
    pub line: usize,
    pub sql: String,
    pub tables: Vec<TableView>,
    pub time: Estimate,
    /// With what the table's definition adds to the text.
    pub rewrites: Option<bool>,
    pub scans: Option<bool>,
    pub builds_index: Option<bool>,
    pub blocks: Option<Blocks>,
    /// Locks that others wait for, with those that the server's own definitions add.
    pub locks: Vec<Lock>,
    pub in_the_way: Vec<InTheWay>,
    pub needed: Vec<Needed>,
    pub used: Vec<Used>,
    pub space: Option<Space>,
    /// Of a batched cell.
    pub walk: Option<Ahead>,
    pub remarks: Vec<String>,
}

/// A table that a statement names.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TableView {
    pub name: String,
    pub kind: String,
    /// The runbook makes it, so that the server knows nothing of it.
    pub made_here: bool,
    pub rows: Option<u64>,
    pub rows_from: String,
    pub bytes: Option<u64>,
    pub index_bytes: Option<u64>,
    pub bytes_from: String,
    pub indexes: u64,
    pub partitions: u64,
}

/// A session that a lock waits for now.
#[derive(Clone, Debug, serde::Serialize)]
pub struct InTheWay {
    /// What is wanted, on what.
    pub wants: String,
    pub object: String,
    /// What the other one has; None where only its transaction is in the way.
    pub has: Option<String>,
    pub by: Blocker,
}

/// Something that needs what the statement takes away or changes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Needed {
    /// `orders.status`.
    pub object: String,
    pub what: String,
    pub bond: Bond,
}

/// Whether something that goes or gets another name is still used.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Used {
    pub object: String,
    pub reads: u64,
    pub writes: u64,
    pub since: String,
    pub statements: Vec<Seen>,
}

/// Disk that a statement takes before it gives any back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Space {
    pub needs: u64,
    /// None where the server does not tell.
    pub free: Option<u64>,
}

/// Judges what is still to come: `committed` says how many of a step's forward statements are.
pub fn judge(plan: &Plan, sight: &Sight, committed: impl Fn(&Step) -> usize) -> Survey {
    let mut world = World::new(plan.dialect, sight);
    let mut survey = Survey { unseen: sight.unseen.clone(), ..Survey::default() };
    for phase in &plan.phases {
        for step in plan.steps_of(&phase.name) {
            let done = committed(step);
            for (index, statement) in step.forward.statements.iter().enumerate().skip(done) {
                let judged = statement_in(plan, step, index, statement, &world);
                survey.findings.extend(expect::findings(plan, step, index, statement, &world));
                survey.findings.extend(needs::findings(plan, step, index, statement, &world));
                survey.statements.push(judged);
                world.apply(&statement.facts, &statement.sql);
            }
        }
    }
    survey.server = server::notes(plan, sight, &survey.statements);
    survey
}

impl Survey {
    /// A statement of a step's forward cell, from 1; none where it is committed.
    pub fn of(&self, step: &str, statement: usize) -> Option<&Judged> {
        self.statements.iter().find(|judged| judged.step == step && judged.statement == statement)
    }

    /// All of them, one after the other.
    pub fn total(&self) -> Estimate {
        let nothing = Estimate::instant("the sum of its statements");
        self.statements.iter().fold(nothing, |total, judged| total.and(&judged.time))
    }
}

fn statement_in(plan: &Plan, step: &Step, index: usize, statement: &Statement, world: &World<'_>) -> Judged {
    let facts = known(plan.dialect, statement, world);
    let cost = cost(plan.dialect, &step.forward, statement, &facts, world);
    let losses = needs::losses(plan.dialect, statement, world);
    let locks = locks(plan.dialect, statement, &losses, world);
    let mut judged = Judged {
        step: step.id.clone(),
        cell: step.forward.cell.clone(),
        statement: index + 1,
        line: statement.line,
        sql: statement.shown.clone(),
        tables: tables(statement, world),
        time: cost.time,
        rewrites: facts.rewrites,
        scans: facts.scans,
        builds_index: facts.builds_index,
        blocks: facts.blocks,
        in_the_way: in_the_way(plan.dialect, statement, &locks, world),
        locks,
        needed: needs::needed(plan.dialect, statement, &losses, world),
        used: used(&losses),
        space: (cost.room > 0).then_some(Space { needs: cost.room, free: world.sight.free_bytes }),
        walk: None,
        remarks: Vec::new(),
    };
    server::remarks(plan.dialect, &facts, world, &mut judged);
    judged
}

fn tables(statement: &Statement, world: &World<'_>) -> Vec<TableView> {
    let mut views: Vec<TableView> = Vec::new();
    for object in &statement.facts.objects {
        let shown = matches!(object.kind, ObjectKind::Table | ObjectKind::View | ObjectKind::Index);
        if !shown || views.iter().any(|view| view.name == object.name) {
            continue;
        }
        let view = match (world.find(&object.name), object.action) {
            (Found::There(relation), _) if relation.bytes.is_some() => of(&object.name, relation),
            (Found::Made, action) if object.kind == ObjectKind::Table && action != Action::Create => {
                TableView {
                    name: object.name.clone(),
                    kind: "table".to_owned(),
                    made_here: true,
                    rows: None,
                    rows_from: String::new(),
                    bytes: None,
                    index_bytes: None,
                    bytes_from: String::new(),
                    indexes: 0,
                    partitions: 0,
                }
            }
            _ => continue,
        };
        views.push(view);
    }
    views
}

fn of(name: &str, relation: &Relation) -> TableView {
    TableView {
        name: name.to_owned(),
        kind: relation.kind.clone(),
        made_here: false,
        rows: relation.rows,
        rows_from: relation.rows_from.clone(),
        bytes: relation.bytes,
        index_bytes: relation.index_bytes,
        bytes_from: relation.bytes_from.clone(),
        indexes: relation.indexes,
        partitions: relation.partitions,
    }
}

/// The locks that the text tells, and those that only the catalog does: a table goes with its foreign
/// keys, and an index with its table's readers waiting.
fn locks(dialect: Dialect, statement: &Statement, losses: &[Loss<'_>], world: &World<'_>) -> Vec<Lock> {
    let facts = &statement.facts;
    let mut locks = facts.locks.clone();
    if dialect != Dialect::Postgres {
        return locks;
    }
    let mut add = |mode: &'static str, object: &str| {
        if !locks.iter().any(|lock| world.same(&lock.object, object)) {
            locks.push(Lock { mode, object: object.to_owned() });
        }
    };
    for loss in losses {
        if let (ObjectKind::Index, Some(table)) = (loss.kind, &loss.relation.table) {
            let concurrent = facts.blocks == Some(Blocks::Nothing) && facts.waiting() == Waiting::Patient;
            add(if concurrent { "SHARE UPDATE EXCLUSIVE" } else { "ACCESS EXCLUSIVE" }, table);
        }
        for target in loss.foreign_keys() {
            add("ACCESS EXCLUSIVE", target);
        }
    }
    locks
}

fn in_the_way(dialect: Dialect, statement: &Statement, locks: &[Lock], world: &World<'_>) -> Vec<InTheWay> {
    let facts = &statement.facts;
    let mut found: Vec<InTheWay> = Vec::new();
    let mut add = |wants: &str, object: &str, has: Option<&str>, by: &Blocker| {
        if !found.iter().any(|known| known.by.process == by.process && known.object == object) {
            let (wants, object) = (wants.to_owned(), object.to_owned());
            found.push(InTheWay { wants, object, has: has.map(str::to_owned), by: by.clone() });
        }
    };
    if facts.reads_only {
        return found;
    }
    if dialect == Dialect::Sqlite {
        let wal = world.sight.settings.get("journal_mode").is_some_and(|mode| mode == "wal");
        let writes = facts.blocks != Some(Blocks::Nothing);
        for held in world.sight.held.iter().filter(|_| writes) {
            // In WAL mode readers are in nobody's way.
            let reads = matches!(held.mode.as_str(), "SHARED" | "READ");
            if conflicts(dialect, "RESERVED", &held.mode, true) && !(wal && reads) {
                add("RESERVED", "the file", Some(&held.mode), &held.by);
            }
        }
        return found;
    }
    let defines = facts.waiting() != Waiting::Rows;
    // Whatever the text leaves open, MySQL's definitions need their tables for themselves at the end.
    let mut wanted = locks.to_vec();
    if dialect == Dialect::Mysql && defines {
        let named = facts.objects.iter().filter(|object| {
            object.kind == ObjectKind::Table && matches!(object.action, Action::Alter | Action::Drop)
        });
        for object in named.filter(|object| !locks.iter().any(|lock| lock.object == object.name)) {
            wanted.push(Lock { mode: "EXCLUSIVE", object: object.name.clone() });
        }
    }
    for lock in &wanted {
        let Found::There(relation) = world.find(&lock.object) else { continue };
        for Held { mode, granted, by } in &relation.held {
            // MySQL's weakest locks are given back as soon as a statement is planned.
            if conflicts(dialect, lock.mode, mode, defines) {
                let has = if *granted { mode.clone() } else { format!("{mode} (waiting itself)") };
                add(lock.mode, &lock.object, Some(&has), by);
            }
        }
        let blind = dialect == Dialect::Mysql
            && world.sight.unseen.iter().any(|line| line.contains("metadata_lock_info"));
        if blind && defines {
            for by in &world.sight.transactions {
                add(lock.mode, &lock.object, None, by);
            }
        }
    }
    if dialect == Dialect::Postgres && waits_for_snapshots(statement) {
        for by in &world.sight.transactions {
            add("the end of every older transaction", "this database", None, by);
        }
    }
    found
}

/// `CREATE INDEX CONCURRENTLY`, `REINDEX … CONCURRENTLY` and `DROP INDEX CONCURRENTLY` wait until no older
/// snapshot could see the index otherwise than it is (PostgreSQL manual, CREATE INDEX).
fn waits_for_snapshots(statement: &Statement) -> bool {
    let facts = &statement.facts;
    matches!(facts.kind, "create_index" | "reindex" | "drop_index") && facts.waiting() == Waiting::Patient
}

fn used(losses: &[Loss<'_>]) -> Vec<Used> {
    let mut found = Vec::new();
    for loss in losses.iter().filter(|loss| loss.is_missed()) {
        let Some(usage) = &loss.relation.usage else { continue };
        let of_column = |seen: &&Seen| seen.column == loss.column;
        let statements: Vec<Seen> = usage.statements.iter().filter(of_column).cloned().collect();
        found.push(Used {
            object: loss.shown.clone(),
            reads: usage.reads,
            writes: usage.writes,
            since: usage.since.clone(),
            statements,
        });
    }
    found
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::Unknown => "not known",
        }
    }
}
