use super::cursor::{Cursor, Piece};
use crate::dialect::TokenKind;

/// A table that a `FROM`, `JOIN` or the like names.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) name: String,
    alias: Option<String>,
    /// Whether it stands in a query inside the statement.
    pub(super) inner: bool,
}

impl Reference {
    /// Whether `name`, of a column's qualifier or of a target, means this table.
    pub(super) fn is(&self, name: &str) -> bool {
        match &self.alias {
            Some(alias) => alias.eq_ignore_ascii_case(name),
            None => self.name == name || self.name.rsplit('.').next() == Some(name),
        }
    }
}

/// Where tables stand in a list, bracket by bracket.
#[derive(Clone, Copy, Default)]
struct Frame {
    /// A comma is followed by another table.
    lists: bool,
    /// Arguments of a function that has a `FROM` of its own (`EXTRACT(year FROM a)`).
    arguments: bool,
    inner: bool,
}

/// The tables that `pieces` name, without what a `WITH` in them defines. Where `first`, a table
/// stands at their beginning.
pub(super) fn tables(pieces: &[Piece<'_>], first: bool) -> Vec<Reference> {
    let own = defined(pieces);
    let mut found = Vec::new();
    let mut frames = vec![Frame { lists: first, ..Frame::default() }];
    let (mut expects, mut before) = (first, "");
    let mut cursor = Cursor::new(pieces);
    while let Some(piece) = cursor.peek() {
        let frame = frames.last().copied().unwrap_or_default();
        if expects && is_table(piece, &cursor) {
            if let Some(name) = cursor.name()
                && !name.eq_ignore_ascii_case("dual")
                && !own.iter().any(|own| own.eq_ignore_ascii_case(&name))
            {
                let alias = alias(&mut cursor);
                found.push(Reference { name, alias, inner: frame.inner });
            }
            (expects, before) = (false, "");
            continue;
        }
        cursor.next();
        let top = frames.last_mut();
        match (piece.kind, piece.text, piece.word.as_str()) {
            (TokenKind::Punct, "(", _) => {
                let query = matches!(cursor.word(), "select" | "with" | "values" | "table");
                expects = expects && !query;
                let arguments = matches!(before, "extract" | "trim" | "substring" | "substr" | "mid");
                frames.push(Frame { lists: expects, arguments, inner: frame.inner || query });
            }
            (TokenKind::Punct, ")", _) => {
                if frames.len() > 1 {
                    frames.pop();
                }
                expects = false;
            }
            (TokenKind::Punct, ",", _) => expects = frame.lists,
            // `{OJ a LEFT JOIN b ON …}`
            (TokenKind::Punct, "{", _) | (_, _, "lateral" | "oj") => {}
            (_, _, "from" | "join" | "straight_join") if !frame.arguments && before != "for" => {
                // `INSERT`'s own list of values is no list of tables; what follows a FROM is.
                expects = true;
                if let Some(top) = top {
                    top.lists = true;
                }
            }
            (_, _, "table") if is_query_start(before) => expects = true,
            (
                _,
                _,
                "where" | "group" | "having" | "order" | "limit" | "window" | "union" | "except"
                | "intersect" | "set" | "values" | "returning" | "into" | "select",
            ) => {
                expects = false;
                if let Some(top) = top {
                    top.lists = false;
                }
            }
            _ => expects = false,
        }
        before = if piece.word.is_empty() { piece.text } else { &piece.word };
    }
    found
}

/// `json_table(…)` is no table, nor is a keyword that may stand before one.
fn is_table(piece: &Piece<'_>, cursor: &Cursor<'_, '_>) -> bool {
    let called = cursor.rest().get(1).is_some_and(|next| next.text == "(");
    match piece.kind {
        TokenKind::QuotedIdent => true,
        TokenKind::Word => {
            !called && !matches!(piece.word.as_str(), "lateral" | "oj" | "select" | "table" | "values")
        }
        _ => false,
    }
}

fn is_query_start(before: &str) -> bool {
    matches!(before, "" | "(" | "union" | "all" | "distinct" | "except" | "intersect" | "as" | "explain")
}

fn alias(cursor: &mut Cursor<'_, '_>) -> Option<String> {
    if cursor.eat("partition") {
        cursor.group();
    }
    if cursor.eat("as") {
        return cursor.simple_name();
    }
    const NONE: [&str; 33] = [
        "set",
        "join",
        "inner",
        "left",
        "right",
        "cross",
        "natural",
        "straight_join",
        "on",
        "using",
        "use",
        "force",
        "ignore",
        "where",
        "order",
        "limit",
        "partition",
        "for",
        "group",
        "having",
        "union",
        "except",
        "intersect",
        "window",
        "lock",
        "into",
        "values",
        "value",
        "select",
        "returning",
        "procedure",
        "tablesample",
        "with",
    ];
    let word = cursor.word();
    if NONE.contains(&word) { None } else { cursor.simple_name() }
}

/// The names that every `WITH` in `pieces` defines.
pub(super) fn defined(pieces: &[Piece<'_>]) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in pieces.iter().enumerate().filter(|(_, piece)| piece.word == "with") {
        let mut cursor = Cursor::new(&pieces[at + 1..]);
        cursor.eat("recursive");
        while let Some(name) = cursor.simple_name() {
            cursor.group();
            if !cursor.eat("as") || cursor.group().is_none() {
                break;
            }
            names.push(name);
            if cursor.eat("cycle") {
                cursor.until(|piece| piece.word == "restrict");
                cursor.eat("restrict");
            }
            if !cursor.mark(",") {
                break;
            }
        }
    }
    names
}
