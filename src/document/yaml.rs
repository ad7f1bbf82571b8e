//! YAML as a tree in which every node knows its place in the file.
//!
//! Nothing here knows a key of the format. `serde-saphyr` reads the text; aliases are followed, merge
//! keys and repeated keys are errors.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Error, Location, Spanned};

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::source::{Source, Span};

/// A value and the bytes of the file that it is written in.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub span: Span,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    /// Keys in the order they are written; no key is there twice.
    Mapping(Vec<(Node, Node)>),
}

impl Value {
    /// What it is, for "… expected, found …".
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Integer(value) => (*value).into(),
            // JSON has no infinity: it becomes null, which no parameter type accepts.
            Self::Number(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Mapping(entries) => entries
                .iter()
                .map(|(key, value)| {
                    let name = match &key.value {
                        Value::Text(name) => name.clone(),
                        other => other.to_json().to_string(),
                    };
                    (name, value.value.to_json())
                })
                .collect(),
        }
    }
}

/// YAML text that was cut out of a file, and where its pieces stand there.
#[derive(Debug, Default)]
pub struct Excerpt {
    text: String,
    /// Start of a piece in the text, and in the file; in order.
    pieces: Vec<(usize, usize)>,
    end: usize,
}

impl Excerpt {
    pub fn push(&mut self, source: &Source, span: Span) {
        self.pieces.push((self.text.len(), span.start));
        self.text.push_str(source.slice(span));
        self.end = span.end;
    }

    /// Where byte `at` of the text stands in the file.
    fn place(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(start, _)| *start <= at);
        match piece.checked_sub(1).and_then(|index| self.pieces.get(index)) {
            Some((start, place)) => (place + (at - start)).min(self.end),
            None => self.end,
        }
    }

    fn span(&self, location: Location) -> Span {
        let start = match location.span().byte_offset().and_then(|at| usize::try_from(at).ok()) {
            Some(at) => floor(&self.text, at),
            // Errors of the scanner come with a line and a column alone.
            None => self.offset(location.line(), location.column()),
        };
        let len = location.span().byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
        let written = &self.text[start..floor(&self.text, start.saturating_add(len))];
        // A block mapping or list ends where the next token starts; its text is what stands before.
        let end = start + written.trim_end().len();
        let place = self.place(start);
        Span::new(place, self.place(end).max(place))
    }

    /// The byte at which line and column (both from 1, in characters) are.
    fn offset(&self, line: u64, column: u64) -> usize {
        let mut start = 0;
        for (number, text) in (1..).zip(self.text.split_inclusive('\n')) {
            if number == line {
                let column = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
                return start + text.char_indices().nth(column).map_or(text.trim_end().len(), |(at, _)| at);
            }
            start += text.len();
        }
        self.text.len()
    }

    /// The tree; `None` after an error, or where there is nothing but comments.
    pub fn parse(&self, source: &Arc<Source>, diagnostics: &mut Diagnostics) -> Option<Node> {
        let options = serde_saphyr::options! {
            duplicate_keys: DuplicateKeyPolicy::Error,
            merge_keys: MergeKeyPolicy::Error,
            strict_booleans: true,
            reject_unsupported_tags: true,
            leading_zero_numbers_as_strings: true,
            with_snippet: false,
        };
        match serde_saphyr::from_str_with_options::<Raw>(&self.text, options) {
            Ok(raw) => Some(self.node(raw)),
            Err(error) => {
                diagnostics.push(self.diagnostic(source, &error));
                None
            }
        }
    }

    fn node(&self, raw: Raw) -> Node {
        let mut span = self.span(raw.0.referenced);
        let value = match raw.0.value {
            RawValue::Scalar(value) => value,
            RawValue::List(items) => {
                let items: Vec<Node> = items.into_iter().map(|item| self.node(item)).collect();
                span = self.around(span, items.iter());
                Value::List(items)
            }
            RawValue::Mapping(entries) => {
                let entries: Vec<(Node, Node)> = entries.into_iter().map(|entry| self.entry(entry)).collect();
                span = self.around(span, entries.iter().flat_map(|(key, value)| [key, value]));
                Value::Mapping(entries)
            }
        };
        Node { span, value }
    }

    fn entry(&self, (key, value): (Raw, Raw)) -> (Node, Node) {
        let (key, mut value) = (self.node(key), self.node(value));
        if value.span.is_empty() && value.value == Value::Null {
            value.span = key.span;
        }
        (key, value)
    }

    /// The parser gives a collection's first character alone: this is the range to its last item,
    /// and to the bracket after it.
    fn around<'a>(&self, open: Span, children: impl Iterator<Item = &'a Node>) -> Span {
        let end = children.map(|child| child.span.end).fold(open.end, usize::max);
        let Some(at) = self.text_offset(end) else { return Span::new(open.start, end) };
        let rest = &self.text[at..];
        let closing = rest.len() - rest.trim_start_matches([' ', '\n', ',']).len();
        match rest.as_bytes().get(closing) {
            Some(b'}' | b']') if !open.is_empty() => Span::new(open.start, self.place(at + closing + 1)),
            _ => Span::new(open.start, end),
        }
    }

    /// The inverse of [`Self::place`].
    fn text_offset(&self, place: usize) -> Option<usize> {
        let piece = self.pieces.partition_point(|(_, start)| *start <= place).checked_sub(1)?;
        let (start, from) = self.pieces[piece];
        let at = start + (place - from);
        self.text.is_char_boundary(at).then_some(at)
    }

    fn diagnostic(&self, source: &Arc<Source>, error: &Error) -> Diagnostic {
        let span = error.location().map_or(Span::new(self.end, self.end), |at| self.span(at));
        match error {
            Error::DuplicateMappingKey { key, .. } => {
                let key = key.as_deref().unwrap_or("?");
                Diagnostic::error("duplicate-key", source, span, format!("key `{key}` is given twice"))
                    .label("the second one")
                    .help("remove one of the two")
            }
            other => {
                let text = other.to_string();
                let text = text.lines().next().unwrap_or_default();
                // The place is said by the span; the library's own would count from the wrong line.
                let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
                Diagnostic::error("yaml-syntax", source, span, format!("not valid YAML: {text}"))
                    .help("quote texts that hold `: `, ` #`, braces or brackets")
            }
        }
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

struct Raw(Spanned<RawValue>);

enum RawValue {
    Scalar(Value),
    List(Vec<Raw>),
    Mapping(Vec<(Raw, Raw)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawValue, D::Error> {
        RawValue::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Boolean(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawValue, E> {
        // Past 64 signed bits it is no integer of any engine; as a number it fails every integer check.
        Ok(RawValue::Scalar(i64::try_from(value).map_or(Value::Number(value as f64), Value::Integer)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Text(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(RawValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(RawValue::Mapping(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Node>, Diagnostics) {
        let source = Source::new("a.yaml", text);
        let mut excerpt = Excerpt::default();
        excerpt.push(&source, Span::new(0, text.len()));
        let mut diagnostics = Vec::new();
        (excerpt.parse(&source, &mut diagnostics), diagnostics)
    }

    fn written<'a>(text: &'a str, node: &Node) -> &'a str {
        &text[node.span.start..node.span.end]
    }

    fn entries(node: &Node) -> &[(Node, Node)] {
        match &node.value {
            Value::Mapping(entries) => entries,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_node_knows_the_bytes_it_is_written_in() {
        let text = "# c\nä: {b: 'x y', c: [1, 2.5]} # z\nd:\n  e: 007\n  k:\n";
        let root = read(text).0.unwrap();
        let [(first, flow), (_, block)] = entries(&root) else { panic!("{root:?}") };
        assert_eq!(written(text, first), "ä");
        assert_eq!(written(text, flow), "{b: 'x y', c: [1, 2.5]}");
        assert_eq!(written(text, &entries(flow)[0].1), "'x y'");
        assert_eq!(written(text, &entries(flow)[1].1), "[1, 2.5]");
        assert_eq!(entries(block)[0].1.value, Value::Text("007".to_owned()));
        assert_eq!(written(text, &entries(block)[1].1), "k", "nothing is shown at its key");
    }

    #[test]
    fn errors_point_into_the_text() {
        for (text, rule, at) in [
            ("a: b: c\n", "yaml-syntax", 4),
            ("a: 1\na: 2\n", "duplicate-key", 5),
            ("ä: 1\nb: [1, 2\nc: 3\n", "yaml-syntax", 16),
            ("<<: {a: 1}\n", "yaml-syntax", 0),
            ("a: !foo 3\n", "yaml-syntax", 8),
        ] {
            let (_, diagnostics) = read(text);
            assert_eq!(diagnostics.len(), 1, "{text}");
            assert_eq!((diagnostics[0].rule, diagnostics[0].span.start), (rule, at), "{diagnostics:?}");
        }
    }
}
