//! Where each stretch of a rendered cell came from.
//!
//! The template is rendered twice: as it is, and with its own offsets written between its texts, in
//! characters that no runbook may hold. Loops and conditions then say by themselves what they wrote, and
//! how often. Where the offsets change what is rendered (a text that the template itself looks at), all
//! of it leads back to the whole cell.

use super::fragment::{CLOSE, OPEN, RAW, SECRET};
use crate::source::{Origin, Provenance, Span};

/// Stands before and after an offset.
const AT: char = '\u{FDD4}';

/// What one expression wrote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    /// In the rendered text.
    pub span: Span,
    /// In the runbook: the expression, or the whole cell where it cannot be told.
    pub site: Span,
    pub raw: bool,
    pub secret: bool,
}

/// A rendered text without its marks.
#[derive(Debug)]
pub(super) struct Trail {
    pub sql: String,
    pub provenance: Provenance,
    pub written: Vec<Written>,
}

/// The template with its offsets in it.
pub(super) fn with_offsets(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut at = 0;
    let mut trimmed = false;
    let tags = tags(text);
    for index in 0..=tags.len() {
        let (end, next) =
            tags.get(index).map_or((text.len(), ""), |tag| (tag.start, &text[tag.start..tag.end]));
        let part = &text[at..end];
        // A tag that ends in a minus takes the white space after it away, up to the first other character.
        let space = if trimmed { part.len() - part.trim_start().len() } else { 0 };
        let gone = trimmed && space == part.len() && next.get(2..3) == Some("-");
        out.push_str(&part[..space]);
        if !gone {
            out.push_str(&format!("{AT}{}{AT}", at + space));
        }
        out.push_str(&part[space..]);
        out.push_str(next);
        at = end + next.len();
        trimmed = next.len() > 4 && next.as_bytes()[next.len() - 3] == b'-';
    }
    out
}

/// Reads what `marked` says; `tracked` is the same with offsets in it, if it could be rendered.
pub(super) fn read(marked: &str, tracked: Option<&str>, text: &str, body: Span) -> Trail {
    match tracked.filter(|tracked| without_offsets(tracked) == marked) {
        Some(tracked) => follow(tracked, text, body),
        None => follow_blindly(marked, body),
    }
}

fn without_offsets(tracked: &str) -> String {
    let pieces = tracked.split(AT).enumerate();
    pieces.filter(|(index, _)| index % 2 == 0).map(|(_, piece)| piece).collect()
}

/// The next piece of a marked text: an offset, a bracket or mark, or what was rendered.
fn pieces(marked: &str) -> impl Iterator<Item = (usize, &str)> {
    marked.split(AT).enumerate().flat_map(|(index, piece)| {
        let marks = [OPEN, CLOSE, RAW, SECRET];
        let parts: Vec<&str> =
            if index % 2 == 1 { vec![piece] } else { piece.split_inclusive(marks).collect() };
        parts.into_iter().map(move |part| (index % 2, part))
    })
}

fn follow(tracked: &str, text: &str, body: Span) -> Trail {
    let sites: Vec<Span> = tags(text).into_iter().filter(|tag| text[tag.start..].starts_with("{{")).collect();
    let mut reader = Reader::default();
    let mut at = 0;
    for (is_offset, piece) in pieces(tracked) {
        if is_offset == 1 {
            if reader.depth == 0 {
                at = piece.parse().unwrap_or(at);
            }
            continue;
        }
        let (plain, mark) = cut(piece);
        if reader.depth == 0 {
            // A filter over a block writes something else than what stands in it.
            let verbatim = text.get(at..at + plain.len()) == Some(plain);
            let from = Span::new(at, at + plain.len()).shifted(body.start);
            reader.text(plain, if verbatim { Origin::Text(from) } else { Origin::Expression(body) });
            at += plain.len();
        } else {
            reader.sql.push_str(plain);
        }
        let site = sites[sites.partition_point(|site| site.start < at)..].first();
        if reader.mark(mark, site.map_or(body, |site| site.shifted(body.start))) {
            at = site.map_or(at, |site| site.end);
        }
    }
    reader.trail()
}

fn follow_blindly(marked: &str, body: Span) -> Trail {
    let mut reader = Reader::default();
    for (_, piece) in pieces(marked) {
        let (plain, mark) = cut(piece);
        match reader.depth {
            0 => reader.text(plain, Origin::Expression(body)),
            _ => reader.sql.push_str(plain),
        }
        reader.mark(mark, body);
    }
    reader.trail()
}

/// A piece without the mark at its end.
fn cut(piece: &str) -> (&str, Option<char>) {
    let mark = piece.chars().next_back().filter(|last| [OPEN, CLOSE, RAW, SECRET].contains(last));
    (&piece[..piece.len() - mark.map_or(0, char::len_utf8)], mark)
}

#[derive(Default)]
struct Reader {
    sql: String,
    provenance: Provenance,
    written: Vec<Written>,
    depth: usize,
}

impl Reader {
    fn text(&mut self, text: &str, origin: Origin) {
        self.sql.push_str(text);
        if !text.is_empty() {
            self.provenance.push(text.len(), origin);
        }
    }

    /// Whether the outermost expression has ended here.
    fn mark(&mut self, mark: Option<char>, site: Span) -> bool {
        match mark {
            Some(OPEN) => {
                self.depth += 1;
                if self.depth == 1 {
                    let span = Span::new(self.sql.len(), self.sql.len());
                    self.written.push(Written { span, site, raw: false, secret: false });
                }
            }
            Some(CLOSE) => {
                self.depth -= 1;
                if let Some(last) = self.written.last_mut().filter(|_| self.depth == 0) {
                    last.span.end = self.sql.len();
                    self.provenance.push(last.span.len(), Origin::Expression(last.site));
                    return true;
                }
            }
            Some(mark) => {
                if let Some(last) = self.written.last_mut() {
                    last.raw |= mark == RAW;
                    last.secret |= mark == SECRET;
                }
            }
            None => {}
        }
        false
    }

    fn trail(self) -> Trail {
        Trail { sql: self.sql, provenance: self.provenance, written: self.written }
    }
}

/// The `{{ … }}`, `{% … %}` and `{# … #}` of a template, in order.
fn tags(text: &str) -> Vec<Span> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        let rest = &text[start..];
        let end = match rest.as_bytes().get(1) {
            Some(b'#') => rest.find("#}").map(|end| end + 2),
            Some(b'{') => tag_end(rest, b'}'),
            Some(b'%') => tag_end(rest, b'%'),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let Some(end) = end else { break };
        tags.push(Span::new(start, start + end));
        at = start + end;
    }
    tags
}

/// The length of the tag that `text` starts with, which ends in `mark` and a brace; those inside of
/// strings do not count.
fn tag_end(text: &str, mark: u8) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut quote = None;
    let mut i = 2;
    while i < bytes.len() {
        match (quote, bytes[i]) {
            (Some(_), b'\\') => i += 1,
            (Some(open), b) if b == open => quote = None,
            (Some(_), _) => {}
            (None, b @ (b'"' | b'\'')) => quote = Some(b),
            (None, b) if b == mark && bytes.get(i + 1) == Some(&b'}') => return Some(i + 2),
            (None, _) => {}
        }
        i += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_stand_where_texts_begin_and_take_no_white_space_into_account() {
        let shown = |text: &str| with_offsets(text).replace(AT, "|");
        assert_eq!(shown("a {{ b }}c"), "|0|a {{ b }}|9|c");
        assert_eq!(shown("{% if a -%}  é {%- endif %}"), "|0|{% if a -%}  |13|é {%- endif %}|28|");
        assert_eq!(shown("{% if a -%}  {%- endif %}"), "|0|{% if a -%}  {%- endif %}|25|");
        assert_eq!(shown("{# {{ #}{{ '}}' }}"), "|0|{# {{ #}|8|{{ '}}' }}|18|");
    }

    #[test]
    fn a_text_that_the_offsets_would_change_leads_back_to_the_cell() {
        let body = Span::new(10, 20);
        let trail = read("SELECT 1", Some("SELECT 2"), "{{ a }}", body);
        assert_eq!(trail.sql, "SELECT 1");
        assert_eq!(trail.provenance.to_source(Span::new(0, 2)), body);
    }
}
