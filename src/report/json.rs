//! Machine output, design §6: versioned, and a field is never renamed within a version.

use std::time::Duration;

use serde_json::{Value, json};

use super::StatusRow;
use super::walk::walk_json;
use crate::diagnostics::{Diagnostics, render};
use crate::dialect::{Lock, Transactional};
use crate::engine::{Event, History, Progress, RollbackStep};
use crate::plan::{Action, Plan, Statement, Unit};
use crate::rules;
use crate::survey::{Estimate, Judged, Survey};

/// One event as a line.
pub fn event_line(at: &str, run: &str, event: &Event) -> String {
    let mut value = serde_json::to_value(event).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.insert("version".into(), json!(1));
        fields.insert("at".into(), json!(at));
        fields.insert("run".into(), json!(run));
    }
    value.to_string()
}

/// How a batched cell is doing, as a line among the events.
pub fn progress_line(at: &str, run: &str, progress: &Progress) -> String {
    let mut value = serde_json::to_value(progress).unwrap_or_default();
    if let Value::Object(fields) = &mut value {
        fields.insert("event".into(), json!("progress"));
        fields.insert("version".into(), json!(1));
        fields.insert("at".into(), json!(at));
        fields.insert("run".into(), json!(run));
    }
    value.to_string()
}

/// The plan; with a history, the state of each step too, and with a survey what each statement meets.
pub fn plan_json(
    plan: &Plan,
    target: Option<&str>,
    history: Option<&History>,
    survey: Option<&Survey>,
) -> String {
    let steps: Vec<Value> = plan
        .steps
        .iter()
        .map(|step| {
            json!({
                "id": step.id,
                "phase": step.phase,
                "gate": step.forward.gate.as_ref().map(|gate| gate.losses()),
                "unit": unit_name(&step.forward),
                "batch": walk_json(&step.forward.unit),
                "digest": step.forward.digest,
                "rollback": step.rollback.iter().map(action_json).collect::<Vec<_>>(),
                "irreversible": step.irreversible,
                "statements": step.forward.statements.iter().enumerate().map(|(index, statement)| {
                    let mut value = statement_json(statement);
                    value["live"] = json!(survey.and_then(|survey| survey.of(&step.id, index + 1)).map(live_json));
                    value
                }).collect::<Vec<_>>(),
                "verify": step.before.iter().chain(&step.after).map(|check| &check.cell).collect::<Vec<_>>(),
                "state": history.map(|history| history.step(&step.id)),
            })
        })
        .collect();
    json!({
        "version": 1,
        "runbook": plan.runbook,
        "digest": plan.digest,
        "target": target,
        "steps": steps,
        "server": survey.map(|survey| &survey.server),
        "total": survey.map(|survey| estimate_json(&survey.total())),
        "unseen": survey.map(|survey| &survey.unseen),
        "findings": survey.map(|survey| findings_json(&survey.findings)),
    })
    .to_string()
}

/// What a rollback would do, in order.
pub fn rollback_json(steps: &[RollbackStep<'_>]) -> String {
    let steps: Vec<Value> = steps
        .iter()
        .map(|RollbackStep { step, partial }| {
            json!({
                "id": step.id,
                "phase": step.phase,
                "partial": partial,
                "irreversible": step.irreversible,
                "rollback": step.rollback.iter().map(action_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({ "version": 1, "steps": steps }).to_string()
}

fn action_json(action: &Action) -> Value {
    json!({
        "cell": action.cell,
        "digest": action.digest,
        "unit": unit_name(action),
        "statements": action.statements.iter().map(statement_json).collect::<Vec<_>>(),
    })
}

/// The unit of commit in a word.
pub(super) fn unit_name(action: &Action) -> &'static str {
    let alone = action.statements.iter().filter(|statement| statement.alone).count();
    match &action.unit {
        Unit::Batch(_) => "batch",
        _ if alone == action.statements.len() => "none",
        _ if alone > 0 => "statement",
        Unit::Statement => "statement",
        Unit::Cell => "cell",
    }
}

fn statement_json(statement: &Statement) -> Value {
    let facts = &statement.facts;
    let objects: Vec<Value> = facts
        .objects
        .iter()
        .map(|object| json!({ "kind": object.kind, "name": object.name, "action": object.action }))
        .collect();
    let lock = |lock: &Lock| json!({ "mode": lock.mode, "object": lock.object });
    json!({
        "sql": statement.shown,
        "kind": facts.kind,
        "objects": objects,
        "destructive": facts.destructive,
        "lock": facts.lock.as_ref().map(lock),
        "locks": facts.locks.iter().map(lock).collect::<Vec<_>>(),
        "blocks": facts.blocks,
        "rewrites": facts.rewrites,
        "scans": facts.scans,
        "builds_index": facts.builds_index,
        "transactional": facts.transactional == Transactional::Yes,
        "commits": matches!(facts.transactional, Transactional::Commits(_)),
        "reversible": facts.reversible,
        "calls": facts.calls,
        "line": statement.line,
    })
}

/// What a statement that is still to come meets.
fn live_json(judged: &Judged) -> Value {
    let lock = |lock: &Lock| json!({ "mode": lock.mode, "object": lock.object });
    json!({
        "tables": judged.tables,
        "takes": estimate_json(&judged.time),
        "rewrites": judged.rewrites,
        "scans": judged.scans,
        "builds_index": judged.builds_index,
        "blocks": judged.blocks,
        "locks": judged.locks.iter().map(lock).collect::<Vec<_>>(),
        "in_the_way": judged.in_the_way,
        "needed": judged.needed,
        "used": judged.used,
        "space": judged.space,
        "walk": judged.walk,
        "remarks": judged.remarks,
    })
}

/// As `check --format json` has them.
pub(super) fn findings_json(findings: &Diagnostics) -> Value {
    let report: Value = serde_json::from_str(&render::json(findings, rules::page_of)).unwrap_or_default();
    report["findings"].clone()
}

/// Milliseconds.
fn estimate_json(estimate: &Estimate) -> Value {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    json!({
        "class": estimate.class,
        "from_millis": millis(estimate.from),
        "to_millis": millis(estimate.to),
        "method": estimate.method,
    })
}

pub fn status_json(rows: &[StatusRow]) -> String {
    let runs: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "runbook": row.runbook,
                "run": row.run,
                "direction": row.direction,
                "state": row.state,
                "at": row.at,
                "started_at": row.started_at,
                "last_at": row.last_at,
                "operator": row.operator,
                "why": row.why,
                "help": row.help,
                "next": row.next,
            })
        })
        .collect();
    json!({ "version": 1, "runs": runs }).to_string()
}
