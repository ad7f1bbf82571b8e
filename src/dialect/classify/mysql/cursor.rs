use crate::dialect::TokenKind;

/// A token that means something, and its word in lower case where it is a bare one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) kind: TokenKind,
    pub(super) text: &'a str,
    pub(super) word: String,
}

impl Piece<'_> {
    fn is_name(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::QuotedIdent)
    }

    /// A name as it is stored: without its backticks.
    pub(super) fn plain(&self) -> String {
        match self.text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) {
            Some(inside) => inside.replace("``", "`"),
            None => self.text.to_owned(),
        }
    }
}

/// Reads pieces from left to right; what it does not take stays for the caller to refuse.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'p, 'a> {
    pieces: &'p [Piece<'a>],
}

impl<'p, 'a> Cursor<'p, 'a> {
    pub(super) fn new(pieces: &'p [Piece<'a>]) -> Self {
        Self { pieces }
    }

    pub(super) fn rest(&self) -> &'p [Piece<'a>] {
        self.pieces
    }

    pub(super) fn is_done(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(super) fn peek(&self) -> Option<&'p Piece<'a>> {
        self.pieces.first()
    }

    /// The bare word that comes next, or nothing.
    pub(super) fn word(&self) -> &'p str {
        self.peek().map_or("", |piece| &piece.word)
    }

    /// The bare word after `skip` pieces.
    pub(super) fn word_after(&self, skip: usize) -> &'p str {
        self.pieces.get(skip).map_or("", |piece| &piece.word)
    }

    pub(super) fn next(&mut self) -> Option<&'p Piece<'a>> {
        let (first, rest) = self.pieces.split_first()?;
        self.pieces = rest;
        Some(first)
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.peek().is_some_and(|piece| piece.kind == TokenKind::Punct && piece.text == mark)
    }

    pub(super) fn mark(&mut self, mark: &str) -> bool {
        let is = self.is_mark(mark);
        if is {
            self.next();
        }
        is
    }

    pub(super) fn eat(&mut self, word: &str) -> bool {
        self.eat_all(&[word])
    }

    /// Takes all of `words`, or nothing.
    pub(super) fn eat_all(&mut self, words: &[&str]) -> bool {
        let all = words.iter().enumerate().all(|(skip, word)| self.word_after(skip) == *word);
        if all {
            self.pieces = &self.pieces[words.len()..];
        }
        all
    }

    /// Takes one of `words`.
    pub(super) fn eat_any(&mut self, words: &[&str]) -> Option<&'p str> {
        let word = self.word();
        words.contains(&word).then(|| {
            self.next();
            word
        })
    }

    pub(super) fn if_exists(&mut self) -> bool {
        self.eat_all(&["if", "exists"])
    }

    pub(super) fn if_not_exists(&mut self) -> bool {
        self.eat_all(&["if", "not", "exists"])
    }

    /// One name without its qualifiers.
    pub(super) fn simple_name(&mut self) -> Option<String> {
        self.peek().filter(|piece| piece.is_name())?;
        self.next().map(Piece::plain)
    }

    /// A name with its qualifiers, as written.
    pub(super) fn name(&mut self) -> Option<String> {
        let mut name = self.simple_name()?;
        while self.is_mark(".") && self.pieces.get(1).is_some_and(Piece::is_name) {
            self.next();
            name = format!("{name}.{}", self.simple_name()?);
        }
        Some(name)
    }

    /// What stands in the parentheses that open here.
    pub(super) fn group(&mut self) -> Option<&'p [Piece<'a>]> {
        if !self.is_mark("(") {
            return None;
        }
        let end = close(self.pieces)?;
        let inside = &self.pieces[1..end];
        self.pieces = &self.pieces[end + 1..];
        Some(inside)
    }

    /// Everything before the next piece outside parentheses for which `stop` holds.
    pub(super) fn until(&mut self, stop: impl Fn(&Piece<'_>) -> bool) -> &'p [Piece<'a>] {
        let mut depth = 0_usize;
        let end = self.pieces.iter().position(|piece| {
            let stops = depth == 0 && stop(piece);
            deepen(&mut depth, piece);
            stops
        });
        let (before, rest) = self.pieces.split_at(end.unwrap_or(self.pieces.len()));
        self.pieces = rest;
        before
    }

    /// `[=] value` of an option, where the value is one piece.
    pub(super) fn value(&mut self) -> Option<&'p Piece<'a>> {
        self.mark("=");
        self.next()
    }
}

pub(super) fn deepen(depth: &mut usize, piece: &Piece<'_>) {
    match (piece.kind, piece.text) {
        (TokenKind::Punct, "(") => *depth += 1,
        (TokenKind::Punct, ")") => *depth = depth.saturating_sub(1),
        _ => {}
    }
}

/// Where the parenthesis closes that `pieces` open with.
fn close(pieces: &[Piece<'_>]) -> Option<usize> {
    let mut depth = 0;
    pieces.iter().position(|piece| {
        deepen(&mut depth, piece);
        depth == 0
    })
}

/// The parts of a list between commas outside parentheses.
pub(super) fn list<'p, 'a>(pieces: &'p [Piece<'a>]) -> Vec<&'p [Piece<'a>]> {
    let mut depth = 0;
    pieces
        .split(|piece| {
            deepen(&mut depth, piece);
            depth == 0 && piece.kind == TokenKind::Punct && piece.text == ","
        })
        .collect()
}
