use std::sync::Arc;
use std::time::Duration;

use super::{FrontMatter, Throttle};
use crate::diagnostics::Fix;
use crate::source::{Source, Span};

/// A parsed runbook. Its blocks, printed one after the other, are the file.
#[derive(Clone, Debug)]
pub struct Document {
    pub source: Arc<Source>,
    pub front: FrontMatter,
    /// Well-formed cells in document order. A malformed one is a diagnostic and not here.
    pub cells: Vec<Cell>,
    /// Headings in order: level and text.
    pub headings: Vec<(u8, String)>,
    /// The whole file, in order and without a gap.
    pub blocks: Vec<Block>,
}

impl Document {
    /// The file, byte for byte, also where it is malformed.
    pub fn print(&self) -> String {
        self.blocks.iter().map(|block| block.text.as_str()).collect()
    }

    pub fn cell(&self, id: &str) -> Option<&Cell> {
        self.cells.iter().find(|cell| cell.id == id)
    }
}

/// A stretch of whole lines with its own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    pub kind: BlockKind,
    pub text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// With its two `---` lines.
    FrontMatter,
    Prose,
    /// A fence that stands in no other block: a cell, or documentation.
    Fence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Forward,
    Rollback,
    Verify,
}

#[derive(Clone, Debug)]
pub struct Cell {
    /// Given, or derived from the forward cell (`add-column.verify-2`) or the phase (`expand.verify`).
    pub id: String,
    pub role: Role,
    pub phase: String,
    pub of: Option<String>,
    /// Declared `.destructive`.
    pub destructive: bool,
    /// Verify cells only.
    pub expect: Expect,
    pub when: When,
    /// Step or phase whose completion ends the cell's replay life.
    pub until: Option<String>,
    pub options: Options,
    /// The whole fence, from the first backtick to the end of the closing line.
    pub fence: Span,
    /// The info string, from `sql` to the closing brace.
    pub info: Span,
    /// The SQL: the fence's content after the `--|` lines.
    pub body: Span,
}

impl Cell {
    /// Adds an item to the braces.
    pub fn add_to_braces(&self, item: &str) -> Fix {
        Fix::insert(format!("add `{item}` to the braces"), self.info.end - 1, format!(" {item}"))
    }

    /// Takes out the `--|` line of an option, where the option has a line of its own and nothing else
    /// is on it.
    pub fn remove_option(&self, source: &Source, key: &str) -> Option<Fix> {
        let mut at = self.fence.start;
        for line in source.slice(Span::new(self.fence.start, self.body.start)).split_inclusive('\n') {
            let own = line.strip_prefix("--| ").and_then(|line| line.strip_prefix(key)?.strip_prefix(':'));
            if let Some(value) = own {
                // A value that goes on in the next lines is more than this line.
                let whole = !value.trim().is_empty() && !value.trim().starts_with(['|', '>', '&', '!']);
                let more = source.text()[at + line.len()..].starts_with("--|  ");
                return (whole && !more)
                    .then(|| Fix::delete(format!("take `--| {key}` out"), Span::new(at, at + line.len())));
            }
            at += line.len();
        }
        None
    }
}

/// What a verify cell's answer must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// No rows: each row is a violation.
    Empty,
    Rows(u64),
    /// One row with one column that prints as this.
    Value(String),
    /// One row with one column that is true.
    True,
    /// The answer before the step equals the answer after it.
    Unchanged,
    /// The answer, printed, is this table: a header row, then the rows.
    Table(Vec<Vec<String>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A precondition: checked before the step (or the phase) runs.
    Before,
    After,
}

/// The `--|` lines of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    pub batch: Option<Batch>,
    /// Limit for one statement.
    pub timeout: Option<Duration>,
    pub lock_timeout: Option<Duration>,
    /// How often a statement that lost to a lock, a deadlock or a serialization failure is tried again.
    pub retry: Option<u32>,
    pub tx: Option<Tx>,
    /// Why there is no way back. Stands in for the rollback cell.
    pub irreversible: Option<String>,
    pub output: Option<OutputLimit>,
    /// Shown to the human at the gate.
    pub why: Option<String>,
    /// Findings that the author has looked at and lives with.
    pub allow: Vec<Allow>,
}

/// `allow: {rule: why}`; which rules there are is not known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    pub rule: String,
    pub why: String,
    /// The rule's name in the file.
    pub span: Span,
}

/// The unit of commit that the author asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tx {
    /// All statements of the cell in one transaction (the default).
    Cell,
    /// A transaction for each statement.
    Statement,
    /// No transaction: intent before, outcome after.
    None,
}

/// How many rows of output the record keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputLimit {
    None,
    Rows(u64),
}

/// A forward cell that walks a table in key ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub table: String,
    /// What the statement calls it, where a column's own name does not say whose it is.
    pub alias: Option<String>,
    /// Its columns, as SQL takes them, at least one.
    pub key: Vec<String>,
    pub size: Size,
    pub pause: Pause,
    pub order: Order,
    pub on_error: OnError,
    pub throttle: Throttle,
}

/// What lies between two batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Nothing while nobody else is at work on the server; otherwise as much as leaves them their share.
    Auto,
    /// So much, whoever is there.
    Always(Duration),
}

/// How many keys a batch takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Size {
    Fixed(Amount),
    /// As many as are done in about `target`.
    Adaptive {
        target: Duration,
        min: u64,
        max: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Amount {
    Fixed(u64),
    Param(String),
}

/// The direction in which a key is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// What becomes of a key whose rows the statement cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    Stop,
    /// It is left out and recorded, up to so many times.
    Skip(u64),
}
