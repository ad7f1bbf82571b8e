//! What a plan meets on a live database, as text.

use std::collections::HashSet;
use std::time::Duration;

use super::Style;
use super::terminal::shown;
use super::words::duration;
use crate::backend::survey::Bond;
use crate::dialect::Blocks;
use crate::figures::{self, count, plural};
use crate::survey::{Ahead, Class, Estimate, Judged, Needed, Survey, TableView};

/// Columns of the labels on the left, and of what stands before them.
const LABEL: usize = 12;
const MARGIN: usize = 4;
/// Dependants and sessions of one statement that are told.
const MOST: usize = 12;

/// Each statement that is still to come, then the server, then a summary.
pub fn survey_text(survey: &Survey, width: u16, style: Style) -> String {
    let mut page =
        Page { text: String::new(), width: usize::from(width).max(40), style, told: HashSet::new() };
    let mut step = "";
    for judged in &survey.statements {
        if judged.step != step {
            step = &judged.step;
            page.text.push_str(&format!("\n{}\n", style.bold(step)));
        }
        statement(&mut page, judged);
    }
    page.text.push_str(&format!("\n{}\n", style.bold("the server")));
    let mut topic = "";
    let mut notes: Vec<_> = survey.server.iter().collect();
    notes.sort_by_key(|note| note.topic);
    for note in notes {
        let label = if note.topic == topic { "" } else { note.topic };
        topic = note.topic;
        page.line(note.alarming, label, &note.text);
    }
    for (index, line) in survey.unseen.iter().enumerate() {
        page.line(false, if index == 0 { "not seen" } else { "" }, line);
    }
    page.text.push_str(&format!("\n{}\n", style.bold("summary")));
    summary(&mut page, survey);
    page.text
}

struct Page {
    text: String,
    width: usize,
    style: Style,
    /// Tables and sessions that were told in full.
    told: HashSet<String>,
}

impl Page {
    /// A label, and text that goes on under itself.
    fn line(&mut self, alarming: bool, label: &str, text: &str) {
        let mark = if alarming { "  ! " } else { "    " };
        let indent = " ".repeat(MARGIN + LABEL);
        let room = self.width.saturating_sub(MARGIN + LABEL).max(20);
        for (index, part) in wrapped(&shown(text), room).into_iter().enumerate() {
            if index > 0 {
                self.text.push_str(&format!("{indent}{part}\n"));
                continue;
            }
            let label = format!("{label:<LABEL$}");
            let (mark, label) = match alarming {
                true => (self.style.warn(mark), self.style.warn(&label)),
                false => (mark.to_owned(), self.style.dim(&label)),
            };
            self.text.push_str(&format!("{mark}{label}{part}\n"));
        }
    }
}

/// Lines of at most `room` characters, broken between words.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is one from the start");
        let taken = last.chars().count();
        if taken > 0 && taken + 1 + word.chars().count() > room {
            lines.push(word.to_owned());
        } else {
            if taken > 0 {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

fn statement(page: &mut Page, judged: &Judged) {
    let sql = wrapped(&shown(&judged.sql), page.width.saturating_sub(2));
    for line in sql.iter().take(3) {
        page.text.push_str(&format!("  {line}\n"));
    }
    if sql.len() > 3 {
        page.text.push_str(&format!("  … (line {} of the runbook)\n", judged.line));
    }
    page.line(judged.time.class >= Class::Minutes, "takes", &takes(&judged.time));
    if let Some(ahead) = &judged.walk {
        page.line(false, "walks", &walk(ahead));
    }
    page.line(false, "blocks", &blocks(judged));
    for table in &judged.tables {
        let label = if table.kind.ends_with("table") { "rows" } else { &table.kind };
        let again = !page.told.insert(format!("{} {}", table.kind, table.name));
        page.line(false, label, &size(table, again));
    }
    for (index, in_the_way) in judged.in_the_way.iter().take(MOST).enumerate() {
        let label = if index == 0 { "waits for" } else { "" };
        let has = match &in_the_way.has {
            Some(has) => format!("has {has} on {}", in_the_way.object),
            None if in_the_way.object == "this database" => "has an older transaction".to_owned(),
            None => format!("may have used {}", in_the_way.object),
        };
        let session = in_the_way.by.to_string();
        let again = !page.told.insert(session.clone());
        let session = if again { format!("{}, as above", in_the_way.by.process) } else { session };
        page.line(true, label, &format!("{session}; it {has}"));
    }
    more(page, judged.in_the_way.len());
    for (index, needed) in judged.needed.iter().take(MOST).enumerate() {
        let first = judged.needed[..index].iter().all(|other| other.bond != needed.bond);
        let alarming = matches!(needed.bond, Bond::Refuses | Bond::Falls | Bond::Breaks | Bond::Mentions);
        let (label, text) = dependant(needed);
        page.line(alarming, if first { label } else { "" }, &text);
    }
    more(page, judged.needed.len());
    for used in &judged.used {
        let rows = if used.writes > 0 {
            format!("{} and {} of rows", plural(used.reads, "read"), plural(used.writes, "write"))
        } else {
            plural(used.reads, "read")
        };
        let of = if used.object.contains('.') && !used.statements.is_empty() { " of its table" } else { "" };
        page.line(used.reads > 0, "in use", &format!("{}: {rows}{of} {}", used.object, used.since));
        for seen in &used.statements {
            page.line(true, "", &format!("{}: {}", plural(seen.calls, "call"), seen.query));
        }
    }
    if let Some(space) = &judged.space {
        let free = space.free.map_or_else(
            || "the server does not tell how much is free".to_owned(),
            |free| format!("{} are free", figures::bytes(free)),
        );
        let short = space.free.is_some_and(|free| free < space.needs);
        page.line(
            short,
            "disk",
            &format!("about {} beside what is there; {free}", figures::bytes(space.needs)),
        );
    }
    for remark in &judged.remarks {
        page.line(false, "note", remark);
    }
}

fn more(page: &mut Page, all: usize) {
    if all > MOST {
        page.line(false, "", &format!("and {} more", all - MOST));
    }
}

fn takes(estimate: &Estimate) -> String {
    match estimate.class {
        Class::Unknown => format!("not known: {}", estimate.method),
        Class::Instant if estimate.to == Duration::ZERO => format!("instant: {}", estimate.method),
        class => format!("{}, {} ({})", class.name(), range(estimate), estimate.method),
    }
}

fn range(estimate: &Estimate) -> String {
    let micros = |time: Duration| duration(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    match (estimate.from, estimate.to) {
        (_, to) if to < Duration::from_millis(10) => "under 10 ms".to_owned(),
        (Duration::ZERO, to) => format!("up to {}", micros(to)),
        (from, to) => format!("{} to {}", micros(from), micros(to)),
    }
}

fn blocks(judged: &Judged) -> String {
    let locks: Vec<String> =
        judged.locks.iter().map(|lock| format!("{} on {}", lock.mode, lock.object)).collect();
    let whom = match judged.blocks {
        Some(Blocks::Nothing) => "nobody",
        Some(Blocks::Writes) => "writes",
        Some(Blocks::Everything) => "reads and writes",
        None => "not known",
    };
    let tail = if locks.is_empty() { String::new() } else { format!(" ({})", locks.join(", ")) };
    let new = |object: &str| judged.tables.iter().any(|table| table.made_here && table.name == object);
    if !judged.locks.is_empty() && judged.locks.iter().all(|lock| new(&lock.object)) {
        return format!("nobody: this runbook makes {}", judged.locks[0].object);
    }
    let meanwhile = match judged.blocks {
        Some(Blocks::Writes | Blocks::Everything) => ", also while it waits for its lock",
        _ => "",
    };
    format!("{whom}{meanwhile}{tail}")
}

fn walk(ahead: &Ahead) -> String {
    if let Some(remark) = &ahead.remark {
        return remark.clone();
    }
    let ends = match (&ahead.from, &ahead.to) {
        (Some(from), Some(to)) if ahead.walked > 0 => {
            format!("from behind key {from} to {to}, with {} done", plural(ahead.walked, "key"))
        }
        (Some(from), Some(to)) => format!("from key {from} to {to} as things are"),
        _ => return "its ends are not known".to_owned(),
    };
    let Some(keys) = ahead.keys else {
        return format!("{ends}; the server has not counted its rows yet");
    };
    let batches = match ahead.batches {
        Some([least, most]) if least == most => format!(" in about {}", plural(least, "batch")),
        Some([least, most]) => format!(" in about {} to {} batches", count(least), count(most)),
        None => String::new(),
    };
    let more = if ahead.walked > 0 { " more" } else { "" };
    format!("{ends}, about {}{more} by the planner{batches}", plural(keys, "key"))
}

/// What is told `again` is told without where it comes from.
fn size(table: &TableView, again: bool) -> String {
    if table.made_here {
        return format!("{}: made by this runbook, so that nobody uses it yet", table.name);
    }
    let bytes = table.bytes.map_or_else(|| "an unknown size".to_owned(), figures::bytes);
    let mut text = match table.rows {
        Some(rows) => format!("{}: {}, {bytes}", table.name, plural(rows, "row")),
        None => format!("{}: {bytes}", table.name),
    };
    if table.indexes > 0 {
        let bytes =
            table.index_bytes.map_or_else(String::new, |bytes| format!(" of {}", figures::bytes(bytes)));
        text.push_str(&format!(", {}{bytes}", plural(table.indexes, "index").replace("indexs", "indexes")));
    }
    if table.partitions > 0 {
        text.push_str(&format!(", {} partitions or children", count(table.partitions)));
    }
    if again {
        return text;
    }
    if table.rows.is_some() {
        text.push_str(&format!(" (rows: {}; bytes: {})", table.rows_from, table.bytes_from));
    } else {
        text.push_str(&format!(" (bytes: {})", table.bytes_from));
    }
    text
}

fn dependant(needed: &Needed) -> (&'static str, String) {
    let Needed { object, what, bond } = needed;
    match bond {
        Bond::Refuses => {
            ("needed by", format!("{what} needs {object}: the server refuses this as things are"))
        }
        Bond::Falls => ("takes too", format!("{what} needs {object} and goes with it: CASCADE")),
        Bond::Breaks => ("breaks", format!("{what} uses {object} and fails from then on")),
        Bond::Mentions => ("mentioned", format!("{what} has the name of {object} in its text")),
        Bond::Goes => ("goes too", what.clone()),
        Bond::Points => ("points at", what.clone()),
    }
}

fn summary(page: &mut Page, survey: &Survey) {
    if survey.statements.is_empty() {
        page.line(false, "", "every statement is committed already");
        return;
    }
    let total = survey.total();
    let unknown = survey.statements.iter().filter(|judged| judged.time.class == Class::Unknown).count();
    let mut text = format!("{} to run", plural(survey.statements.len() as u64, "statement"));
    let known = survey.statements.len() - unknown;
    if known > 0 && total.to > Duration::ZERO {
        text.push_str(&format!(", {} in all", range(&total)));
    } else if known > 0 {
        text.push_str(", instant in all");
    }
    if unknown > 0 {
        text.push_str(&format!(", and {} of unknown length", plural(unknown as u64, "statement")));
    }
    page.line(total.class >= Class::Minutes, "takes", &text);
    let longest = survey.statements.iter().max_by_key(|judged| judged.time.to);
    if let Some(longest) = longest.filter(|longest| longest.time.to > Duration::from_secs(1)) {
        page.line(
            false,
            "longest",
            &format!("{}, line {}: {}", longest.step, longest.line, range(&longest.time)),
        );
    }
    let stops = |judged: &&Judged| matches!(judged.blocks, Some(Blocks::Writes | Blocks::Everything));
    let stopping = survey.statements.iter().filter(stops).max_by_key(|judged| judged.time.to);
    if let Some(judged) = stopping.filter(|judged| judged.time.to > Duration::from_secs(1)) {
        let whom = if judged.blocks == Some(Blocks::Writes) { "writes" } else { "reads and writes" };
        let text = format!("{whom} for {} at {}, line {}", range(&judged.time), judged.step, judged.line);
        page.line(true, "blocks", &text);
    }
    let waiting = survey.statements.iter().filter(|judged| !judged.in_the_way.is_empty()).count();
    if waiting > 0 {
        let text =
            format!("{} would wait for a session that is there now", plural(waiting as u64, "statement"));
        page.line(true, "waits", &text);
    }
    let errors = survey.findings.iter().filter(|f| f.level == crate::diagnostics::Level::Error).count();
    if errors > 0 {
        page.line(
            true,
            "fails",
            &format!("{} of what is below the plan makes the run fail", plural(errors as u64, "error")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn text_is_broken_between_words() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a-word-longer-than-the-room b", 5), ["a-word-longer-than-the-room", "b"]);
        assert_eq!(wrapped("", 5), [""]);
    }
}
