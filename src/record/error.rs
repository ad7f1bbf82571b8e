/// Why a record is not what the engine wrote. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("the record has no entries")]
    Empty,
    #[error("line {line} is cut off: it does not end with a line feed")]
    CutOff { line: usize },
    #[error("line {line} is not an entry with its hash")]
    Malformed { line: usize },
    #[error("line {line} was changed after it was written: its hash is another one")]
    Changed { line: usize },
    #[error("line {line} is of format {version}, and this Rollbook reads format {known}")]
    Version { line: usize, version: u32, known: u32 },
    #[error("line {line} cannot be read")]
    Unreadable { line: usize, source: serde_json::Error },
    #[error("line {line} does not follow the line before it: an entry is missing or was moved")]
    Broken { line: usize },
    #[error("line {line} is of run {found}, and the record is of run {run}")]
    OtherRun { line: usize, run: String, found: String },
    #[error("line 1 does not start a run")]
    NoStart,
    /// `None`: the page ends before this line.
    #[error(
        "line {line} of the page is not what its entries say: `{}` should be `{}`",
        found.as_deref().unwrap_or("(no line)"), expected.as_deref().unwrap_or("(no line)")
    )]
    Differs { line: usize, expected: Option<String>, found: Option<String> },
}
