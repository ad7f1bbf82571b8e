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

/// An entry with its canonical JSON (keys sorted, no space) and the SHA-256 of that, as journal and
/// record hold them: made once, because a long run has thousands.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed {
    entry: Entry,
    text: String,
    hash: String,
}

impl Sealed {
    pub fn new(entry: Entry) -> Self {
        let value = serde_json::to_value(&entry).expect("an entry has only string keys");
        let text = value.to_string();
        let hash = hex(&Sha256::digest(text.as_bytes()));
        Self { entry, text, hash }
    }

    /// Reads an entry back from its text and hash.
    pub fn read(text: &str, hash: &str) -> Result<Self, ReadError> {
        if hex(&Sha256::digest(text.as_bytes())) != hash {
            return Err(ReadError::Changed);
        }
        // Before the entry is read: a later format may look like this one and mean something else.
        let Format { version } = serde_json::from_str(text).map_err(ReadError::Unreadable)?;
        if version != VERSION {
            return Err(ReadError::Version(version));
        }
        let entry = serde_json::from_str(text).map_err(ReadError::Unreadable)?;
        Ok(Self { entry, text: text.to_owned(), hash: hash.to_owned() })
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Why a text is no entry.
#[derive(Debug)]
pub enum ReadError {
    /// It is not what the hash was taken of.
    Changed,
    /// Another version of the format wrote it.
    Version(u32),
    Unreadable(serde_json::Error),
}

#[derive(serde::Deserialize)]
struct Format {
    version: u32,
}

impl std::ops::Deref for Sealed {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        &self.entry
    }
}

/// Reads rows back, and checks each run's chain.
pub fn decode(rows: &[JournalRow]) -> Result<Vec<Sealed>, JournalError> {
    let mut heads: std::collections::HashMap<String, (u64, String)> = std::collections::HashMap::new();
    rows.iter()
        .map(|row| {
            let pos = row.pos;
            let entry = Sealed::read(&row.entry, &row.hash).map_err(|error| match error {
                ReadError::Changed => JournalError::Changed { pos },
                ReadError::Version(version) => JournalError::Newer { pos, version },
                ReadError::Unreadable(error) => JournalError::Unreadable { pos, reason: error.to_string() },
            })?;
            let (seq, prev) = heads.entry(entry.run.clone()).or_default();
            if entry.seq != *seq + 1 || entry.prev != *prev || entry.run != row.run {
                return Err(JournalError::Broken { pos });
            }
            (*seq, *prev) = (entry.seq, row.hash.clone());
            Ok(entry)
        })
        .collect()
}
