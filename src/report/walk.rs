//! How a plan's backfills will walk.

use std::time::Duration;

use serde_json::{Value, json};

use crate::backfill::{Backfill, Pacing};
use crate::document::{OnError, Order, Pause};
use crate::figures;
use crate::plan::{Plan, Unit, show_duration};

/// A line for each batched cell; nothing where there is none.
pub fn walk_lines(plan: &Plan) -> String {
    let mut text = String::new();
    for step in &plan.steps {
        if let Unit::Batch(backfill) = &step.forward.unit {
            text.push_str(&format!("{} walks {}\n", step.id, walk(backfill)));
        }
    }
    text
}

/// Null where the unit is no batch.
pub(super) fn walk_json(unit: &Unit) -> Value {
    let Unit::Batch(backfill) = unit else { return Value::Null };
    let (size, target, bounds) = match backfill.pacing {
        Pacing::Fixed(size) => (Some(size), None, None),
        Pacing::Adaptive { target, min, max } => (None, Some(target.as_millis() as u64), Some([min, max])),
    };
    json!({
        "table": backfill.table,
        "key": backfill.key,
        "order": if backfill.order == Order::Ascending { "asc" } else { "desc" },
        "size": size,
        "target_millis": target,
        "min": bounds.map(|[min, _]| min),
        "max": bounds.map(|[_, max]| max),
        // Null: as long as it takes to leave others their share.
        "pause_millis": match backfill.pause {
            Pause::Auto => None,
            Pause::Always(pause) => Some(pause.as_millis() as u64),
        },
        "skip": if let OnError::Skip(limit) = backfill.on_error { limit } else { 0 },
    })
}

fn walk(backfill: &Backfill) -> String {
    let Backfill { table, key, order, pacing, pause, on_error, .. } = backfill;
    let key = match &key[..] {
        [column] => column.clone(),
        columns => format!("({})", columns.join(", ")),
    };
    let direction = match order {
        Order::Ascending => "from the first key to the last",
        Order::Descending => "from the last key to the first",
    };
    let size = match pacing {
        Pacing::Fixed(size) => figures::plural(*size, "key"),
        Pacing::Adaptive { target, min, max } => {
            format!(
                "{} to {} keys, as many as take about {}",
                figures::count(*min),
                figures::count(*max),
                show_duration(*target)
            )
        }
    };
    let pause = match pause {
        Pause::Auto => ", with gaps while others are at work".to_owned(),
        Pause::Always(Duration::ZERO) => ", without a gap".to_owned(),
        Pause::Always(pause) => format!(", {} apart", show_duration(*pause)),
    };
    let failing = match on_error {
        OnError::Stop => "a key whose rows cannot be changed stops it".to_owned(),
        OnError::Skip(limit) => {
            format!("up to {} whose rows cannot be changed are left out", figures::plural(*limit, "key"))
        }
    };
    format!(
        "{table} along {key}, {direction} that are there when it begins; each batch is {size}{pause}; {failing}"
    )
}
