//! The values of an info string: bare or in quotes, and what neither may hold.

use super::info_string::{Attribute, Reader};
use super::slug::suggest;
use crate::diagnostics::Diagnostic;
use crate::source::Span;

impl Reader<'_> {
    /// After `key=`.
    pub(super) fn assignment(&mut self, key_span: Span) -> bool {
        let name = self.text[key_span.start..key_span.end].to_owned();
        let before = self.findings.count();
        let key = self.keys.iter().copied().find(|key| *key == name);
        if key.is_none() {
            let diagnostic = self.error("unknown-key", key_span, format!("there is no key `{name}`"));
            self.push(diagnostic.help(suggest(&name, self.keys.iter().copied())));
        }
        let (span, complete) = match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => self.bare(&name),
        };
        let Some(key) = key else { return complete };
        if self.attributes.get(key).is_some() {
            self.push(
                self.error("duplicate-key", key_span, format!("key `{key}` is given twice"))
                    .help("remove one of the two"),
            );
        } else if self.findings.count() == before {
            let value = self.text[span.start..span.end].to_owned();
            self.attributes.items.push(Attribute { key, key_span, value, span });
        }
        complete
    }

    fn quoted(&mut self, quote: char) -> (Span, bool) {
        let open = self.one(self.at);
        self.at += 1;
        let start = self.at;
        let Some(len) = self.rest().find(quote) else {
            self.push(
                self.error("unclosed-quote", open, "the quote is not closed on the same line")
                    .label("opened here")
                    .help(format!("end the value with {quote}")),
            );
            self.at = self.text.len();
            return (Span::new(start, self.at), false);
        };
        let span = Span::new(start, start + len);
        self.at = span.end + 1;
        self.quoted_content(span);
        if !self.rest().is_empty() && !self.rest().starts_with([' ', '\t', '}']) {
            let text = self.word();
            let diagnostic = match self.text[text.start..].starts_with([',', ';']) {
                true => self.comma(text.start),
                false => self
                    .error("bad-value", text, "there is text after the closing quote")
                    .help("put a space between two items"),
            };
            self.push(diagnostic);
        }
        (span, true)
    }

    fn quoted_content(&mut self, span: Span) {
        let text = &self.text[span.start..span.end];
        let escape = text
            .as_bytes()
            .windows(2)
            .position(|pair| pair[0] == b'\\' && pair[1].is_ascii_punctuation())
            .or_else(|| text.ends_with('\\').then(|| text.len() - 1));
        let diagnostic = if let Some(at) = escape {
            self.escape(self.one(span.start + at))
        } else if let Some(entity) = entity(text) {
            self.entity(entity.shifted(span.start))
        } else if let Some(at) = text.find(['`', '~']) {
            self.bad_character(span.start + at)
        } else {
            return;
        };
        self.push(diagnostic);
    }

    fn bare(&mut self, key: &str) -> (Span, bool) {
        let span = self.word();
        let text = &self.text[span.start..span.end];
        let bad = text.find(|c: char| !(c.is_ascii_alphanumeric() || "_.:/@+-".contains(c)));
        let diagnostic = match bad {
            _ if text.is_empty() => {
                let at = Span::new(span.start - key.len() - 1, span.start);
                self.error("empty-value", at, format!("key `{key}` has no value"))
                    .help("write the value right after `=`, or remove the key")
            }
            None => return (span, true),
            Some(at) if text[at..].starts_with("{{") || text[at..].starts_with("{%") => {
                self.templated(Span::new(span.start + at, span.end));
                // Where the expression ends is not for this grammar to say.
                return (span, false);
            }
            Some(at) if text[at..].starts_with([',', ';']) => self.comma(span.start + at),
            Some(at) if text[at..].starts_with('\\') => self.escape(self.one(span.start + at)),
            Some(_) if let Some(entity) = entity(text) => self.entity(entity.shifted(span.start)),
            Some(at) => self.bad_character(span.start + at),
        };
        self.push(diagnostic);
        (span, true)
    }

    pub(super) fn entity(&self, span: Span) -> Diagnostic {
        self.error("entity-in-info", span, "the info string holds a character entity")
            .note("Markdown would read it as another character")
            .help("write the character itself, in quotes where it needs them")
    }

    fn bad_character(&self, at: usize) -> Diagnostic {
        let span = self.one(at);
        let found = &self.text[span.start..span.end];
        let diagnostic =
            self.error("bad-value", span, format!("`{}` cannot stand in the value", found.escape_debug()));
        match found {
            "`" | "~" => diagnostic.help("no value holds a backtick or a tilde, not even in quotes"),
            _ => diagnostic.help("put the value in quotes"),
        }
    }
}

/// The first `&name;` or `&#12;` in `text`.
pub(super) fn entity(text: &str) -> Option<Span> {
    text.match_indices('&').find_map(|(at, _)| {
        let name = text[at + 1..].strip_prefix('#').unwrap_or(&text[at + 1..]);
        let len = name.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let end = text.len() - name.len() + len;
        (len > 0 && text[end..].starts_with(';')).then(|| Span::new(at, end + 1))
    })
}
