use super::{RecordError, markdown, read_jsonl};
use crate::engine::Sealed;

/// Checks the chain of the lines, makes the page again and compares it byte for byte.
///
/// The page names the hash of its last entry: lines cut from the end show here, where the chain
/// alone cannot tell.
pub fn verify(page: &str, jsonl: &str) -> Result<Vec<Sealed>, RecordError> {
    let entries = read_jsonl(jsonl)?;
    let remade = markdown(&entries);
    let (mut expected, mut found) = (remade.split('\n'), page.split('\n'));
    for line in 1.. {
        match (expected.next(), found.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => {
                let (expected, found) = (a.map(str::to_owned), b.map(str::to_owned));
                return Err(RecordError::Differs { line, expected, found });
            }
        }
    }
    Ok(entries)
}
