//! Entries ⇄ the lines beside the page: `{"entry":…,"hash":"…"}`.
//!
//! Reading takes the line apart by its bytes, not by JSON: the hash is over the entry's text as it
//! stands, and no byte of the file may change without notice.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::RecordError;
use crate::engine::{Entry, Event, VERSION, encode};
use crate::source::hex;

/// One line for each entry, in order.
pub fn jsonl(entries: &[Entry]) -> String {
    entries
        .iter()
        .map(|entry| {
            let (text, hash) = encode(entry);
            format!("{{\"entry\":{text},\"hash\":\"{hash}\"}}\n")
        })
        .collect()
}

/// Reads the lines of one run back and checks its chain from the first entry on.
pub fn read_jsonl(text: &str) -> Result<Vec<Entry>, RecordError> {
    let Some(body) = text.strip_suffix('\n') else {
        return Err(match text.is_empty() {
            true => RecordError::Empty,
            false => RecordError::CutOff { line: text.split('\n').count() },
        });
    };
    let mut entries: Vec<Entry> = Vec::new();
    let mut head = String::new();
    for (line, text) in (1..).zip(body.split('\n')) {
        let (entry, hash) = read_line(line, text)?;
        match entries.first() {
            None if !matches!(entry.event, Event::RunStarted(_)) => return Err(RecordError::NoStart),
            Some(first) if first.run != entry.run => {
                return Err(RecordError::OtherRun { line, run: first.run.clone(), found: entry.run });
            }
            _ => {}
        }
        if entry.seq != line as u64 || entry.prev != head {
            return Err(RecordError::Broken { line });
        }
        head = hash.to_owned();
        entries.push(entry);
    }
    Ok(entries)
}

fn read_line(line: usize, text: &str) -> Result<(Entry, &str), RecordError> {
    let (entry, hash) = text
        .strip_prefix("{\"entry\":")
        .and_then(|rest| rest.strip_suffix("\"}"))
        .and_then(|rest| rest.rsplit_once(",\"hash\":\""))
        .ok_or(RecordError::Malformed { line })?;
    if hex(&Sha256::digest(entry.as_bytes())) != hash {
        return Err(RecordError::Changed { line });
    }
    let value: Value =
        serde_json::from_str(entry).map_err(|source| RecordError::Unreadable { line, source })?;
    // Before the entry is read: a later format may look like this one and mean something else.
    match value.get("version").and_then(Value::as_u64) {
        Some(version) if version != u64::from(VERSION) => {
            Err(RecordError::Version { line, version, known: VERSION })
        }
        _ => {
            let entry =
                serde_json::from_str(entry).map_err(|source| RecordError::Unreadable { line, source })?;
            Ok((entry, hash))
        }
    }
}
