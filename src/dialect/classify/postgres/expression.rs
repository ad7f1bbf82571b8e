//! Expressions that can be read without a parser.

use super::query;
use super::reader::Reader;
use super::type_name::type_name;
use crate::dialect::TokenKind;

/// Takes the longest expression that is understood, and notes what it calls and which relations its queries
/// read. False where the next words are none, or hold anything that only the parser can judge.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> bool {
    at_depth(reader, 0)
}

/// Brackets in brackets that are still read here.
pub(super) const DEEP: usize = 24;

pub(super) fn at_depth(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    let start = reader.at();
    let understood = depth < DEEP && chain(reader, depth);
    if !understood {
        reader.set_at(start);
    }
    understood
}

/// Expressions between commas.
pub(super) fn list(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    loop {
        if !at_depth(reader, depth) {
            return false;
        }
        if !reader.eat(&[","]) {
            return true;
        }
    }
}

fn chain(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    loop {
        while is_sign(reader) || reader.is("not") {
            reader.step(1);
        }
        if !operand(reader, depth) {
            return false;
        }
        while postfix(reader, depth) {}
        if !operator(reader) {
            return true;
        }
        if reader.is_any(&["any", "all", "some"]) && reader.is_after(1, "(") {
            reader.step(1);
        }
    }
}

fn is_sign(reader: &Reader<'_, '_>) -> bool {
    reader.kind() == Some(TokenKind::Punct) && matches!(reader.text(), "-" | "+" | "~" | "@")
}

fn operand(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    match reader.kind() {
        Some(TokenKind::Number | TokenKind::Str | TokenKind::Param) => {
            reader.step(1);
            true
        }
        Some(TokenKind::Word) => word(reader, depth),
        Some(TokenKind::QuotedIdent) => name(reader, depth),
        Some(TokenKind::Punct) if reader.is("(") => parentheses(reader, depth),
        _ => false,
    }
}

fn word(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    const LITERALS: [&str; 6] = ["interval", "date", "timestamp", "timestamptz", "time", "timetz"];
    if reader.kind_after(1) == Some(TokenKind::Str) {
        let literal = reader.is_any(&LITERALS);
        reader.step(if literal { 2 } else { 0 });
        return literal;
    }
    let function = reader.is_after(1, "(") && reader.is_any(&["left", "right"]);
    if function || !is_reserved(reader.text()) {
        return name(reader, depth);
    }
    if reader.eat(&["case"]) {
        return case(reader, depth);
    }
    if reader.eat(&["exists"]) {
        return query::in_parentheses(reader, depth);
    }
    if reader.eat(&["array"]) {
        let of_query = reader.is("(") && query::begins(reader, 1);
        return if of_query {
            query::in_parentheses(reader, depth)
        } else {
            bracketed(reader, depth, "[", "]")
        };
    }
    if reader.eat(&["cast", "("]) {
        let cast = at_depth(reader, depth + 1) && reader.eat(&["as"]) && type_name(reader).is_some();
        return cast && reader.eat(&[")"]);
    }
    if reader.eat(&["row"]) {
        return bracketed(reader, depth, "(", ")");
    }
    if reader.eat(&["extract", "("]) {
        let field = reader.eat_kind(TokenKind::Word) || reader.eat_kind(TokenKind::Str);
        return field && reader.eat(&["from"]) && at_depth(reader, depth + 1) && reader.eat(&[")"]);
    }
    if reader.is_after(1, "(") && reader.is_any(&["substring", "trim", "position", "overlay"]) {
        return worded(reader, depth);
    }
    if reader.is_any(VALUES) {
        reader.step(1);
        return true;
    }
    false
}

/// A function whose arguments words may part: `substring(a from 1 for 2)`, `trim(both ' ' from a)`.
fn worded(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    reader.named.calls.push(reader.at());
    reader.step(2);
    let _ = reader.eat_any(&["both", "leading", "trailing"]);
    if !reader.is("from") && !at_depth(reader, depth + 1) {
        return false;
    }
    while reader.eat(&[","]) || reader.eat_any(&["from", "for", "placing"]).is_some() {
        if !at_depth(reader, depth + 1) {
            return false;
        }
    }
    reader.eat(&[")"])
}

/// `CASE` has been taken.
fn case(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if !reader.is("when") && !at_depth(reader, depth + 1) {
        return false;
    }
    if !reader.is("when") {
        return false;
    }
    while reader.eat(&["when"]) {
        if !(at_depth(reader, depth + 1) && reader.eat(&["then"]) && at_depth(reader, depth + 1)) {
            return false;
        }
    }
    (!reader.eat(&["else"]) || at_depth(reader, depth + 1)) && reader.eat(&["end"])
}

/// A column, a whole row (`t.*`) or a call.
fn name(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    let start = reader.at();
    reader.step(1);
    while reader.eat(&["."]) {
        if reader.eat(&["*"]) {
            return true;
        }
        if !(reader.eat_kind(TokenKind::Word) || reader.eat_kind(TokenKind::QuotedIdent)) {
            return false;
        }
    }
    !reader.is("(") || call(reader, start, depth)
}

/// The arguments of the function whose name is at `start`, and what may follow them.
pub(super) fn call(reader: &mut Reader<'_, '_>, start: usize, depth: usize) -> bool {
    reader.named.calls.push(start);
    if !reader.eat(&["(", "*", ")"]) {
        if reader.is_after(1, "distinct") {
            reader.step(2);
        } else {
            reader.step(1);
        }
        if !reader.eat(&[")"]) {
            let arguments = list(reader, depth + 1);
            if !arguments || !ordered(reader, depth) || !reader.eat(&[")"]) {
                return false;
            }
        }
    }
    if reader.eat(&["within", "group", "("]) && !(ordered(reader, depth) && reader.eat(&[")"])) {
        return false;
    }
    if reader.eat(&["filter", "(", "where"]) && !(at_depth(reader, depth + 1) && reader.eat(&[")"])) {
        return false;
    }
    if reader.is("over") && (reader.is_after(1, "(") || reader.kind_after(1) == Some(TokenKind::Word)) {
        reader.step(1);
        return if reader.is("(") { window(reader, depth) } else { reader.skip_name() };
    }
    true
}

/// `ORDER BY`, if it is there.
pub(super) fn ordered(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if !reader.eat(&["order", "by"]) {
        return true;
    }
    loop {
        if !at_depth(reader, depth + 1) {
            return false;
        }
        let _ = reader.eat_any(&["asc", "desc"]);
        let _ = reader.eat(&["nulls", "first"]) || reader.eat(&["nulls", "last"]);
        if !reader.eat(&[","]) {
            return true;
        }
    }
}

/// `(PARTITION BY … ORDER BY … frame)`.
pub(super) fn window(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    const FRAME: [&str; 15] = [
        "rows",
        "range",
        "groups",
        "between",
        "and",
        "unbounded",
        "preceding",
        "following",
        "current",
        "row",
        "exclude",
        "no",
        "others",
        "ties",
        "group",
    ];
    if !reader.eat(&["("]) || (reader.eat(&["partition", "by"]) && !list(reader, depth + 1)) {
        return false;
    }
    if !ordered(reader, depth) {
        return false;
    }
    if reader.is_any(&FRAME[..3]) {
        while reader.is_any(&FRAME) || reader.kind() == Some(TokenKind::Number) {
            reader.step(1);
        }
    }
    reader.eat(&[")"])
}

fn parentheses(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if query::begins(reader, 1) {
        return query::in_parentheses(reader, depth);
    }
    bracketed(reader, depth, "(", ")")
}

/// Expressions between commas, or none.
fn bracketed(reader: &mut Reader<'_, '_>, depth: usize, open: &str, close: &str) -> bool {
    reader.eat(&[open]) && (reader.eat(&[close]) || (list(reader, depth + 1) && reader.eat(&[close])))
}

fn postfix(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if reader.kind() == Some(TokenKind::Punct) {
        return match reader.text() {
            "::" => {
                reader.step(1);
                type_name(reader).is_some() || undo_one(reader)
            }
            "[" => subscript(reader, depth),
            "." => {
                reader.step(1);
                reader.eat(&["*"])
                    || reader.eat_kind(TokenKind::Word)
                    || reader.eat_kind(TokenKind::QuotedIdent)
                    || undo_one(reader)
            }
            _ => false,
        };
    }
    if reader.eat(&["collate"]) {
        return reader.skip_name() || undo_one(reader);
    }
    if reader.is("is") {
        let not = usize::from(reader.is_after(1, "not"));
        let known = ["null", "true", "false", "unknown"].iter().any(|word| reader.is_after(1 + not, word));
        reader.step(if known { 2 + not } else { 0 });
        return known;
    }
    reader.eat(&["isnull"]) || reader.eat(&["notnull"])
}

/// `[1]` and `[1:2]`.
fn subscript(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    let start = reader.at();
    reader.step(1);
    let one = at_depth(reader, depth + 1) && (!reader.eat(&[":"]) || at_depth(reader, depth + 1));
    let whole = one && reader.eat(&["]"]);
    if !whole {
        reader.set_at(start);
    }
    whole
}

/// What was taken makes no sense without what should follow.
fn undo_one(reader: &mut Reader<'_, '_>) -> bool {
    reader.set_at(reader.at() - 1);
    false
}

fn operator(reader: &mut Reader<'_, '_>) -> bool {
    match reader.kind() {
        Some(TokenKind::Punct) => {
            let joins =
                !matches!(reader.text(), "(" | ")" | "[" | "]" | "," | ";" | "." | ":" | "::" | ":=" | "..");
            reader.step(usize::from(joins));
            joins
        }
        Some(TokenKind::Word) => {
            const WORDS: [&[&str]; 14] = [
                &["and"],
                &["or"],
                &["in"],
                &["like"],
                &["ilike"],
                &["between"],
                &["not", "in"],
                &["not", "like"],
                &["not", "ilike"],
                &["not", "between"],
                &["is", "distinct", "from"],
                &["is", "not", "distinct", "from"],
                &["at", "time", "zone"],
                &["escape"],
            ];
            WORDS.iter().any(|words| reader.eat(words))
        }
        _ => false,
    }
}

/// Reserved words that stand for a value by themselves.
const VALUES: &[&str] = &[
    "true",
    "false",
    "null",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "current_user",
    "session_user",
    "user",
    "current_role",
];

/// Whether a word is no column's or function's name unless it is quoted (manual, appendix C), or names a function
/// whose arguments have a grammar of their own.
pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.get(word.len()).is_some_and(|words| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// By their length.
const RESERVED: [&[&str]; 18] = [
    &[],
    &[],
    &["as", "do", "in", "is", "on", "or", "to"],
    &["all", "and", "any", "asc", "end", "for", "not", "row"],
    &[
        "both", "case", "cast", "desc", "else", "from", "full", "into", "join", "left", "like", "null",
        "only", "some", "then", "trim", "true", "user", "when", "with",
    ],
    &[
        "array", "check", "cross", "false", "fetch", "grant", "group", "ilike", "inner", "limit", "order",
        "outer", "right", "table", "treat", "union", "using", "where",
    ],
    &[
        "column", "create", "except", "exists", "freeze", "having", "isnull", "offset", "select", "unique",
        "values", "window",
    ],
    &[
        "analyse", "analyze", "between", "collate", "default", "extract", "foreign", "lateral", "leading",
        "natural", "notnull", "overlay", "placing", "primary", "similar", "verbose",
    ],
    &["distinct", "overlaps", "position", "trailing", "variadic"],
    &["initially", "intersect", "localtime", "returning", "substring", "symmetric"],
    &["asymmetric", "constraint", "deferrable", "references", "xmlelement"],
    &["system_user", "tablesample"],
    &["concurrently", "current_date", "current_role", "current_time", "current_user", "session_user"],
    &[],
    &["current_schema", "localtimestamp"],
    &["current_catalog"],
    &[],
    &["current_timestamp"],
];
