//! What `control` says of a run.

use crate::figures;
use serde_json::json;

use super::status::{StatusRow, holding};
use super::style::Style;
use super::terminal::TerminalReport;
use crate::backend::{Holder, Wishes};
use crate::engine::Progress;

/// A run whose batches can be controlled, or could be once.
#[derive(Clone, Debug)]
pub struct ControlView {
    pub row: StatusRow,
    /// None while it is not running.
    pub holder: Option<Holder>,
    /// The cell whose batches run or stand still.
    pub cell: Option<String>,
    pub wishes: Wishes,
    pub progress: Option<Progress>,
}

pub fn control_text(view: &ControlView) -> String {
    let row = &view.row;
    let mut text = format!("run {} of {}: {}", row.run, row.runbook, row.state);
    if let Some(at) = &row.at {
        text.push_str(&format!(" at {at}"));
    }
    let who = view.holder.as_ref().map_or_else(|| row.why.clone(), holding);
    text.push_str(&format!("\n  {who}\n"));
    if let Some(progress) = &view.progress {
        text.push_str(&format!("{}\n", TerminalReport::new(Style::Plain).progress(progress)));
    }
    let wishes = &view.wishes;
    // While it runs its progress says so.
    if let (Some(wish), None) = (&wishes.paused, &view.holder) {
        text.push_str(&format!("  paused by {} at {}\n", wish.by, wish.at));
    }
    if let Some((size, wish)) = &wishes.size {
        text.push_str(&format!(
            "  batches of {}, asked for by {} at {}\n",
            figures::count(*size),
            wish.by,
            wish.at
        ));
    }
    if wishes.number > 0 {
        let seen = match (wishes.seen >= wishes.number, &view.holder) {
            (true, _) => "the run has seen every change",
            (false, Some(_)) => "the run has not seen the last change yet: it will between two batches",
            (false, None) => "the run has not seen the last change yet: it will when it goes on",
        };
        text.push_str(&format!("  {seen}\n"));
    }
    if let Some(next) = &row.next {
        text.push_str(&format!("next: {next}\n"));
    }
    text
}

pub fn control_json(view: &ControlView) -> String {
    let wishes = &view.wishes;
    let wish = |wish: &crate::backend::Wish| json!({ "by": wish.by, "at": wish.at });
    json!({
        "version": 1,
        "run": view.row.run,
        "runbook": view.row.runbook,
        "state": view.row.state,
        "cell": view.cell,
        "paused": wishes.paused.as_ref().map(wish),
        "size": wishes.size.as_ref().map(|(size, _)| size),
        "size_wish": wishes.size.as_ref().map(|(_, by)| wish(by)),
        "changes": wishes.number,
        "seen": wishes.seen,
        "progress": view.progress,
        "next": view.row.next,
    })
    .to_string()
}
