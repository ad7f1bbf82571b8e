//! What a statement must read, write and build, from its facts and the sizes of what it touches.

use std::time::Duration;

use super::column_type;
use super::estimate::{Estimate, Work, rates};
use super::world::{Found, World};
use crate::backend::survey::{Column, Relation};
use crate::backfill::Pacing;
use crate::dialect::{Action, Dialect, Facts, Object, ObjectKind, Transactional, Words};
use crate::document::Pause;
use crate::plan::{self, Statement, Unit};

/// Bytes of an index entry beside its key.
const ENTRY: u64 = 20;

/// How long a statement works, and what room it needs beside what is there already.
pub(super) struct Cost {
    pub time: Estimate,
    pub room: u64,
}

impl Cost {
    fn free(method: &str) -> Self {
        Self { time: Estimate::instant(method), room: 0 }
    }

    fn unknown(method: impl Into<String>) -> Self {
        Self { time: Estimate::unknown(method), room: 0 }
    }
}

/// The facts of a statement with what the table's definition adds to its text.
pub(super) fn known(dialect: Dialect, statement: &Statement, world: &World<'_>) -> Facts {
    let mut facts = statement.facts.clone();
    let open = facts.rewrites.is_none() || facts.scans.is_none() || facts.builds_index.is_none();
    if dialect != Dialect::Postgres || facts.kind != "alter_table" || !open {
        return facts;
    }
    let table = facts.objects.iter().find(|object| object.kind == ObjectKind::Table);
    if let Some(Found::There(relation)) = table.map(|table| world.find(&table.name))
        && let Some(answered) = column_type::answer(&statement.sql, &statement.facts, relation)
    {
        facts.rewrites = facts.rewrites.or(answered.rewrites);
        facts.scans = facts.scans.or(answered.scans);
        facts.builds_index = facts.builds_index.or(answered.builds_index);
    }
    facts
}

pub(super) fn cost(
    dialect: Dialect,
    action: &plan::Action,
    statement: &Statement,
    facts: &Facts,
    world: &World<'_>,
) -> Cost {
    match facts.kind {
        "unknown" | "do" | "call" | "execute" => {
            return Cost::unknown("what it does cannot be read from its text");
        }
        "insert" | "update" | "delete" | "merge" | "replace" => return rows(dialect, action, facts, world),
        "select" | "values" | "copy" | "load_data" | "select_into" => {
            return Cost::unknown("how many rows it touches is not in its text");
        }
        "refresh_materialized_view" => {
            return Cost::unknown("the view's query is run again: time it with EXPLAIN ANALYZE on a copy");
        }
        _ => {}
    }
    let does = |fact: Option<bool>| fact != Some(false);
    if !(does(facts.rewrites) || does(facts.scans) || does(facts.builds_index)) || facts.kind == "truncate" {
        return Cost::free("only the catalog changes");
    }
    if facts.kind == "vacuum" && dialect == Dialect::Sqlite {
        return match world.sight.bytes {
            Some(bytes) => {
                let work = Work { read: bytes, written: bytes, ..Work::default() };
                // sqlite.org/lang_vacuum.html: a copy, and a journal of the old file.
                Cost { time: Estimate::of(work, rates(dialect), true), room: bytes * 2 }
            }
            None => Cost::unknown("the file's size is not known"),
        };
    }
    let mut work = Work::default();
    for object in touched(facts, statement, dialect) {
        let relation = match world.find(&object.name) {
            Found::There(relation) => relation,
            Found::Made if world.is_filled(&object.name) => {
                return Cost::unknown(format!("the runbook itself fills {}", object.name));
            }
            Found::Made => continue,
            Found::Missing => return Cost::unknown(format!("{} was not found", object.name)),
        };
        let Some(bytes) = relation.bytes else {
            return Cost::unknown(format!("the size of {} is not known", relation.called));
        };
        add(&mut work, dialect, statement, facts, object, relation, bytes);
    }
    if work == Work::default() {
        return Cost::free("what it touches is empty by then");
    }
    let certain = facts.rewrites == Some(true)
        || (facts.rewrites.is_some() && facts.scans.is_some() && facts.builds_index.is_some());
    Cost { time: Estimate::of(work, rates(dialect), certain), room: work.written + work.built }
}

/// The relations whose rows a definition goes through.
fn touched<'f>(facts: &'f Facts, statement: &Statement, dialect: Dialect) -> Vec<&'f Object> {
    let words = Words::of(dialect, &statement.sql);
    let attaches = words.find(words.all(), &["attach", "partition"]).is_some();
    let mut first = true;
    let relations = facts.objects.iter().filter(|object| match (object.kind, object.action) {
        (ObjectKind::Table, Action::Alter | Action::Write) => {
            // The parent is not read when a partition joins it.
            let parent = attaches && std::mem::take(&mut first);
            !parent
        }
        (ObjectKind::View | ObjectKind::Index | ObjectKind::Other, Action::Alter | Action::Write) => true,
        // The rows that a foreign key points at, or that a new table is made of.
        (ObjectKind::Table, Action::Read) => true,
        _ => false,
    });
    relations.collect()
}

fn add(
    work: &mut Work,
    dialect: Dialect,
    statement: &Statement,
    facts: &Facts,
    object: &Object,
    relation: &Relation,
    bytes: u64,
) {
    let indexes = relation.index_bytes.unwrap_or_default();
    if object.kind == ObjectKind::Index {
        work.built += bytes;
        return;
    }
    work.read += bytes;
    if object.action == Action::Read {
        if facts.kind == "create_table_as" {
            work.written += bytes;
        }
        return;
    }
    if facts.rewrites != Some(false) {
        work.written += bytes;
        if facts.builds_index != Some(false) {
            work.built += indexes;
        }
    } else if facts.builds_index != Some(false) {
        work.built += if facts.kind == "reindex" { indexes } else { new_index(dialect, statement, relation) };
        // A concurrent build goes through the table twice (PostgreSQL manual, CREATE INDEX).
        if matches!(facts.transactional, Transactional::Never(_)) {
            work.read += bytes;
        }
    }
}

/// The bytes of an index on the columns that the statement names.
fn new_index(dialect: Dialect, statement: &Statement, relation: &Relation) -> u64 {
    let rows = relation.rows.unwrap_or_default();
    let words = Words::of(dialect, &statement.sql);
    let named = |name: &str| {
        (0..words.len()).any(|at| words.name(at).is_some_and(|(word, _)| word.eq_ignore_ascii_case(name)))
    };
    let keys = relation.columns.iter().filter(|column| named(&column.name));
    let rest = rest(relation);
    let width: u64 = keys.map(|column| width(column).unwrap_or(rest)).sum();
    rows * (width + ENTRY)
}

/// Bytes of a value: what statistics say, or what its type takes.
fn width(column: &Column) -> Option<u64> {
    let of_type = || {
        let kind = column.kind.to_lowercase();
        let word = kind.split(['(', ' ']).next().unwrap_or_default();
        Some(match word {
            "tinyint" | "bool" | "boolean" | "year" => 1,
            "smallint" => 2,
            "int" | "integer" | "mediumint" | "float" | "real" | "date" | "timestamp" => 4,
            "bigint" | "double" | "datetime" => 8,
            _ => return None,
        })
    };
    column.width.or_else(of_type)
}

/// Bytes of a value whose type does not tell: such columns share what the others leave of a row.
fn rest(relation: &Relation) -> u64 {
    let row = relation.bytes.unwrap_or_default() / relation.rows.unwrap_or_default().max(1);
    let known: u64 = relation.columns.iter().filter_map(width).sum();
    let others = relation.columns.iter().filter(|column| width(column).is_none()).count() as u64;
    row.saturating_sub(known) / others.max(1)
}

/// A statement that changes rows one by one.
fn rows(dialect: Dialect, action: &plan::Action, facts: &Facts, world: &World<'_>) -> Cost {
    let written = facts.objects.iter().find(|object| object.action == Action::Write);
    let read = facts.objects.iter().filter(|object| object.action == Action::Read);
    let source: Vec<&Object> = match facts.kind {
        "insert" | "replace" => read.collect(),
        _ => written.into_iter().collect(),
    };
    if source.is_empty() {
        return Cost::free("the rows that its text holds");
    }
    let (mut changed, mut width) = (0, 0);
    for object in source {
        match world.find(&object.name) {
            Found::There(relation) => {
                let Some(rows) = relation.rows else {
                    return Cost::unknown(format!("how many rows {} has is not known", relation.called));
                };
                changed = changed.max(rows);
                width = relation.bytes.unwrap_or_default();
            }
            Found::Made if world.is_filled(&object.name) => {
                return Cost::unknown(format!("the runbook itself fills {}", object.name));
            }
            Found::Made => {}
            Found::Missing => return Cost::unknown(format!("{} was not found", object.name)),
        }
    }
    let certain = facts.scans == Some(true) || changed == 0;
    let time = Estimate::of(Work { changed, ..Work::default() }, rates(dialect), certain);
    let time = match &action.unit {
        Unit::Batch(walk) if changed > 0 => match (walk.pause, walk.pacing) {
            (Pause::Always(Duration::ZERO), _) => time,
            (Pause::Always(pause), Pacing::Fixed(size)) => {
                let batches = u32::try_from(changed.div_ceil(size.max(1))).unwrap_or(u32::MAX);
                time.longer(
                    pause.saturating_mul(batches),
                    &format!("with a pause after each of {batches} batches"),
                )
            }
            (Pause::Always(pause), Pacing::Adaptive { target, .. }) => {
                let share = pause.as_secs_f64() / target.as_secs_f64().max(0.001);
                let paused = time.to.mul_f64(share);
                time.longer(paused, "with a pause after each batch")
            }
            (Pause::Auto, _) => time.told("more while others are at work"),
        },
        _ => time,
    };
    if changed == 0 {
        return Cost::free("there are no rows yet");
    }
    // PostgreSQL keeps the old version of each row until it is vacuumed.
    let room = if dialect == Dialect::Postgres && facts.kind != "delete" { width } else { 0 };
    Cost { time, room }
}
