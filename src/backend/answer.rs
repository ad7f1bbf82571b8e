use sha2::{Digest as _, Sha256};

/// What a statement returned, with as many rows as were asked for and the truth about the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub columns: Vec<String>,
    /// The first rows, as text; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
    /// All rows that came.
    pub returned: u64,
    /// Rows that the statement changed.
    pub affected: u64,
    /// SHA-256 over all rows in the order they came.
    pub hash: String,
}

/// Takes rows in and keeps only the first ones, so that memory does not grow with the answer.
pub(super) struct AnswerBuilder {
    answer: Answer,
    keep: u64,
    cell_limit: usize,
    hasher: Sha256,
}

/// A kept cell is cut here; the hash is over the whole.
const CELL_LIMIT: usize = 64 * 1024;

impl AnswerBuilder {
    pub fn new(keep: u64) -> Self {
        Self { answer: Answer::default(), keep, cell_limit: CELL_LIMIT, hasher: Sha256::new() }
    }

    /// Keeps everything, for answers that are our own.
    pub fn whole() -> Self {
        Self { cell_limit: usize::MAX, ..Self::new(u64::MAX) }
    }

    pub fn columns(&mut self, names: impl FnOnce() -> Vec<String>) {
        if self.answer.columns.is_empty() {
            self.answer.columns = names();
        }
    }

    pub fn row<'v>(&mut self, cells: impl Iterator<Item = Option<std::borrow::Cow<'v, str>>>) {
        let keep = self.answer.returned < self.keep;
        let mut kept = Vec::new();
        for cell in cells {
            match &cell {
                Some(text) => {
                    self.hasher.update([1]);
                    self.hasher.update((text.len() as u64).to_be_bytes());
                    self.hasher.update(text.as_bytes());
                }
                None => self.hasher.update([0]),
            }
            if keep {
                kept.push(cell.map(|text| cut(&text, self.cell_limit)));
            }
        }
        self.hasher.update([2]);
        if keep {
            self.answer.rows.push(kept);
        }
        self.answer.returned += 1;
    }

    /// Of several statements sent as one text the last one counts: the others are ours.
    pub fn affected(&mut self, rows: u64) {
        self.answer.affected = rows;
    }

    pub fn finish(mut self) -> Answer {
        self.answer.hash = crate::source::hex(&self.hasher.finalize());
        self.answer
    }
}

fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}… ({} bytes in all)", &text[..end], text.len())
}

impl Answer {
    /// A kept cell that is not NULL.
    pub fn cell(&self, row: usize, column: usize) -> Option<&str> {
        self.rows.get(row)?.get(column)?.as_deref()
    }

    /// The first cell of the first row.
    pub fn single(&self) -> Option<&str> {
        self.cell(0, 0)
    }
}
