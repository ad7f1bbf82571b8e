//! Entries ⇄ journal rows, with the hash chain.

use sha2::{Digest as _, Sha256};

use super::event::Entry;
use crate::backend::JournalRow;
use crate::source::hex;

/// The version of [`Entry`] that this engine writes, and the only one so far.
pub const VERSION: u32 = 1;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum JournalError {
    #[error("journal entry {pos} was written by a newer Rollbook (format {version})")]
    Newer { pos: i64, version: u32 },
    #[error("journal entry {pos} cannot be read: {reason}")]
    Unreadable { pos: i64, reason: String },
    #[error("journal entry {pos} was changed after it was written")]
    Changed { pos: i64 },
    #[error("journal entry {pos} does not follow the entry before it: one is missing or was moved")]
    Broken { pos: i64 },
}

/// The canonical JSON of an entry (keys sorted, no space) and its SHA-256.
pub fn encode(entry: &Entry) -> (String, String) {
    let value = serde_json::to_value(entry).expect("an entry has only string keys");
    let text = value.to_string();
    let hash = hex(&Sha256::digest(text.as_bytes()));
    (text, hash)
}

/// Reads rows back, and checks each run's chain.
pub fn decode(rows: &[JournalRow]) -> Result<Vec<Entry>, JournalError> {
    let mut heads: std::collections::HashMap<String, (u64, String)> = std::collections::HashMap::new();
    rows.iter()
        .map(|row| {
            let pos = row.pos;
            if hex(&Sha256::digest(row.entry.as_bytes())) != row.hash {
                return Err(JournalError::Changed { pos });
            }
            let unreadable =
                |error: serde_json::Error| JournalError::Unreadable { pos, reason: error.to_string() };
            let format: Format = serde_json::from_str(&row.entry).map_err(unreadable)?;
            if format.version != VERSION {
                return Err(JournalError::Newer { pos, version: format.version });
            }
            let entry: Entry = serde_json::from_str(&row.entry).map_err(unreadable)?;
            let (seq, prev) = heads.entry(entry.run.clone()).or_default();
            if entry.seq != *seq + 1 || entry.prev != *prev || entry.run != row.run {
                return Err(JournalError::Broken { pos });
            }
            (*seq, *prev) = (entry.seq, row.hash.clone());
            Ok(entry)
        })
        .collect()
}

/// What is read of an entry before anything else: another version may mean other things by the same
/// words.
#[derive(serde::Deserialize)]
struct Format {
    version: u32,
}
