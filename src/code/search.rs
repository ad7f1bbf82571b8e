//! Looks through one text for what is gone.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::spelling::{Spelling, of_name, of_rows};
use crate::rules::Gone;

/// How sure it is that a place uses what is gone, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The line names the table (and the column).
    Named,
    /// The table's name stands a few lines away.
    Near,
    /// The file names the table somewhere, or a comment does; or, of a table, the line names one of its rows (`OrderItem`).
    SameFile,
    /// A name of several words, in a file that does not name its table.
    Alone,
    /// A migration, which is history unless it is still to run.
    Migration,
}

/// A line that names what is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which of the things that are looked for, by its position.
    pub gone: usize,
    pub certainty: Certainty,
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    /// From 1.
    pub line: usize,
}

/// What is looked for, ready to be looked for in many texts at once.
#[derive(Debug)]
pub struct Search {
    words: AhoCorasick,
    meanings: Vec<Meaning>,
    gone: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    has_column: bool,
    several_words: bool,
}

/// What a pattern of the automaton stands for.
#[derive(Debug)]
struct Meaning {
    gone: usize,
    part: Part,
    spelling: Spelling,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Column,
    Table,
    /// A row of the table, as classes are called.
    Row,
}

/// Lines between a column and its table that make one statement of them.
const NEAR: usize = 5;

struct Hit {
    part: Part,
    start: usize,
    end: usize,
    line: usize,
    comment: bool,
}

/// Whether the line begins as a comment does before `at`. A line of many thousand bytes is no prose.
fn is_comment(text: &[u8], at: usize) -> bool {
    let from = at.saturating_sub(4096);
    let start = match text[from..at].iter().rposition(|byte| *byte == b'\n') {
        Some(end) => from + end + 1,
        None if from == 0 => 0,
        None => return false,
    };
    let line = text[start..at].trim_ascii_start();
    ["//", "#", "--", "/*", "<!--"].iter().any(|mark| line.starts_with(mark.as_bytes()))
}

impl Search {
    pub fn new(gone: &[Gone]) -> Self {
        let mut meanings = Vec::new();
        let mut targets = Vec::new();
        for (index, gone) in gone.iter().enumerate() {
            let table = gone.table.rsplit('.').next().unwrap_or(&gone.table);
            let mut add = |part, spellings: Vec<Spelling>| {
                let meaning = |spelling| Meaning { gone: index, part, spelling };
                meanings.extend(spellings.into_iter().map(meaning));
            };
            add(Part::Table, of_name(table));
            add(Part::Row, of_rows(table));
            let columns = gone.column.as_deref().map(of_name).unwrap_or_default();
            targets.push(Target { has_column: gone.column.is_some(), several_words: columns.len() > 1 });
            add(Part::Column, columns);
        }
        let words = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .build(meanings.iter().map(|meaning| meaning.spelling.text.as_str()))
            .expect("names are few and short");
        Self { words, meanings, gone: targets }
    }

    /// The lines of `text` that name what is gone, once each, in order. `migration` says that the file is
    /// one of migrations.
    pub fn read(&self, text: &[u8], migration: bool) -> Vec<Place> {
        let mut hits: Vec<Vec<Hit>> = self.gone.iter().map(|_| Vec::new()).collect();
        let (mut line, mut counted) = (1, 0);
        for found in self.words.find_overlapping_iter(text) {
            let meaning = &self.meanings[found.pattern().as_usize()];
            if !meaning.spelling.is_at(text, found.start(), found.end()) {
                continue;
            }
            // Matches come in the order of their ends, and none spans a line.
            line += text[counted..found.end()].iter().filter(|byte| **byte == b'\n').count();
            counted = found.end();
            let hit = Hit {
                part: meaning.part,
                start: found.start(),
                end: found.end(),
                line,
                comment: is_comment(text, found.start()),
            };
            hits[meaning.gone].push(hit);
        }
        let mut places = Vec::new();
        for (index, hits) in hits.iter().enumerate() {
            places.extend(self.places(index, hits, migration));
        }
        places
    }

    fn places(&self, index: usize, hits: &[Hit], migration: bool) -> Vec<Place> {
        let target = &self.gone[index];
        let tables: Vec<usize> =
            hits.iter().filter(|hit| hit.part != Part::Column).map(|hit| hit.line).collect();
        let mut places: Vec<Place> = Vec::new();
        for hit in hits {
            let certainty = match hit.part {
                Part::Column => match distance(&tables, hit.line) {
                    Some(0) => Certainty::Named,
                    Some(lines) if lines <= NEAR => Certainty::Near,
                    Some(_) => Certainty::SameFile,
                    None if target.several_words => Certainty::Alone,
                    None => continue,
                },
                _ if target.has_column => continue,
                Part::Table => Certainty::Named,
                Part::Row => Certainty::SameFile,
            };
            // Prose has the words of a name too.
            let certainty = if hit.comment { certainty.max(Certainty::SameFile) } else { certainty };
            let certainty = if migration { Certainty::Migration } else { certainty };
            let place = Place { gone: index, certainty, start: hit.start, end: hit.end, line: hit.line };
            match places.last_mut() {
                Some(last) if last.line == hit.line => last.certainty = last.certainty.min(certainty),
                _ => places.push(place),
            }
        }
        places
    }
}

/// Lines to the nearest of `lines`, which are in order.
fn distance(lines: &[usize], line: usize) -> Option<usize> {
    let after = lines.partition_point(|other| *other < line);
    let next = lines.get(after).map(|other| other - line);
    let before = after.checked_sub(1).map(|before| line - lines[before]);
    next.into_iter().chain(before).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::How;
    use crate::source::Span;

    fn gone(table: &str, column: Option<&str>) -> Gone {
        Gone {
            table: table.to_owned(),
            column: column.map(str::to_owned),
            how: How::Dropped,
            cell: "drop".to_owned(),
            statement: 1,
            span: Span::new(0, 1),
        }
    }

    fn found(gone: &[Gone], text: &str) -> Vec<(usize, Certainty, usize)> {
        let places = Search::new(gone).read(text.as_bytes(), false);
        places.iter().map(|place| (place.gone, place.certainty, place.line)).collect()
    }

    #[test]
    fn the_nearer_the_table_is_the_surer_is_the_column() {
        let email = [gone("app.users", Some("email"))];
        let text = "SELECT email FROM users\n\n\n\n\n\n\nemail\nemail\n\nemail email\nclass User\n";
        assert_eq!(
            found(&email, text),
            [
                (0, Certainty::Named, 1),
                (0, Certainty::Near, 8),
                (0, Certainty::Near, 9),
                (0, Certainty::Near, 11)
            ]
        );
        assert_eq!(found(&email, &format!("User{}email", "\n".repeat(9))), [(0, Certainty::SameFile, 10)]);
        assert_eq!(found(&email, "  // users: email"), [(0, Certainty::SameFile, 1)]);
        assert_eq!(found(&email, "email"), []);
        assert_eq!(found(&[gone("users", Some("email_lower"))], "emailLower"), [(0, Certainty::Alone, 1)]);
    }

    #[test]
    fn a_table_is_named_by_itself_and_by_its_rows() {
        let items = [gone("order_items", None), gone("users", Some("id"))];
        let text = "FROM ORDER_ITEMS\nclass OrderItem\norder_items_id\n";
        assert_eq!(found(&items, text), [(0, Certainty::Named, 1), (0, Certainty::SameFile, 2)]);
        assert_eq!(
            Search::new(&items).read(b"DROP TABLE order_items", true)[0].certainty,
            Certainty::Migration
        );
    }
}
