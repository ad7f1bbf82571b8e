use super::duration;
use super::plan::table;
use crate::engine::{Event, Sealed};

/// What each verify cell of a replay came to.
pub fn replay_table(entries: &[Sealed], width: u16) -> String {
    let mut rows = table(width, &["", "verify cell", "expected", "found", "recorded at the run", "time"]);
    for entry in entries {
        let Event::Checked { cell, expected, passed, found, as_recorded, micros, .. } = &entry.event else {
            continue;
        };
        let recorded = match as_recorded {
            Some(true) => "the same answer",
            Some(false) => "another answer",
            None => "",
        };
        let mark = if *passed { "✓ holds" } else { "✗ violated" };
        rows.add_row(vec![mark, cell, expected, found, recorded, &duration(*micros)]);
    }
    if rows.row_count() == 0 { String::new() } else { rows.to_string() }
}
