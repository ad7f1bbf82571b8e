//! Reading a statement's words from left to right.

use std::ops::Range;

use super::rows::Write;
use crate::dialect::{Clause, ClauseKind, TokenKind, Words};
use crate::source::Span;

/// A place in a statement, up to an end.
///
/// What is stepped over without being understood makes the reading unsure, and then the parser has to
/// accept the whole statement (`statement::read`).
pub(super) struct Reader<'w, 'a> {
    words: &'w Words<'a>,
    at: usize,
    end: usize,
    sure: bool,
    pub(super) named: Named,
}

/// What the queries and expressions that were read name, as the places of the names.
#[derive(Default)]
pub(super) struct Named {
    pub(super) calls: Vec<usize>,
    /// Relations that are read.
    pub(super) relations: Vec<usize>,
    /// The relations among `relations` whose rows are locked.
    pub(super) locked: Vec<usize>,
    /// In the order of where they begin.
    pub(super) writes: Vec<Write>,
    /// Queries that a `WITH` names.
    pub(super) queries: Vec<usize>,
}

impl<'w, 'a> Reader<'w, 'a> {
    pub(super) fn new(words: &'w Words<'a>) -> Self {
        Self { words, at: 0, end: words.len(), sure: true, named: Named::default() }
    }

    /// The same statement between these words.
    pub(super) fn within(&self, range: Range<usize>) -> Self {
        Self { words: self.words, at: range.start, end: range.end, sure: true, named: Named::default() }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn end(&self) -> usize {
        self.end
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn is_sure(&self) -> bool {
        self.sure
    }

    pub(super) fn doubt(&mut self) {
        self.sure = false;
    }

    /// What was read in a part of the statement counts for all of it.
    pub(super) fn doubt_unless(&mut self, understood: bool) {
        self.sure &= understood;
    }

    pub(super) fn kind(&self) -> Option<TokenKind> {
        self.kind_after(0)
    }

    pub(super) fn kind_after(&self, skip: usize) -> Option<TokenKind> {
        let at = self.at + skip;
        if at < self.end { self.words.kind(at) } else { None }
    }

    pub(super) fn text(&self) -> &'a str {
        if self.is_done() { "" } else { self.words.text(self.at) }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        self.is_after(0, text)
    }

    pub(super) fn is_after(&self, skip: usize, text: &str) -> bool {
        self.at + skip < self.end && self.words.is(self.at + skip, text)
    }

    /// Whether the next word is one of `texts`.
    pub(super) fn is_any(&self, texts: &[&str]) -> bool {
        self.kind() == Some(TokenKind::Word)
            && texts.iter().any(|text| self.text().eq_ignore_ascii_case(text))
    }

    /// Takes all of `texts`, or nothing.
    pub(super) fn eat(&mut self, texts: &[&str]) -> bool {
        let all = texts.iter().enumerate().all(|(skip, text)| self.is_after(skip, text));
        if all {
            self.at += texts.len();
        }
        all
    }

    /// Takes one of `texts`.
    pub(super) fn eat_any(&mut self, texts: &[&'static str]) -> Option<&'static str> {
        let text = texts.iter().copied().find(|text| self.is(text))?;
        self.at += 1;
        Some(text)
    }

    pub(super) fn eat_kind(&mut self, kind: TokenKind) -> bool {
        let is = self.kind() == Some(kind);
        self.at += usize::from(is);
        is
    }

    /// Goes on by so many words.
    pub(super) fn step(&mut self, words: usize) {
        self.at += words;
    }

    /// Takes a name with its qualifiers.
    pub(super) fn skip_name(&mut self) -> bool {
        let is_part = |at: usize| {
            at < self.end && matches!(self.words.kind(at), Some(TokenKind::Word | TokenKind::QuotedIdent))
        };
        if !is_part(self.at) {
            return false;
        }
        let mut end = self.at + 1;
        while end < self.end && self.words.is(end, ".") {
            if !is_part(end + 1) {
                return false;
            }
            end += 2;
        }
        self.at = end;
        true
    }

    /// Takes names between commas.
    pub(super) fn skip_names(&mut self) -> Option<()> {
        loop {
            if !self.skip_name() {
                return None;
            }
            if !self.eat(&[","]) {
                return Some(());
            }
        }
    }

    /// A name with its qualifiers, as facts write names.
    pub(super) fn name(&mut self) -> Option<String> {
        let (name, end) = self.words.name(self.at).filter(|(_, end)| *end <= self.end)?;
        self.at = end;
        Some(name)
    }

    /// The words in the parentheses that open here.
    pub(super) fn group(&mut self) -> Option<Range<usize>> {
        if !self.is("(") {
            return None;
        }
        let close = self.words.close(self.at);
        if close >= self.end || !self.words.is(close, ")") {
            return None;
        }
        let inside = self.at + 1..close;
        self.at = close + 1;
        Some(inside)
    }

    /// Takes a list of names in parentheses, or doubts what stands in them.
    pub(super) fn names(&mut self) -> Option<()> {
        let inside = self.group()?;
        let mut names = self.within(inside);
        while names.skip_name() && names.eat(&[","]) {}
        self.doubt_unless(names.is_done());
        Some(())
    }

    /// Takes `(name [=] value, …)`, as tables, indexes and many commands have it.
    pub(super) fn settings(&mut self) -> Option<Range<usize>> {
        let start = self.at + 1;
        if !self.eat(&["("]) {
            return None;
        }
        loop {
            if !self.skip_name() {
                return None;
            }
            self.eat(&["="]);
            self.eat(&["-"]);
            let _ = self.is(",")
                || self.eat_kind(TokenKind::Number)
                || self.eat_kind(TokenKind::Str)
                || self.skip_name();
            if !self.eat(&[","]) {
                return self.eat(&[")"]).then(|| start..self.at - 1);
            }
        }
    }

    /// Goes on to the next comma or one of `stops`, outside brackets, or to the end.
    pub(super) fn skip_to(&mut self, stops: &[&str]) {
        let mut depth = 0_usize;
        while self.at < self.end {
            let word = self.kind() == Some(TokenKind::Word);
            if depth == 0 && (self.is(",") || (word && self.is_any(stops))) {
                return;
            }
            if !word && (self.is("(") || self.is("[")) {
                depth += 1;
            } else if !word && (self.is(")") || self.is("]")) {
                depth = depth.saturating_sub(1);
            }
            self.at += 1;
        }
    }

    pub(super) fn words(&self) -> &'w Words<'a> {
        self.words
    }

    pub(super) fn set_at(&mut self, at: usize) {
        self.at = at;
    }

    /// The words from `start` up to here.
    pub(super) fn since(&self, start: usize) -> Span {
        self.words.span(start..self.at.max(start + 1))
    }

    /// A clause that begins at `start`, ends here and costs nothing.
    pub(super) fn clause(&self, kind: ClauseKind, start: usize, name: &str) -> Clause {
        Clause {
            kind,
            span: self.since(start),
            name: name.to_owned(),
            to: String::new(),
            rewrites: Some(false),
            scans: Some(false),
            builds_index: Some(false),
        }
    }
}
