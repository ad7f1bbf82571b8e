use std::time::Duration;

use comfy_table::{Table, presets};

use super::json::unit_name;
use crate::backfill::Pacing;
use crate::dialect::Limits;
use crate::document::Pause;
use crate::engine::{History, RollbackStep};
use crate::plan::{Action, Gate, Plan, Step, Unit, show_duration};

/// A table whose width is given, so that output does not depend on where it runs.
pub(super) fn table(width: u16, header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(comfy_table::ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(header.to_vec());
    table
}

/// What will run, in order.
pub fn plan_table(plan: &Plan, history: Option<&History>, width: u16) -> String {
    let narrow = width < NARROW;
    let mut header = match narrow {
        false => vec!["#", "phase", "step", "does", "commit", "gate", "limits", "rollback", "verify"],
        true => vec!["#", "step", "does", "how", "back"],
    };
    if history.is_some() {
        header.push("state");
    }
    let mut rows = table(width, &header);
    let mut number = 0;
    for phase in &plan.phases {
        if let Some(condition) = &phase.hold {
            let name = format!("before-{}", phase.name);
            let (none, gate) = (String::new(), "hold".to_owned());
            rows.add_row(match narrow {
                false => vec![none.clone(), phase.name.clone(), name, condition.clone(), none, gate],
                true => vec![none, name, condition.clone(), gate],
            });
        }
        for step in plan.steps_of(&phase.name) {
            number += 1;
            let action = &step.forward;
            let (how, back) =
                ([commit(action), gate(action), limits(action)], [way_back(step), checks(step)]);
            let mut row = match narrow {
                true => vec![number.to_string(), step.id.clone(), does(action), lines(&how), lines(&back)],
                false => {
                    let about = [number.to_string(), step.phase.clone(), step.id.clone(), does(action)];
                    about.into_iter().chain(how).chain(back).collect()
                }
            };
            if let Some(history) = history {
                row.push(history.step(&step.id).name().to_owned());
            }
            rows.add_row(row);
        }
    }
    rows.to_string()
}

/// Columns below which a cell of the table holds what would be several.
pub(super) const NARROW: u16 = 110;

fn lines(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn does(action: &Action) -> String {
    let mut lines: Vec<String> = Vec::new();
    for statement in &action.statements {
        let facts = &statement.facts;
        let names: Vec<&str> = facts.objects.iter().map(|object| object.name.as_str()).collect();
        let mut line = format!("{} {}", facts.kind.replace('_', " "), names.join(", "));
        // SQLite has one lock, on the whole database: it says nothing about a step.
        if let Some(lock) = facts.lock.as_ref().filter(|lock| lock.mode != "RESERVED") {
            line.push_str(&format!(" [{}]", lock.mode));
        }
        lines.push(line.trim_end().to_owned());
    }
    const MOST: usize = 6;
    if lines.len() > MOST {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

fn commit(action: &Action) -> String {
    match &action.unit {
        Unit::Batch(backfill) => {
            let each = match backfill.pacing {
                Pacing::Fixed(size) => format!("batch of {size}"),
                Pacing::Adaptive { target, .. } => format!("batch of about {}", show_duration(target)),
            };
            match backfill.pause {
                Pause::Auto | Pause::Always(Duration::ZERO) => each,
                Pause::Always(pause) => format!("{each}, pause {}", show_duration(pause)),
            }
        }
        _ => match unit_name(action) {
            "none" => "outside a transaction".to_owned(),
            unit => unit.to_owned(),
        },
    }
}

fn gate(action: &Action) -> String {
    match &action.gate {
        None => String::new(),
        Some(Gate::Declared) => "destructive (declared)".to_owned(),
        Some(Gate::Destructive { .. }) => "destructive".to_owned(),
    }
}

fn limits(action: &Action) -> String {
    let mut parts = Vec::new();
    // Each that one of the statements has.
    let each = |name: &str, of: fn(&Limits) -> Option<Duration>| {
        let mut limits: Vec<Duration> = action.statements.iter().filter_map(|s| of(&s.limits)).collect();
        limits.sort();
        limits.dedup();
        let shown: Vec<String> = limits.into_iter().map(show_duration).collect();
        (!shown.is_empty()).then(|| format!("{name} {}", shown.join(", ")))
    };
    parts.extend(each("lock", |limits| limits.lock_timeout));
    parts.extend(each("statement", |limits| limits.statement_timeout));
    parts.push(format!("{} tries", action.retry + 1));
    if let Unit::Batch(backfill) = &action.unit {
        parts.extend(backfill.throttle.shown());
    }
    parts.join("\n")
}

fn way_back(step: &Step) -> String {
    match &step.irreversible {
        Some(why) => format!("none: {why}"),
        None => step.rollback.iter().map(does).collect::<Vec<_>>().join("\n"),
    }
}

fn checks(step: &Step) -> String {
    let cells = step.before.iter().chain(&step.after).map(|check| {
        let id = check.cell.as_str();
        id.strip_prefix(&format!("{}.", step.id)).unwrap_or(id).to_owned()
    });
    cells.collect::<Vec<_>>().join("\n")
}

/// What a rollback would do, in order.
pub fn rollback_table(steps: &[RollbackStep<'_>], width: u16) -> String {
    let mut rows = table(width, &["#", "undoes", "by", "gate"]);
    for (index, RollbackStep { step, partial }) in steps.iter().enumerate() {
        let name = if *partial { format!("{} (partly done)", step.id) } else { step.id.clone() };
        let gates: Vec<String> = step.rollback.iter().map(gate).filter(|gate| !gate.is_empty()).collect();
        let gate = if step.irreversible.is_some() { "irreversible".to_owned() } else { gates.join("\n") };
        rows.add_row(vec![(index + 1).to_string(), name, way_back(step), gate]);
    }
    rows.to_string()
}
