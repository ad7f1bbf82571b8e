//! The page for people: title, summary, steps, invocations, cells.

use super::cells::{named, section};
use super::figures::{between, duration, time};
use super::story::{Invocation, Story};
use super::text::{code, cut, prose, row, short_code};
use crate::engine::{Direction, Event, Outcome, RunStarted, Sealed, Stop};
use crate::figures::{count, plural};

/// The record of one run as Markdown. It says nothing that is not in the entries.
pub fn markdown(entries: &[Sealed]) -> String {
    let story = Story::of(entries);
    let Some(started) = story.started else {
        return "# Record without the start of a run\n".to_owned();
    };
    let mut blocks = vec![format!("# {}\n", title(started)), summary(&story, started)];
    blocks.push(match started.direction {
        Direction::Forward | Direction::Rollback => steps(&story),
        Direction::Verify => replayed(&story),
    });
    blocks.push("## Invocations\n".to_owned());
    let several = story.invocations.len();
    blocks.extend(story.invocations.iter().zip(1..).map(|(invocation, n)| invoked(invocation, n, several)));
    if !story.parts.is_empty() {
        blocks.push("## Cells\n".to_owned());
        blocks.extend(story.parts.iter().map(|part| section(part, started.target.dialect)));
    }
    blocks.join("\n")
}

fn title(started: &RunStarted) -> String {
    let title = match started.title.trim() {
        "" => &started.runbook,
        title => title,
    };
    let what = match started.direction {
        Direction::Forward => "run",
        Direction::Rollback => "rollback",
        Direction::Verify => "replay",
    };
    format!("{}: {what} on {}", prose(&cut(title)), prose(&cut(&started.target_name)))
}

fn summary(story: &Story<'_>, started: &RunStarted) -> String {
    let target = &started.target;
    let direction = match started.direction {
        Direction::Forward => "forward",
        Direction::Rollback => "rollback",
        Direction::Verify => "verify",
    };
    let (first, last) = (story.invocations.first(), story.invocations.last());
    let from = first.map_or("", |invocation| invocation.from);
    let to = last.map_or("", |invocation| invocation.to);
    let ended = match story.stop() {
        Some(_) => time(to),
        None => format!("no end; last entry {}", time(to)),
    };
    let mut fields = vec![
        ("Outcome", outcome_of(story.stop())),
        ("Direction", direction.to_owned()),
        ("Operators", listed(story.invocations.iter().map(|invocation| invocation.operator))),
        ("Started", time(from)),
        ("Ended", ended),
    ];
    fields.extend(between(from, to).map(|length| ("From start to end", length)));
    fields.extend([
        ("Invocations", count(story.invocations.len() as u64)),
        ("Target", short_code(&started.target_name)),
        ("Place", short_code(&target.place)),
        ("Server", short_code(&target.server)),
        ("Database", short_code(&target.database)),
        ("Database user", short_code(&target.user)),
        ("Identity", short_code(&target.identity)),
        ("Runbook", short_code(&started.runbook)),
        ("File", short_code(&started.file)),
        ("File SHA-256", short_code(&started.file_hash)),
        ("Git commit", started.git_commit.as_deref().map_or_else(|| "none".to_owned(), short_code)),
        ("Plan digest", listed(story.invocations.iter().map(|invocation| invocation.plan.as_str()))),
        ("Engine", listed(story.invocations.iter().map(|invocation| invocation.engine))),
        ("Parameters", parameters(started)),
        ("Run", short_code(story.run)),
        ("Entries", format!("{}, the last with hash {}", count(story.entries), code(&story.head))),
    ]);
    let mut table = row(["", ""]) + &row(["---", "---"]);
    for (name, value) in fields {
        table.push_str(&row([name.to_owned(), value]));
    }
    table
}

/// Each value once, in the order in which they came.
fn listed<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    let shown: Vec<String> = seen.into_iter().map(short_code).collect();
    shown.join(", ")
}

fn parameters(started: &RunStarted) -> String {
    let shown: Vec<String> =
        started.params.iter().map(|(name, value)| short_code(&format!("{name} = {value}"))).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

fn outcome_of(stop: Option<&Stop>) -> String {
    let Some(stop) = stop else {
        return "no end in the journal: it is running, or was killed".to_owned();
    };
    let name = match stop.outcome {
        Outcome::Completed => "completed",
        Outcome::Paused => "paused",
        Outcome::Failed => "failed",
        Outcome::AtGate => "stopped at a gate",
        Outcome::InDoubt => "in doubt",
        Outcome::Interrupted => "interrupted",
    };
    match &stop.at {
        Some(at) => format!("**{name}** at {}", short_code(at)),
        None => format!("**{name}**"),
    }
}

fn steps(story: &Story<'_>) -> String {
    let mut text = "## Steps\n\n".to_owned();
    text.push_str(&row(["Step", "Phase", "State", "Rows", "Time", "Attempts"]));
    text.push_str(&row(["---", "---", "---", "---:", "---:", "---:"]));
    for step in &story.steps {
        let ran = step.attempts > 0;
        let figure = |text: String| if ran { text } else { String::new() };
        text.push_str(&row([
            short_code(step.id),
            if step.phase.is_empty() { String::new() } else { short_code(step.phase) },
            step.status.map_or("not in this run", |status| status.name()).to_owned(),
            figure(count(step.rows)),
            figure(duration(step.micros)),
            figure(count(u64::from(step.attempts))),
        ]));
    }
    if story.steps.is_empty() {
        return "## Steps\n\nThe runbook has no steps.\n".to_owned();
    }
    let (rows, micros) = story.parts.iter().fold((0_u64, 0_u64), |(rows, micros), part| {
        (rows.saturating_add(part.rows), micros.saturating_add(part.micros))
    });
    let rows = plural(rows, "row");
    text + &format!("\nIn all {rows}, and {} in the database with the verify cells.\n", duration(micros))
}

/// What a replay came to, a row for each verify cell.
fn replayed(story: &Story<'_>) -> String {
    let mut text = "## Verify cells\n\n".to_owned();
    text.push_str(&row(["Cell", "Step", "Verdict", "As recorded", "Time"]));
    text.push_str(&row(["---", "---", "---", "---", "---:"]));
    for part in &story.parts {
        for (_, entry) in &part.moments {
            let Event::Checked { cell, step, passed, as_recorded, micros, .. } = &entry.event else {
                continue;
            };
            let recorded = match as_recorded {
                Some(true) => "yes",
                Some(false) => "no",
                None => "",
            };
            let verdict = if *passed { "passed" } else { "**violated**" };
            let step = step.as_deref().map(short_code).unwrap_or_default();
            text.push_str(&row([&short_code(cell), &step, verdict, recorded, &duration(*micros)]));
        }
    }
    text
}

fn invoked(invocation: &Invocation<'_>, number: usize, of: usize) -> String {
    let length = between(invocation.from, invocation.to).map_or_else(String::new, |text| format!(", {text}"));
    let killed = invocation.stop.is_none() && number < of;
    let head = format!(
        "{number} of {of}: {} to {}{length}, by {} with {}, plan {}: {}.\n",
        time(invocation.from),
        time(invocation.to),
        short_code(invocation.operator),
        short_code(invocation.engine),
        // Not `Digest::short`: this one may come from a file and hold anything.
        code(&invocation.plan.as_str().chars().take(12).collect::<String>()),
        if killed { "no end in the journal, it was killed".to_owned() } else { outcome_of(invocation.stop) },
    );
    match invocation.stop {
        Some(stop) => {
            let fields = [
                ("state", Some(stop.state.as_str())),
                ("help", stop.help.as_deref()),
                ("next", stop.next.as_deref()),
            ];
            format!("{head}\n{}", named(fields))
        }
        None => head,
    }
}
