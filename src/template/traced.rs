//! Which line of which template wrote a line of a runbook.
//!
//! Only asked when a runbook has findings: the templates are rendered once more with a mark at the start
//! of each line of their text, and the marks are read off what comes out.

use std::collections::BTreeMap;

use super::library::Files;

/// Around the number of a place, in rendered text. Both are noncharacters, which no value may hold.
const OPEN: char = '\u{FDD4}';
const CLOSE: char = '\u{FDD5}';

/// A line of a template, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub file: String,
    pub line: usize,
}

/// Texts of templates with a mark at the start of each line, and what the marks stand for.
#[derive(Debug, Default)]
pub(super) struct Marked {
    texts: BTreeMap<String, String>,
    places: Vec<Place>,
}

impl Marked {
    pub(super) fn of(files: &Files, text: impl Fn(&str) -> String) -> Self {
        let mut marked = Self::default();
        for (name, _) in files.iter() {
            let text = marked.mark(name, &text(name));
            marked.texts.insert(name.to_owned(), text);
        }
        marked
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    fn mark(&mut self, name: &str, text: &str) -> String {
        let mut out = String::with_capacity(text.len() * 2);
        // What closes the tag or comment that the line begins in.
        let mut inside: Option<&str> = None;
        for (line, number) in text.split_inclusive('\n').zip(1..) {
            let is_tag = ["{%", "{#"].iter().any(|tag| line.trim_start().starts_with(tag));
            if inside.is_none() && !is_tag && !line.trim().is_empty() {
                out.push(OPEN);
                out.push_str(&self.places.len().to_string());
                out.push(CLOSE);
                self.places.push(Place { file: name.to_owned(), line: number });
            }
            out.push_str(line);
            inside = after(line, inside);
        }
        out
    }

    /// The text without marks, and for each of its lines the place that its last mark stands for.
    pub(super) fn read(&self, text: &str) -> (String, Vec<Option<Place>>) {
        let mut out = String::with_capacity(text.len());
        let mut places = Vec::new();
        for line in text.split_inclusive('\n') {
            let mut place = None;
            let mut rest = line;
            while let Some((before, after)) = rest.split_once(OPEN) {
                let (number, after) = after.split_once(CLOSE).unwrap_or(("", after));
                place = number.parse().ok().and_then(|at: usize| self.places.get(at)).cloned().or(place);
                out.push_str(before);
                rest = after;
            }
            out.push_str(rest);
            places.push(place);
        }
        (out, places)
    }
}

/// What closes the tag or comment that is open at the end of `line`.
fn after<'a>(line: &str, mut inside: Option<&'a str>) -> Option<&'a str> {
    const TAGS: [(&str, &str); 3] = [("{%", "%}"), ("{#", "#}"), ("{{", "}}")];
    let mut rest = line;
    loop {
        match inside {
            Some(close) => match rest.find(close) {
                Some(at) => (rest, inside) = (&rest[at + 2..], None),
                None => return inside,
            },
            None => {
                let next = TAGS.iter().filter_map(|(open, close)| Some((rest.find(open)?, *close))).min();
                match next {
                    Some((at, close)) => (rest, inside) = (&rest[at + 2..], Some(close)),
                    None => return None,
                }
            }
        }
    }
}
