//! Entries ⇄ the lines beside the page: `{"entry":…,"hash":"…"}`.
//!
//! Reading takes the line apart by its bytes, not by JSON: the hash is over the entry's text as it
//! stands, and no byte of the file may change without notice.

use super::RecordError;
use crate::engine::{Event, ReadError, Sealed, VERSION};

/// One line for each entry, in order.
pub fn jsonl(entries: &[Sealed]) -> String {
    entries
        .iter()
        .map(|entry| format!("{{\"entry\":{},\"hash\":\"{}\"}}\n", entry.text(), entry.hash()))
        .collect()
}

/// Reads the lines of one run back and checks its chain from the first entry on.
pub fn read_jsonl(text: &str) -> Result<Vec<Sealed>, RecordError> {
    let Some(body) = text.strip_suffix('\n') else {
        return Err(match text.is_empty() {
            true => RecordError::Empty,
            false => RecordError::CutOff { line: text.split('\n').count() },
        });
    };
    let mut entries: Vec<Sealed> = Vec::new();
    let mut head = String::new();
    for (line, text) in (1..).zip(body.split('\n')) {
        let entry = read_line(line, text)?;
        match entries.first() {
            None if !matches!(entry.event, Event::RunStarted(_)) => return Err(RecordError::NoStart),
            Some(first) if first.run != entry.run => {
                return Err(RecordError::OtherRun { line, run: first.run.clone(), found: entry.run.clone() });
            }
            _ => {}
        }
        if entry.seq != line as u64 || entry.prev != head {
            return Err(RecordError::Broken { line });
        }
        entry.hash().clone_into(&mut head);
        entries.push(entry);
    }
    Ok(entries)
}

fn read_line(line: usize, text: &str) -> Result<Sealed, RecordError> {
    let (entry, hash) = text
        .strip_prefix("{\"entry\":")
        .and_then(|rest| rest.strip_suffix("\"}"))
        .and_then(|rest| rest.rsplit_once(",\"hash\":\""))
        .ok_or(RecordError::Malformed { line })?;
    Sealed::read(entry, hash).map_err(|error| match error {
        ReadError::Changed => RecordError::Changed { line },
        ReadError::Version(version) => RecordError::Version { line, version, known: VERSION },
        ReadError::Unreadable(source) => RecordError::Unreadable { line, source },
    })
}
