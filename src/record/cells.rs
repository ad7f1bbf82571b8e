//! One heading for each cell and hold: what ran, what it answered, who let it.

use super::figures::{duration, time};
use super::output::output;
use super::story::{Batches, Part, PartKind, Retries};
use super::text::{block, code, fence, prose, short_code};
use crate::backend::Blocker;
use crate::backfill::Key;
use crate::dialect::Dialect;
use crate::document::Role;
use crate::engine::{CheckTime, Event, GateKind, How, Problem, Verdict};
use crate::figures::{count, plural};
use crate::plan::Digest;

pub(super) fn section(part: &Part<'_>, dialect: Dialect) -> String {
    let mut blocks = vec![format!("### {}\n", heading(part))];
    let mut shown: Option<&Digest> = None;
    let mut invocation = part.moments.first().map_or(1, |(number, _)| *number);
    for (number, entry) in &part.moments {
        if *number != invocation {
            invocation = *number;
            blocks.push(format!("Invocation {number}:\n"));
        }
        blocks.push(moment(part, &entry.event, &time(&entry.at), dialect, &mut shown));
    }
    if part.batches.is_some()
        && !part.moments.iter().any(|(_, e)| matches!(e.event, Event::BatchesStarted { .. }))
    {
        blocks.extend(part.batches.as_ref().map(batches));
    }
    if part.retries.count > 0 {
        blocks.push(retries(&part.retries, dialect));
    }
    if let Some(statement) = part.intended {
        blocks.push(format!(
            "**In doubt:** statement {statement} was sent outside a transaction, and its outcome is not known.\n"
        ));
    }
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn heading(part: &Part<'_>) -> String {
    let cell = code(part.cell);
    let of = part.step.map_or_else(String::new, |step| format!(" of {}", code(step)));
    match part.kind {
        PartKind::Cell(Role::Forward) | PartKind::Gate => cell,
        PartKind::Cell(Role::Rollback) => format!("{cell}, rollback{of}"),
        PartKind::Cell(Role::Verify) => format!("{cell}, verify{of}"),
        PartKind::Hold => format!("{cell}, hold"),
    }
}

fn moment<'a>(
    part: &Part<'_>,
    event: &'a Event,
    at: &str,
    dialect: Dialect,
    shown: &mut Option<&'a Digest>,
) -> String {
    match event {
        Event::CellStarted { digest, sql, .. } => {
            let started = format!("Started {at}, digest {}.\n", code(digest.as_str()));
            if shown.replace(digest) == Some(digest) {
                return started;
            }
            format!("{started}\n{}", fence("sql", &statements(sql)))
        }
        Event::GateReached { gate, digest, reasons, .. } => gate_reached(*gate, digest, reasons, at),
        Event::GateOpened { digest, operator, how, .. } => {
            let how = match how {
                How::Typed => "typed at the gate",
                How::Flag => "given on the command line",
            };
            let digest = code(digest.as_str());
            format!("**Confirmed** by {} {at}, {how}, digest {digest}.\n", short_code(operator))
        }
        Event::StatementDone { statement, affected, micros, attempts, output: answer, .. } => {
            let done = format!(
                "Statement {statement}: {}, {}, {}; done {at}.\n",
                plural(*affected, "row"),
                duration(*micros),
                plural(u64::from(*attempts), "attempt"),
            );
            match answer {
                Some(answer) => format!("{done}\n{}", output(answer)),
                None => done,
            }
        }
        Event::BatchesStarted { .. } => part.batches.as_ref().map(batches).unwrap_or_default(),
        Event::Controlled { wish, operator, asked_at, .. } => format!(
            "**Controlled** {at}: {} by {}, asked for {}.\n",
            code(wish),
            short_code(operator),
            time(asked_at)
        ),
        Event::Unwatched { limits, .. } => {
            let lines =
                limits.iter().map(|limit| format!("- {}: {}\n", code(&limit.cause), prose(&limit.why)));
            format!("**Not watched** here, and by default only:\n\n{}", lines.collect::<String>())
        }
        Event::Checked { .. } => checked(event, at, shown),
        Event::StepLeft { reason, .. } => format!("**Left as it is** {at}: {}.\n", prose(reason)),
        Event::Resolved { statement, verdict, evidence, .. } => {
            let lead = if *verdict == Verdict::Partial { "In doubt still" } else { "Doubt resolved" };
            let verdict = verdict.name();
            format!("**{lead}** {at}: statement {statement} was {verdict}. {}.\n", prose(evidence))
        }
        Event::Waiting { statement, waited_millis, blockers, .. } => {
            let waited = duration(waited_millis.saturating_mul(1000));
            let lead = format!("**Waiting** {at}: statement {statement}, for {waited} so far, behind\n\n");
            lead + &fence("text", &in_the_way(blockers))
        }
        Event::LeftoverRemoved { name, sql, .. } => {
            format!("**Removed** {at}: the INVALID index {}.\n\n{}", code(name), fence("sql", sql))
        }
        Event::Failed { statement, problem: why, attempts, .. } => {
            let place = statement.map_or_else(String::new, |statement| format!(", statement {statement}"));
            let attempts = plural(u64::from(*attempts), "attempt");
            format!("**Failed** {at}{place}, after {attempts}.\n\n{}", problem(why, dialect))
        }
        _ => String::new(),
    }
}

fn gate_reached(gate: GateKind, digest: &Digest, reasons: &[String], at: &str) -> String {
    let (name, lead) = match gate {
        GateKind::Destructive => ("Gate (destructive)", "this "),
        GateKind::Hold => ("Hold", ""),
        GateKind::Irreversible => ("Gate (irreversible)", "this "),
        GateKind::Leftover => ("Gate (leftover)", "this "),
        GateKind::Target => ("Gate (target)", ""),
    };
    let mut text = format!("**{name}** reached {at}, digest {}.\n", code(digest.as_str()));
    for (index, reason) in reasons.iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { "" });
        text.push_str(&format!("- {lead}{}\n", prose(reason)));
    }
    text
}

fn checked<'a>(event: &'a Event, at: &str, shown: &mut Option<&'a Digest>) -> String {
    let Event::Checked {
        time,
        digest,
        sql,
        expected,
        passed,
        found,
        output: answer,
        micros,
        as_recorded,
        ..
    } = event
    else {
        return String::new();
    };
    let when = match time {
        CheckTime::Before => "before the effect",
        CheckTime::Baseline => "before the effect, to compare with",
        CheckTime::After => "after the effect",
        CheckTime::Replay => "replay",
    };
    let verdict = match (time, passed) {
        (CheckTime::Baseline, _) => "Asked",
        (_, true) => "Passed",
        (_, false) => "Violated",
    };
    let recorded = match as_recorded {
        Some(true) => "; as recorded",
        Some(false) => "; not as recorded",
        None => "",
    };
    let mut text = String::new();
    if shown.replace(digest) != Some(digest) {
        text = format!("{}\n", fence("sql", &statements(std::slice::from_ref(sql))));
    }
    text.push_str(&format!(
        "**{verdict}** {at}, {when}: expected {}, found {}{recorded}; {}, digest {}.\n\n{}",
        code(expected),
        code(found),
        duration(*micros),
        code(digest.as_str()),
        output(answer),
    ));
    text
}

fn batches(batches: &Batches<'_>) -> String {
    let Some([first, end]) = batches.ends else {
        return "The table was empty: there was no batch to run.\n".to_owned();
    };
    let key = |key: &Key| short_code(&key.to_string());
    let sum = &batches.sum;
    let size = match (batches.size, batches.target_millis) {
        (Some(size), _) => format!(" of {}", plural(size, "key")),
        (None, Some(millis)) => format!(" of about {}", duration(millis.saturating_mul(1_000))),
        (None, None) => String::new(),
    };
    let mut lines = vec![
        format!("- Batches: {}{size}", count(batches.count)),
        format!("- Rows: {} changed, of {}", count(sum.rows), plural(sum.keys, "key")),
        format!(
            "- Keys: from {} to {}; the walk ends at {}, the last one when it began: rows behind it are not its business",
            key(first),
            batches.last.map_or_else(|| "none".to_owned(), key),
            key(end)
        ),
        format!("- Time: {}, the slowest batch {}", duration(sum.micros), duration(sum.slowest_micros)),
        format!("- Attempts: at most {} for one batch", sum.attempts),
    ];
    if batches.stops > 0 {
        let causes: Vec<String> = batches
            .causes
            .iter()
            .map(|(cause, millis)| format!("{} {}", code(cause), duration(millis.saturating_mul(1_000))))
            .collect();
        lines.push(format!(
            "- Stood still: {}, {} in all: {}",
            plural(batches.stops, "time"),
            duration(batches.stopped_millis.saturating_mul(1_000)),
            causes.join(", ")
        ));
    }
    if !batches.skipped.is_empty() {
        let skipped = batches.skipped.len() as u64;
        lines.push(format!("- **Left out: {}**, whose rows are not changed", plural(skipped, "key")));
        lines.extend(batches.skipped.iter().map(|(column, skipped, problem)| {
            format!("  - {column} = {}: {}", key(skipped), short_code(&problem.message))
        }));
    }
    lines.join("\n") + "\n"
}

/// Different problems that are shown; the count is of all.
const PROBLEMS: usize = 5;

fn retries(retries: &Retries<'_>, dialect: Dialect) -> String {
    let waited = duration(retries.waited_millis.saturating_mul(1_000));
    let mut text = format!("**Retried** {}, {waited} of waiting.\n\n", plural(retries.count, "time"));
    for (why, times) in retries.problems.iter().take(PROBLEMS) {
        let code = match why.code.is_empty() {
            true => String::new(),
            false => format!(" ({} {})", code_label(dialect), short_code(&why.code)),
        };
        text.push_str(&format!("- {}{code}: {}\n", short_code(&why.message), plural(*times, "time")));
    }
    if let Some(more) = retries.problems.len().checked_sub(PROBLEMS).filter(|more| *more > 0) {
        text.push_str(&format!("- and {} more\n", plural(more as u64, "problem")));
    }
    text
}

fn problem(problem: &Problem, dialect: Dialect) -> String {
    let offset = problem.offset.map(|offset| format!("byte {offset} of the statement"));
    let blockers = in_the_way(&problem.blockers);
    let fields = [
        ("error", Some(problem.message.as_str())),
        (code_label(dialect), Some(problem.code.as_str())),
        ("detail", problem.detail.as_deref()),
        ("hint", problem.hint.as_deref()),
        ("at", offset.as_deref()),
        ("in the way", Some(blockers.as_str())),
        ("state", Some(problem.state.as_str())),
        ("help", Some(problem.help.as_str())),
    ];
    named(fields)
}

/// The other sessions, a line each.
fn in_the_way(blockers: &[Blocker]) -> String {
    blockers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn code_label(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Postgres => "sqlstate",
        Dialect::Sqlite | Dialect::Mysql => "code",
    }
}

/// `name: value` lines in a fence, as they can be pasted; what is empty is left out.
pub(super) fn named<'a>(fields: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let lines: Vec<String> = fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
        .map(|(name, value)| format!("{name}: {}", block(value).trim_end().replace('\n', "\n  ")))
        .collect();
    fence("text", &lines.join("\n"))
}

fn statements(sql: &[String]) -> String {
    let ended: Vec<String> = sql.iter().map(|sql| block(sql).trim_end().to_owned() + ";").collect();
    ended.join("\n\n")
}
