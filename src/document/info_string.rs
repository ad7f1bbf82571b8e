//! The grammar of a cell's info string, read from the file as it is written.
//!
//! ```text
//! info  = "sql" SP+ "{" item (SP+ item)* "}"
//! item  = key "=" value | "." flag
//! value = bare | '"' [^"`~\n]* '"' | "'" [^'`~\n]* "'"
//! ```
//!
//! The reader goes on after an error where it can, so that the other cells are not blamed for what a
//! malformed one would have said.

use super::findings::Findings;
use super::info_value::entity;
use super::slug::suggest;
use crate::diagnostics::{Diagnostic, Fix};
use crate::source::Span;

/// The keys of a cell.
pub const CELL_KEYS: [&str; 7] = ["id", "of", "phase", "role", "expect", "when", "until"];
/// The keys of a `text` fence that holds an expected table.
pub const TABLE_KEYS: [&str; 1] = ["expect"];

/// What stands between the braces.
#[derive(Debug, Default)]
pub struct Attributes {
    pub(super) items: Vec<Attribute>,
    pub destructive: Option<Span>,
    /// From the language to the closing brace.
    pub info: Span,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub key: &'static str,
    pub key_span: Span,
    pub value: String,
    /// The value without its quotes.
    pub span: Span,
}

impl Attributes {
    pub fn get(&self, key: &str) -> Option<&Attribute> {
        self.items.iter().find(|item| item.key == key)
    }
}

/// Reads `info`, whose language must be `language`. Errors are in `findings`.
pub fn read_info(
    info: Span,
    language: &'static str,
    keys: &'static [&'static str],
    findings: &mut Findings,
) -> Attributes {
    let source = std::sync::Arc::clone(&findings.source);
    let mut reader = Reader {
        text: &source.text()[..info.end],
        at: info.start,
        keys,
        attributes: Attributes { info, ..Attributes::default() },
        findings,
    };
    reader.info(language);
    reader.attributes
}

pub(super) struct Reader<'a> {
    /// The file up to the end of the info string.
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) keys: &'static [&'static str],
    pub(super) attributes: Attributes,
    pub(super) findings: &'a mut Findings,
}

impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn error(&self, rule: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        self.findings.error(rule, span, message)
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.findings.push(diagnostic);
    }

    /// The character at `at`, as a range.
    pub(super) fn one(&self, at: usize) -> Span {
        Span::new(at, at + self.text[at..].chars().next().map_or(0, char::len_utf8))
    }

    fn info(&mut self, language: &'static str) {
        if let Some(tab) = self.rest().find('\t') {
            let span = self.one(self.at + tab);
            self.push(
                self.error("tab-in-info", span, "the info string holds a tab")
                    .help("use spaces")
                    .fix(Fix::replace("put a space there", span, " ")),
            );
        }
        let word = super::fence::language(self.rest()).len();
        let found = &self.rest()[..word];
        if found == language {
            self.after_language(word, language);
            return;
        }
        self.wrong_language(found);
        // The attributes are another tool's, or will be read once the language is right.
        let said = self.findings.count();
        self.after_language(word, language);
        self.findings.diagnostics.truncate(said);
    }

    fn wrong_language(&mut self, found: &str) {
        let span = Span::new(self.at, self.at + found.len());
        let message = match found {
            "" => "the fence names no language before its attributes".to_owned(),
            _ => format!("`{found}` is not the language of a cell"),
        };
        let help = match found {
            "text" => "a cell starts with `sql {`; a table that a cell expects is `text {expect=<cell id>}`",
            _ => "write `sql` in lower case, a space, and the braces; without attributes it is documentation",
        };
        self.push(self.error("cell-language", span, message).help(help));
    }

    fn after_language(&mut self, word: usize, language: &str) {
        let start = self.at;
        self.at += word;
        let gap = self.rest().len() - self.rest().trim_start().len();
        self.at += gap;
        if !self.rest().starts_with('{') {
            self.before_braces();
            return;
        }
        if gap == 0 && word > 0 {
            let span = Span::new(start, self.at + 1);
            self.push(
                self.error("missing-space", span, format!("there is no space between `{language}` and `{{`"))
                    .note("GitHub would take it all for the name of a language")
                    .help(format!("write `{language} {{`"))
                    .fix(Fix::insert("put a space there", self.at, " ")),
            );
        }
        self.braces();
    }

    fn before_braces(&mut self) {
        let span = Span::new(self.at, self.text.len());
        match self.rest().find('{') {
            Some(brace) => {
                let text = Span::new(self.at, self.at + self.rest()[..brace].trim_end().len());
                self.push(
                    self.error(
                        "text-before-braces",
                        text,
                        "there is text between the language and the braces",
                    )
                    .help("the info string is `sql {…}` and nothing else"),
                );
                self.at += brace;
                self.braces();
            }
            None if let Some(entity) = entity(self.rest()) => {
                self.push(self.entity(entity.shifted(self.at)));
            }
            None => self.push(
                self.error("missing-braces", span, "the attributes of the cell are not in braces")
                    .help("write `sql {id=… phase=… role=…}`, or remove them to make it documentation"),
            ),
        }
    }

    /// From the opening brace to the end of the line.
    fn braces(&mut self) {
        let open = self.one(self.at);
        self.at += 1;
        if let Some(mark) = ["{", "%"].iter().find(|mark| self.rest().starts_with(**mark)) {
            let span = Span::new(open.start, self.at + mark.len());
            self.templated(span);
            return;
        }
        let mut items = 0;
        loop {
            let gap_start = self.at;
            let blank = |c: char| c == ' ' || c == '\t';
            self.at += self.rest().len() - self.rest().trim_start_matches(blank).len();
            let gap = Span::new(gap_start, self.at);
            match self.rest().chars().next() {
                None => {
                    self.push(
                        self.error("unclosed-braces", open, "the braces are not closed on the same line")
                            .label("opened here")
                            .help("end the line with `}`"),
                    );
                    return;
                }
                Some('}') => {
                    self.close(open, gap, items);
                    return;
                }
                Some(_) if items == 0 && !gap.is_empty() => {
                    self.push(self.stray_space(gap, "there is a space after `{`"));
                }
                Some(_) => {}
            }
            let complete = self.item();
            items += 1;
            if !complete {
                return;
            }
        }
    }

    fn close(&mut self, open: Span, gap: Span, items: usize) {
        self.at += 1;
        self.attributes.info.end = self.at;
        if items == 0 {
            self.push(
                self.error("empty-braces", Span::new(open.start, self.at), "the braces are empty")
                    .help("write `{id=… phase=… role=…}`, or remove them to make it documentation"),
            );
        } else if !gap.is_empty() {
            self.push(self.stray_space(gap, "there is a space before `}`"));
        }
        let after =
            Span::new(self.at + (self.rest().len() - self.rest().trim_start().len()), self.text.len());
        if !after.is_empty() {
            self.push(
                self.error("text-after-braces", after, "there is text after the closing brace")
                    .help("the info string ends with `}`"),
            );
        }
    }

    pub(super) fn templated(&mut self, span: Span) {
        self.push(
            self.error("templated-metadata", span, "the attributes of a cell cannot be templated")
                .note("ids, order and gates are a pure function of the file")
                .help("write the value itself"),
        );
    }

    fn stray_space(&self, gap: Span, message: &str) -> Diagnostic {
        self.error("stray-space", gap, message).help("remove it").fix(Fix::delete("remove the space", gap))
    }

    /// One item; false where the rest of the line cannot be read.
    fn item(&mut self) -> bool {
        let start = self.at;
        if self.rest().starts_with('#') {
            let span = self.word();
            let name = self.text[span.start + 1..span.end].trim_end_matches([',', ';']).to_owned();
            self.push(
                self.error("hash-id", span, "an id is not written with `#`")
                    .note("the template language reads `{#` as the start of a comment")
                    .help(format!("write `id={name}`"))
                    .fix(Fix::replace(format!("write `id={name}`"), span, format!("id={name}"))),
            );
            return true;
        }
        if self.rest().starts_with('.') {
            self.flag();
            return true;
        }
        let name = self.rest().find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
        self.at += name.unwrap_or(self.rest().len());
        let key_span = Span::new(start, self.at);
        if self.rest().starts_with('=') && !key_span.is_empty() {
            self.at += 1;
            return self.assignment(key_span);
        }
        let spaced = self.rest().trim_start_matches(' ');
        if spaced.starts_with('=') && !key_span.is_empty() {
            let gap = Span::new(self.at, self.text.len() - spaced.len());
            self.push(self.stray_space(gap, "there is a space before `=`").help("write `key=value`"));
            self.at = self.text.len() - spaced[1..].trim_start_matches(' ').len();
            return self.assignment(key_span);
        }
        self.at = start;
        let span = self.word();
        self.malformed(span);
        true
    }

    /// Everything up to a space or the closing brace.
    pub(super) fn word(&mut self) -> Span {
        let start = self.at;
        self.at += self.rest().find([' ', '\t', '}']).unwrap_or(self.rest().len());
        Span::new(start, self.at)
    }

    fn malformed(&mut self, span: Span) {
        let word = &self.text[span.start..span.end];
        let plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        let comma = word.find([',', ';']);
        let diagnostic = if word.contains("{{") || word.contains("{%") {
            return self.templated(span);
        } else if plain {
            let meant = match word {
                "destructive" => Some(".destructive".to_owned()),
                "forward" | "rollback" | "verify" => Some(format!("role={word}")),
                _ => None,
            };
            let help = match &meant {
                Some(meant) => format!("write `{meant}`"),
                None => format!("write `{word}=<value>`; the only flag is `.destructive`"),
            };
            self.error("bare-flag", span, format!("`{word}` is neither `key=value` nor a flag"))
                .help(help)
                .fix(meant.map(|meant| Fix::replace(format!("write `{meant}`"), span, meant)))
        } else if word.starts_with('\\') {
            self.escape(span)
        } else if let Some(comma) = comma {
            self.comma(span.start + comma)
        } else {
            self.error("bad-item", span, format!("`{word}` is neither `key=value` nor a flag"))
                .help("write `key=value` with no space around `=`, or `.destructive`")
        };
        self.push(diagnostic);
    }

    pub(super) fn comma(&self, at: usize) -> Diagnostic {
        self.error("comma-in-braces", self.one(at), "the items are separated with spaces alone")
            .help("remove the comma")
            .fix(Fix::replace("put a space in its place", self.one(at), " "))
    }

    pub(super) fn escape(&self, span: Span) -> Diagnostic {
        self.error("backslash-escape", span, "the info string holds a backslash escape")
            .note("Markdown would read the next character alone")
            .help("write the character itself, in quotes where it needs them")
    }

    fn flag(&mut self) {
        let span = self.word();
        let name = self.text[span.start + 1..span.end].to_owned();
        if name == "destructive" && self.keys.contains(&"role") {
            if self.attributes.destructive.is_some() {
                self.push(
                    self.error("duplicate-key", span, "flag `.destructive` is given twice")
                        .help("remove one of the two"),
                );
            }
            self.attributes.destructive.get_or_insert(span);
            return;
        }
        if name.ends_with([',', ';']) {
            self.push(self.comma(span.end - 1));
            return;
        }
        let help = match name.as_str() {
            "destructive" => "an expected table has no flags".to_owned(),
            "sql" => "write the language before the braces: `sql {…}`".to_owned(),
            _ => suggest(&name, ["destructive"]),
        };
        self.push(self.error("unknown-flag", span, format!("there is no flag `.{name}`")).help(help));
    }
}
