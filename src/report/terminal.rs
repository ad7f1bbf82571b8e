//! Events as lines for a person who watches a run.

use super::words::span;
use super::{Style, duration};
use crate::document::Role;
use crate::engine::{
    BatchSum, CheckTime, Direction, DoubtView, Event, GateKind, GateView, Held, How, Outcome, Output,
    Problem, Progress,
};
use crate::figures::{count, plural};

/// Rows of output that a terminal shows; the record keeps more.
const SHOWN_ROWS: usize = 20;

/// Turns each event into the text to print for it.
#[derive(Debug)]
pub struct TerminalReport {
    style: Style,
    /// Of the running cell: batches, and what they come to.
    batches: (u64, BatchSum),
    /// A batch was not told of yet.
    untold: bool,
    failed: bool,
    /// The running cell's statements.
    sql: Vec<String>,
}

impl TerminalReport {
    pub fn new(style: Style) -> Self {
        Self { style, batches: Default::default(), untold: false, failed: false, sql: Vec::new() }
    }

    /// The lines for an event, each with its line end; empty where there is nothing to say.
    pub fn text(&mut self, run: &str, event: &Event) -> String {
        let mut text = String::new();
        if self.untold && !matches!(event, Event::BatchDone { .. }) {
            text.push_str(&self.batch_line());
            self.untold = false;
        }
        text.push_str(&self.lines(run, event));
        text
    }

    fn lines(&mut self, run: &str, event: &Event) -> String {
        let style = self.style;
        match event {
            Event::RunStarted(started) => {
                let what = match started.direction {
                    Direction::Forward => "run",
                    Direction::Rollback => "rollback",
                    Direction::Verify => "replay",
                };
                format!(
                    "{} {}\ntarget {}: {} at {}\n{what} {run}, plan {}\n",
                    style.bold(&started.runbook),
                    started.title,
                    started.target_name,
                    started.target.server,
                    started.target.place,
                    started.plan.short(),
                )
            }
            Event::RunContinued { plan, operator, .. } => {
                format!("continuing run {run}, plan {}, as {operator}\n", plan.short())
            }
            Event::TargetAdopted { target } => {
                format!("{} the run goes on on {} at {}\n", style.warn("!"), target.server, target.place)
            }
            Event::LockTakenOver { operator, run, since, silent_seconds } => format!(
                "{} the run lock of {operator} (run {run}, since {since}) is taken over: silent for {silent_seconds} s\n",
                style.warn("!")
            ),
            Event::CellStarted { cell, role, sql, committed, .. } => {
                self.batches = Default::default();
                self.sql.clone_from(sql);
                let role = match role {
                    Role::Forward => "",
                    Role::Rollback => " (rollback)",
                    Role::Verify => " (verify)",
                };
                let mut text = format!("\n{}{role}\n", style.bold(cell));
                if *committed == sql.len() {
                    text.push_str("  every statement is committed already\n");
                } else if *committed > 0 {
                    text.push_str(&format!("  goes on at statement {} of {}\n", committed + 1, sql.len()));
                }
                for statement in sql.iter().skip(*committed) {
                    text.push_str(&indented(statement, "    "));
                }
                text
            }
            Event::StatementDone { affected, micros, attempts, output, .. } => {
                let rows = match output {
                    Some(output) => format!("{} returned", plural(output.returned, "row")),
                    None if *affected == 0 => "ok".to_owned(),
                    None => plural(*affected, "row"),
                };
                let tries = if *attempts > 1 { format!(", attempt {attempts}") } else { String::new() };
                let mut text = format!("  {} {rows}, {}{tries}\n", style.good("✓"), duration(*micros));
                if let Some(output) = output {
                    text.push_str(&output_text(output));
                }
                text
            }
            Event::BatchesStarted { ends: None, .. } => "  the table is empty: no batch to run\n".to_owned(),
            Event::BatchesStarted { ends: Some([first, end]), size, target_millis, .. } => {
                let each = match (size, target_millis) {
                    (Some(size), _) => plural(*size, "key"),
                    (None, millis) => format!("about {}", duration(millis.unwrap_or_default() * 1_000)),
                };
                format!("  batches of {each}, from key {first} to {end}\n")
            }
            Event::KeySkipped { column, key, problem, .. } => {
                format!("  {} left out: {column} = {key}: {}\n", style.warn("!"), shown(&problem.message))
            }
            Event::BatchDone { batch, sum, .. } => {
                self.batches = (*batch, *sum);
                self.untold = true;
                String::new()
            }
            Event::Controlled { wish, operator, .. } => {
                format!("  {} {operator} asked for {wish}\n", style.warn("!"))
            }
            Event::Unwatched { limits, .. } => {
                let line = |limit: &Held| {
                    format!("  {} {} is not watched: {}\n", style.warn("!"), limit.cause, shown(&limit.why))
                };
                limits.iter().map(line).collect()
            }
            Event::Throttled { causes, .. } => {
                let line =
                    |held: &Held| format!("  {} standing still: {}\n", style.warn("‖"), holding_back(held));
                causes.iter().map(line).collect()
            }
            Event::Unthrottled { times, millis, causes, .. } => {
                let causes: Vec<&str> = causes.keys().map(String::as_str).collect();
                format!(
                    "  {} stood still {}, {} in all: {}\n",
                    style.good("▸"),
                    plural(*times, "time"),
                    duration(millis.saturating_mul(1000)),
                    causes.join(", ")
                )
            }
            Event::Retried { attempt, wait_millis, problem, .. } => format!(
                "  {} attempt {attempt}: {}; trying again in {wait_millis} ms\n",
                style.warn("…"),
                problem.message
            ),
            Event::Waiting { waited_millis, blockers, .. } => {
                let waited = duration(waited_millis.saturating_mul(1000));
                let mut text = format!("  {} waiting for {waited}, behind\n", style.warn("…"));
                for blocker in blockers {
                    text.push_str(&format!("      {}\n", shown(&blocker.to_string())));
                }
                text
            }
            Event::LeftoverRemoved { name, .. } => {
                format!("  {} the INVALID index {name} is removed\n", style.good("✓"))
            }
            Event::Checked { cell, time, expected, passed, found, output, micros, as_recorded, .. } => {
                let mark = if *passed { style.good("✓") } else { style.bad("✗") };
                let when = match time {
                    CheckTime::Before => " (before)",
                    CheckTime::Baseline => " (baseline)",
                    CheckTime::After | CheckTime::Replay => "",
                };
                let recorded = match as_recorded {
                    Some(true) => ", as recorded",
                    Some(false) => ", another answer than recorded",
                    None => "",
                };
                // A replay ends with a table of what holds.
                if *time == CheckTime::Replay && *passed {
                    return String::new();
                }
                if *time == CheckTime::Baseline {
                    return format!("  {mark} {cell}{when}: {}\n", duration(*micros));
                }
                let mut text = format!(
                    "  {mark} {cell}{when}: expected {expected}, found {}{recorded}, {}\n",
                    shown(found),
                    duration(*micros)
                );
                if !passed {
                    text.push_str(&output_text(output));
                }
                text
            }
            Event::StepDone { step } => format!("  {} step {step} is done\n", style.good("✓")),
            Event::StepUndone { step } => format!("  {} step {step} is undone\n", style.good("✓")),
            Event::StepLeft { step, reason } => {
                format!("\n{} step {step} stays as it is: {reason}\n", style.warn("!"))
            }
            Event::GateReached { .. } => String::new(),
            Event::GateOpened { cell, operator, how, .. } => {
                let how = match how {
                    How::Typed => "at the terminal",
                    How::Flag => "with --confirm",
                };
                format!("\n{} {cell} confirmed by {operator} {how}\n", style.warn("!"))
            }
            Event::StatementIntended { .. } => String::new(),
            Event::Resolved { cell, statement, verdict, evidence } => {
                let verdict = verdict.name();
                format!(
                    "\n{} statement {statement} of {cell} was {verdict}: {}\n",
                    style.warn("!"),
                    shown(evidence)
                )
            }
            Event::Failed { cell, statement, problem, attempts } => {
                self.failed = true;
                self.failure(cell, *statement, problem, *attempts)
            }
            // An error says it, and nothing ran.
            Event::Stopped(_) if run.is_empty() => String::new(),
            Event::Stopped(stop) => {
                let word = match stop.outcome {
                    Outcome::Completed => style.good("completed"),
                    Outcome::Paused => style.good("paused"),
                    Outcome::Failed if self.failed => return String::new(),
                    Outcome::Failed => style.bad("failed"),
                    Outcome::AtGate => style.warn("stopped at a gate"),
                    Outcome::InDoubt => style.bad("in doubt"),
                    Outcome::Interrupted => style.warn("interrupted"),
                };
                let at = stop.at.as_ref().map_or_else(String::new, |at| format!(" at {at}"));
                let mut text = format!("\n{word}{at}: {}\n", stop.state);
                if let Some(help) = &stop.help {
                    text.push_str(&format!("help: {help}\n"));
                }
                if let Some(next) = &stop.next {
                    text.push_str(&format!("next: {next}\n"));
                }
                text
            }
        }
    }

    /// A line on how a batched cell is doing, without a line end.
    pub fn progress(&self, progress: &Progress) -> String {
        let style = self.style;
        let mut parts = Vec::new();
        parts.extend(progress.percent.map(|percent| format!("{percent:.1} %")));
        parts.push(format!("{} in {}", plural(progress.keys, "key"), plural(progress.batches, "batch")));
        if let Some(held) = progress.held.first() {
            let more = match progress.held.len() - 1 {
                0 => String::new(),
                more => format!(", and {} more", plural(more as u64, "reason")),
            };
            let stood = span(progress.held_millis / 1000);
            parts.push(format!("standing still for {stood}: {}{more}", holding_back(held)));
            return format!("  {} {}", style.warn("‖"), parts.join(", "));
        }
        parts.extend(progress.rate.map(|rate| format!("{}/s", count(rate))));
        let giving_way = if progress.gives_way { ", giving way to others" } else { "" };
        parts.push(format!("{} a batch{giving_way}", count(progress.size)));
        let left = progress.left_seconds.map(|seconds| span(seconds.max(1)));
        parts.extend(left.map(|left| format!("about {left} left")));
        format!("  {} {}", style.good("▸"), parts.join(", "))
    }

    fn batch_line(&self) -> String {
        let (batches, BatchSum { rows, micros, .. }) = self.batches;
        format!(
            "  {} {}, {}, {}\n",
            self.style.good("✓"),
            plural(batches, "batch"),
            plural(rows, "row"),
            duration(micros)
        )
    }

    fn failure(&self, cell: &str, statement: Option<usize>, problem: &Problem, attempts: u32) -> String {
        let at = statement.map_or_else(String::new, |n| format!(" on statement {n}"));
        let mut text =
            format!("\n{}: cell `{cell}` failed{at}: {}\n", self.style.bad("error"), shown(&problem.message));
        if let Some(place) = &problem.place {
            text.push_str(&format!("  --> {place}\n"));
        }
        let sql = statement.and_then(|n| self.sql.get(n - 1));
        if let (Some(sql), Some(offset)) = (sql, problem.offset) {
            text.push_str(&caret(sql, offset));
        }
        if let Some(detail) = &problem.detail {
            text.push_str(&format!("  = detail: {}\n", shown(detail)));
        }
        if let Some(hint) = &problem.hint {
            text.push_str(&format!("  = hint: {}\n", shown(hint)));
        }
        if !problem.code.is_empty() {
            text.push_str(&format!("  = code: {}, attempt {attempts}\n", problem.code));
        }
        for blocker in &problem.blockers {
            text.push_str(&format!("  = in the way: {}\n", shown(&blocker.to_string())));
        }
        text.push_str(&format!("  = state: {}\nhelp: {}\n", problem.state, problem.help));
        text
    }
}

/// What holds the batches, and by which limit.
pub(super) fn holding_back(held: &Held) -> String {
    match held.cause.as_str() {
        "control" => shown(&held.why),
        cause => format!("{} ({cause})", shown(&held.why)),
    }
}

/// What a human reads before typing the cell's id.
pub fn gate_text(gate: &GateView, style: Style) -> String {
    let mut text = String::from("\n");
    let title = match gate.kind {
        GateKind::Destructive => format!("cell `{}` is destructive", gate.cell),
        GateKind::Hold => format!("hold `{}`", gate.cell),
        GateKind::Irreversible => format!("step `{}` cannot be undone", gate.cell),
        GateKind::Target => format!("`{}`: this is not the database that the run began on", gate.cell),
        GateKind::Leftover => format!("`{}`: an INVALID index is in the way", gate.cell),
    };
    text.push_str(&format!("{} {title}\n  target: {}\n", style.warn("STOP"), gate.target));
    for statement in &gate.sql {
        text.push_str(&indented(statement, "    "));
    }
    for reason in &gate.reasons {
        match gate.kind {
            GateKind::Hold => text.push_str(&format!("  waits for: {reason}\n")),
            GateKind::Target => text.push_str(&format!("  {}\n", shown(reason))),
            _ => text.push_str(&format!("  this {}\n", shown(reason))),
        }
    }
    if gate.stale {
        text.push_str("  a consent for it was given, but for another text or on another target\n");
    }
    if let Some(why) = &gate.why {
        text.push_str(&format!("  why: {}\n", shown(why)));
    }
    if gate.kind == GateKind::Destructive {
        text.push_str("  rollback plan:\n");
        if gate.rollback.is_empty() {
            text.push_str("    none: this is the rollback itself\n");
        }
        for line in &gate.rollback {
            text.push_str(&indented(line, "    "));
        }
    }
    text
}

/// What a human reads before saying what became of a statement.
pub fn doubt_text(doubt: &DoubtView, style: Style) -> String {
    let mut text = format!(
        "\n{} statement {} of `{}` was sent, and nobody knows whether it took effect\n  target: {}\n",
        style.bad("IN DOUBT"),
        doubt.statement,
        doubt.cell,
        doubt.target
    );
    text.push_str(&indented(&doubt.sql, "    "));
    for line in &doubt.evidence {
        text.push_str(&format!("  found: {}\n", shown(line)));
    }
    text.push_str("  look at the database before you answer\n");
    text
}

/// The line that the server points at, and a caret under the place.
fn caret(sql: &str, offset: usize) -> String {
    let Some(before) = sql.get(..offset) else { return String::new() };
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = sql[start..].lines().next().unwrap_or_default();
    let column = before[start..].chars().count();
    format!("    {}\n    {}^\n", shown(line), " ".repeat(column))
}

fn indented(text: &str, indent: &str) -> String {
    shown(text).lines().map(|line| format!("{indent}{line}\n")).collect()
}

fn output_text(output: &Output) -> String {
    if output.rows.is_empty() {
        return String::new();
    }
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::UTF8_BORDERS_ONLY).set_header(&output.columns);
    for row in output.rows.iter().take(SHOWN_ROWS) {
        table.add_row(row.iter().map(|cell| printable(cell.as_deref().unwrap_or("NULL"))));
    }
    let mut text = indented(&table.to_string(), "    ");
    let shown = output.rows.len().min(SHOWN_ROWS) as u64;
    if output.returned > shown {
        text.push_str(&format!("    {} of {}\n", count(shown), plural(output.returned, "row")));
    }
    text
}

/// A value of an answer, short and without what could steer a terminal.
fn printable(text: &str) -> String {
    let cut: String = text.chars().take(200).collect();
    let dots = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", shown(&cut))
}

/// Control characters and those that turn the direction of writing, made visible: what a human
/// consents to must be what is there.
pub fn shown(text: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { '\u{FFFD}' } else { c }).collect()
}
