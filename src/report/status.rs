use super::plan::table;
use crate::backend::Holder;
use crate::engine::{Direction, History, Outcome, RunHistory};
use crate::figures;
use crate::plan::Plan;

/// A run as `status` lists it.
#[derive(Clone, Debug)]
pub struct StatusRow {
    pub runbook: String,
    pub run: String,
    pub direction: Direction,
    /// In a word or two.
    pub state: String,
    /// Where it stopped.
    pub at: Option<String>,
    pub started_at: String,
    pub last_at: String,
    pub operator: String,
    pub why: String,
    /// What to do first, in words.
    pub help: Option<String>,
    /// The command that goes on.
    pub next: Option<String>,
}

impl StatusRow {
    /// `holder` is who has the target's run lock; `resume` the command that goes on with a run that
    /// has no end.
    pub fn of(
        runbook: &str,
        run: &RunHistory,
        holder: Option<&Holder>,
        resume: impl FnOnce() -> String,
    ) -> Self {
        let (state, at, why, help, next) = match (&run.stop, holder.filter(|holder| holder.run == run.run)) {
            (_, Some(holder)) if !run.held.is_empty() => {
                let why = run.held.iter().map(super::holding_back).collect::<Vec<_>>().join("; ");
                ("standing still", holder.cell.clone(), format!("{why}; {}", holding(holder)), None, None)
            }
            (_, Some(holder)) => ("running", holder.cell.clone(), holding(holder), None, None),
            (None, None) if run.superseded => ("ended by a later run", None, String::new(), None, None),
            (None, None) => (
                "killed",
                run.cell.clone(),
                "its process or its connection ended without a word; what is committed is in the journal, and a \
                 statement without an outcome is in doubt"
                    .to_owned(),
                None,
                Some(resume()),
            ),
            (Some(stop), None) => {
                let state = match stop.outcome {
                    Outcome::Completed => "completed",
                    Outcome::Paused => "paused",
                    Outcome::Failed => "failed",
                    Outcome::AtGate => "at gate",
                    Outcome::InDoubt => "in doubt",
                    Outcome::Interrupted => "interrupted",
                };
                let open = |text: &Option<String>| text.clone().filter(|_| run.is_open());
                (state, stop.at.clone(), stop.state.clone(), open(&stop.help), open(&stop.next))
            }
        };
        let state = if run.superseded && run.stop.as_ref().is_some_and(|s| s.outcome != Outcome::Completed) {
            format!("{state}, ended by a later run")
        } else {
            state.to_owned()
        };
        Self {
            runbook: runbook.to_owned(),
            run: run.run.clone(),
            direction: run.direction,
            state,
            at,
            started_at: run.started_at.clone(),
            last_at: run.last_at.clone(),
            operator: run.operator.clone(),
            why,
            help,
            next,
        }
    }
}

/// Who runs, since when, and whether they are alive.
pub fn holding(holder: &Holder) -> String {
    let silent = holder.silent.map_or_else(String::new, |silent| match silent.as_secs() {
        0..10 => ", alive".to_owned(),
        seconds => format!(", silent for {seconds} s"),
    });
    format!("{} since {}, {}{silent}", holder.operator, holder.since, holder.process)
}

pub fn status_table(rows: &[StatusRow], width: u16) -> String {
    let mut table = table(width, &["runbook", "run", "direction", "state", "at", "why", "started", "by"]);
    for row in rows {
        let direction = match row.direction {
            Direction::Forward => "forward",
            Direction::Rollback => "rollback",
            Direction::Verify => "verify",
        };
        table.add_row(vec![
            row.runbook.clone(),
            row.run.clone(),
            direction.to_owned(),
            row.state.clone(),
            row.at.clone().unwrap_or_default(),
            row.why.clone(),
            row.started_at.chars().take(19).collect::<String>(),
            row.operator.clone(),
        ]);
    }
    let mut text = table.to_string();
    for row in rows {
        if let Some(help) = &row.help {
            text.push_str(&format!("\nhelp for {}: {help}", row.runbook));
        }
        if let Some(next) = &row.next {
            text.push_str(&format!("\nnext for {}: {next}", row.runbook));
        }
    }
    text
}

/// The state of each step of one runbook.
pub fn step_table(plan: &Plan, history: &History, width: u16) -> String {
    let mut table = table(width, &["phase", "step", "state", "done"]);
    for step in &plan.steps {
        let cell = history.cell(&step.id, &step.forward.cell);
        let done = match cell.and_then(|cell| cell.batches.as_ref()) {
            Some(batches) => {
                let left_out = match batches.skipped.len() as u64 {
                    0 => String::new(),
                    skipped => format!("; {} left out", figures::plural(skipped, "key")),
                };
                format!(
                    "{}, {}{left_out}",
                    figures::plural(batches.count, "batch"),
                    figures::plural(batches.sum.rows, "row")
                )
            }
            None => format!("{} of {} statements", cell.map_or(0, |c| c.done), step.forward.statements.len()),
        };
        let state = history.step(&step.id).name();
        table.add_row(vec![step.phase.as_str(), step.id.as_str(), state, done.as_str()]);
    }
    table.to_string()
}
