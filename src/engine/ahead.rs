//! What the batches of a plan would walk, were it run now. It reads, and waits for nobody.

use std::time::Duration;

use super::batch::key;
use super::history::History;
use crate::backend::{DbError, Scope, Session};
use crate::backfill::{Backfill, Key, Misfit, Walk};
use crate::dialect::Limits;
use crate::plan::{Plan, Step, Unit};
use crate::survey::{EndsSeen, Past, WalkSeen};

/// Each end stands at the side of an index; what takes longer is not worth waiting for here.
const LIMITS: Limits =
    Limits { lock_timeout: Some(Duration::from_secs(1)), statement_timeout: Some(Duration::from_secs(5)) };

/// Looks at the walk of each batched forward cell that is not done.
pub async fn walks_ahead(
    session: &mut dyn Session,
    plan: &Plan,
    history: &History,
) -> Result<Vec<WalkSeen>, DbError> {
    let mut seen = Vec::new();
    for step in &plan.steps {
        if let Unit::Batch(backfill) = &step.forward.unit {
            seen.push(look(session, plan, step, backfill, history).await?);
        }
    }
    Ok(seen)
}

async fn look(
    session: &mut dyn Session,
    plan: &Plan,
    step: &Step,
    backfill: &Backfill,
    history: &History,
) -> Result<WalkSeen, DbError> {
    let past = history.cell(&step.id, &step.forward.cell).and_then(|cell| cell.batches.as_ref());
    let sum = past.map(|past| (past.sum, past.count)).unwrap_or_default();
    let mut seen = WalkSeen {
        step: step.id.clone(),
        backfill: backfill.clone(),
        ends: EndsSeen::Empty,
        planned: None,
        past: Past { keys: sum.0.keys, batches: sum.1, micros: sum.0.micros },
    };
    let table = session.describe(&backfill.table).await?;
    let walk = match Walk::new(plan.dialect, backfill, table.as_ref()) {
        Ok(walk) => walk,
        Err(Misfit::NoTable { table }) => {
            seen.ends = EndsSeen::Unknown(format!("{table} is not there yet"));
            return Ok(seen);
        }
        Err(misfit) => {
            seen.ends = EndsSeen::Unknown(format!("as things are it could not be walked: {misfit}"));
            return Ok(seen);
        }
    };
    seen.planned = session.lookout().estimate(&backfill.table).await.ok().flatten();
    seen.ends = match past.map(|past| (past.ends.clone(), past.last.clone())) {
        // The ends of a walk that has begun stay where they are.
        Some((ends, last)) => match ends {
            Some([first, end]) => EndsSeen::Keys([last.unwrap_or(first), end]),
            None => EndsSeen::Empty,
        },
        None => {
            let scope =
                Scope { runbook: &plan.runbook, run: "plan", cell: &step.forward.cell, limits: LIMITS };
            let mut ends: Vec<Key> = Vec::new();
            for sql in walk.ends() {
                match session.execute_read_only(&scope, &sql, 1).await {
                    Ok(answer) => ends.extend(key(&answer)),
                    Err(DbError::Refused(refusal)) => {
                        seen.ends = EndsSeen::Unknown(format!("its ends cannot be read now: {refusal}"));
                        return Ok(seen);
                    }
                    Err(error) => return Err(error),
                }
            }
            <[Key; 2]>::try_from(ends).map_or(EndsSeen::Empty, EndsSeen::Keys)
        }
    };
    Ok(seen)
}
