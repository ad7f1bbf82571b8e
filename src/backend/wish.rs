//! What is wished of a run: a row beside the journal, which anybody with the database can write.
//!
//! The row holds what is wanted and not a list of commands, so that it is there for a run that was
//! killed and goes on. What became of a wish is in the journal.

use super::Answer;
use super::sql::quoted;
use crate::dialect::Dialect;

/// What is wanted of a run now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// How often something was wished.
    pub number: i64,
    /// The last that the run has seen.
    pub seen: i64,
    /// Who wants it to stand still.
    pub paused: Option<Wish>,
    /// Keys of a batch, and who wants them.
    pub size: Option<(u64, Wish)>,
    /// Who changed either of them last.
    pub pause_changed: Wish,
    pub size_changed: Wish,
}

/// Who, and when: RFC 3339 in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub by: String,
    pub at: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Pause,
    Resume,
    /// None gives the size back to the runbook.
    Size(Option<u64>),
}

/// The statements, which every engine takes.
pub(super) struct Row<'a> {
    pub dialect: Dialect,
    pub table: &'a str,
    pub run: &'a str,
}

impl Row<'_> {
    pub fn listen(&self) -> String {
        let Self { table, .. } = self;
        let run = self.quoted(self.run);
        // MySQL has no SELECT with a condition and without a table (8.0.18 and before), and DUAL is no word
        // of the others.
        format!(
            "INSERT INTO {table} (run, number, seen, paused, paused_by, paused_at, size, size_by, size_at) \
             SELECT {run}, 0, 0, 0, '', '', NULL, '', '' FROM (SELECT 1 AS one) here \
             WHERE NOT EXISTS (SELECT 1 FROM {table} t WHERE t.run = {run})"
        )
    }

    pub fn read(&self) -> String {
        format!(
            "SELECT number, seen, paused, paused_by, paused_at, size, size_by, size_at FROM {} WHERE run = {}",
            self.table,
            self.quoted(self.run)
        )
    }

    pub fn wish(&self, change: Change, by: &str, at: &str) -> String {
        let (by, at) = (self.quoted(by), self.quoted(at));
        let set = match change {
            Change::Pause => format!("paused = 1, paused_by = {by}, paused_at = {at}"),
            Change::Resume => format!("paused = 0, paused_by = {by}, paused_at = {at}"),
            Change::Size(Some(size)) => format!("size = {size}, size_by = {by}, size_at = {at}"),
            Change::Size(None) => format!("size = NULL, size_by = {by}, size_at = {at}"),
        };
        format!("UPDATE {} SET number = number + 1, {set} WHERE run = {}", self.table, self.quoted(self.run))
    }

    pub fn heed(&self, number: i64) -> String {
        format!("UPDATE {} SET seen = {number} WHERE run = {}", self.table, self.quoted(self.run))
    }

    fn quoted(&self, text: &str) -> String {
        quoted(self.dialect, text)
    }
}

/// The answer to `read`.
pub(super) fn wishes(answer: &Answer) -> Option<Wishes> {
    answer.rows.first()?;
    let number = |column: usize| answer.cell(0, column).and_then(|text| text.parse::<i64>().ok());
    let text = |column: usize| answer.cell(0, column).unwrap_or_default().to_owned();
    let pause_changed = Wish { by: text(3), at: text(4) };
    let size_changed = Wish { by: text(6), at: text(7) };
    let size = number(5).and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0);
    Some(Wishes {
        number: number(0).unwrap_or_default(),
        seen: number(1).unwrap_or_default(),
        paused: (number(2) == Some(1)).then(|| pause_changed.clone()),
        size: size.map(|size| (size, size_changed.clone())),
        pause_changed,
        size_changed,
    })
}
