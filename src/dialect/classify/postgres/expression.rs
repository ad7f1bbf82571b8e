//! Expressions that can be read without a parser, and what of any expression decides its cost.

use std::ops::Range;

use super::reader::Reader;
use crate::dialect::{TokenKind, Words};

/// Takes the longest expression that is understood: literals, names, calls, casts and operators. False
/// where the next words are none, or hold a query or anything else that only the parser can judge.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> bool {
    let start = reader.at();
    let understood = chain(reader, 0);
    if !understood {
        reader.set_at(start);
    }
    understood
}

/// Brackets in brackets that are still read here.
const DEEP: usize = 20;

fn chain(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    loop {
        while is_sign(reader) || reader.is("not") {
            reader.set_at(reader.at() + 1);
        }
        if !operand(reader, depth) {
            return false;
        }
        while postfix(reader, depth) {}
        if !operator(reader) {
            return true;
        }
    }
}

fn is_sign(reader: &Reader<'_, '_>) -> bool {
    reader.kind() == Some(TokenKind::Punct) && matches!(reader.text(), "-" | "+" | "~" | "@")
}

fn operand(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    const LITERALS: [&str; 6] = ["interval", "date", "timestamp", "timestamptz", "time", "timetz"];
    match reader.kind() {
        Some(TokenKind::Number | TokenKind::Str | TokenKind::Param) => {
            reader.set_at(reader.at() + 1);
            true
        }
        Some(TokenKind::Word) if reader.is_any(&LITERALS) && reader.kind_after(1) == Some(TokenKind::Str) => {
            reader.set_at(reader.at() + 2);
            true
        }
        Some(TokenKind::Word) if reader.is("array") => {
            reader.set_at(reader.at() + 1);
            depth < DEEP && bracketed(reader, depth, "[", "]")
        }
        Some(TokenKind::Word) if !reader.is_any(VALUES) && reader.is_any(RESERVED) => false,
        Some(TokenKind::Word | TokenKind::QuotedIdent) => {
            reader.name().is_some() && (!reader.is("(") || call(reader, depth))
        }
        Some(TokenKind::Punct) if reader.is("(") => depth < DEEP && bracketed(reader, depth, "(", ")"),
        _ => false,
    }
}

fn call(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if reader.eat(&["(", "*", ")"]) {
        return true;
    }
    depth < DEEP && bracketed(reader, depth, "(", ")")
}

/// Expressions between commas, or none.
fn bracketed(reader: &mut Reader<'_, '_>, depth: usize, open: &str, close: &str) -> bool {
    if !reader.eat(&[open]) {
        return false;
    }
    if reader.eat(&[close]) {
        return true;
    }
    loop {
        if !chain(reader, depth + 1) {
            return false;
        }
        if reader.eat(&[close]) {
            return true;
        }
        if !reader.eat(&[","]) {
            return false;
        }
    }
}

fn postfix(reader: &mut Reader<'_, '_>, depth: usize) -> bool {
    if reader.eat(&["::"]) {
        return type_name(reader).is_some() || undo_one(reader);
    }
    if reader.is("[") {
        return depth < DEEP && bracketed(reader, depth, "[", "]");
    }
    if reader.eat(&["collate"]) {
        return reader.name().is_some() || undo_one(reader);
    }
    let tests: [&[&str]; 8] = [
        &["is", "null"],
        &["is", "not", "null"],
        &["is", "true"],
        &["is", "not", "true"],
        &["is", "false"],
        &["is", "not", "false"],
        &["isnull"],
        &["notnull"],
    ];
    tests.iter().any(|test| reader.eat(test))
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
            reader.set_at(reader.at() + usize::from(joins));
            joins
        }
        Some(TokenKind::Word) => {
            let words: [&[&str]; 13] = [
                &["and"],
                &["or"],
                &["like"],
                &["ilike"],
                &["in"],
                &["between"],
                &["not", "like"],
                &["not", "ilike"],
                &["not", "in"],
                &["not", "between"],
                &["is", "distinct", "from"],
                &["is", "not", "distinct", "from"],
                &["at", "time", "zone"],
            ];
            words.iter().any(|words| reader.eat(words))
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

/// Words that are no column's or function's name unless they are quoted (manual, appendix C), and functions
/// whose arguments have a grammar of their own.
const RESERVED: &[&str] = &[
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "between",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "overlay",
    "placing",
    "position",
    "primary",
    "references",
    "returning",
    "right",
    "row",
    "select",
    "session_user",
    "similar",
    "some",
    "substring",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "treat",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
    "xmlelement",
];

/// A type as its text in lower case with single spaces; None where it is none that is understood, and then
/// nothing is taken.
pub(super) fn type_name(reader: &mut Reader<'_, '_>) -> Option<String> {
    let start = reader.at();
    let name = read_type(reader);
    if name.is_none() {
        reader.set_at(start);
    }
    name
}

fn read_type(reader: &mut Reader<'_, '_>) -> Option<String> {
    let start = reader.at();
    if reader.kind() == Some(TokenKind::Word) && reader.is_any(RESERVED) {
        return None;
    }
    let long: [&[&str]; 4] =
        [&["double", "precision"], &["character", "varying"], &["char", "varying"], &["bit", "varying"]];
    if !long.iter().any(|words| reader.eat(words)) {
        reader.name()?;
    }
    if let Some(inside) = reader.group() {
        let mut inside = reader.within(inside);
        loop {
            inside.eat(&["-"]);
            let modifier = inside.kind();
            if !matches!(modifier, Some(TokenKind::Number | TokenKind::Word | TokenKind::Str)) {
                return None;
            }
            inside.set_at(inside.at() + 1);
            if !inside.eat(&[","]) {
                break;
            }
        }
        if !inside.is_done() {
            return None;
        }
    }
    let _ = reader.eat(&["with", "time", "zone"]) || reader.eat(&["without", "time", "zone"]);
    while reader.is("[") {
        let sized = usize::from(reader.kind_after(1) == Some(TokenKind::Number));
        if !reader.is_after(1 + sized, "]") {
            return None;
        }
        reader.set_at(reader.at() + 2 + sized);
    }
    Some(written(reader.words(), start..reader.at()))
}

/// Words as they are written, in lower case with single spaces between words.
pub(super) fn written(words: &Words<'_>, range: Range<usize>) -> String {
    let mut text = String::with_capacity(words.span(range.clone()).len());
    let mut word_before = false;
    for at in range {
        let word = words.kind(at) == Some(TokenKind::Word);
        if word && word_before {
            text.push(' ');
        }
        if words.text(at) == "," {
            text.push(',');
        } else {
            text.push_str(words.text(at));
        }
        word_before = word || words.text(at) == ")";
    }
    text.make_ascii_lowercase();
    text
}

/// The functions that the words call, without the types that look the same (`::numeric(1, 2)`).
pub(super) fn calls<'w>(words: &'w Words<'_>, range: Range<usize>) -> impl Iterator<Item = String> + 'w {
    const NO_CALLS: [&str; 22] = [
        "in", "and", "or", "not", "any", "all", "some", "exists", "case", "when", "then", "else", "between",
        "like", "ilike", "array", "interval", "cast", "row", "values", "as", "is",
    ];
    let first = range.start;
    range.filter_map(move |at| {
        let named = matches!(words.kind(at), Some(TokenKind::Word | TokenKind::QuotedIdent));
        if !named || !words.is(at + 1, "(") || NO_CALLS.iter().any(|word| words.is(at, word)) {
            return None;
        }
        let mut start = at;
        while start >= first + 2 && words.is(start - 1, ".") {
            start -= 2;
        }
        let is_type = start > first
            && (words.is(start - 1, "::") || words.is(start - 1, "as") || words.is(start - 1, "precision"));
        if is_type || (words.is(at, "varying") && start > first) {
            return None;
        }
        words.name(start).map(|(name, _)| name)
    })
}

/// Whether an expression has one value for the whole statement; None where a function is not known.
pub(super) fn is_stable(words: &Words<'_>, range: Range<usize>) -> Option<bool> {
    const STABLE: [&str; 44] = [
        "now",
        "transaction_timestamp",
        "statement_timestamp",
        "current_setting",
        "md5",
        "lower",
        "upper",
        "length",
        "coalesce",
        "nullif",
        "greatest",
        "least",
        "concat",
        "format",
        "to_char",
        "to_date",
        "to_timestamp",
        "to_jsonb",
        "to_json",
        "jsonb_build_object",
        "json_build_object",
        "jsonb_build_array",
        "json_build_array",
        "make_interval",
        "make_date",
        "make_timestamptz",
        "date_trunc",
        "date_part",
        "abs",
        "round",
        "txid_current",
        "extract",
        "timezone",
        "concat_ws",
        "replace",
        "btrim",
        "left",
        "right",
        "substr",
        "current_schema",
        "floor",
        "ceil",
        "array_length",
        "age",
    ];
    const VOLATILE: [&str; 16] = [
        "random",
        "clock_timestamp",
        "timeofday",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "nextval",
        "setval",
        "uuid_generate_v1",
        "uuid_generate_v1mc",
        "uuid_generate_v4",
        "gen_random_bytes",
        "gen_salt",
        "random_normal",
        "pg_current_wal_lsn",
        "currval",
    ];
    let mut known = Some(true);
    for name in calls(words, range) {
        let name = name.rsplit('.').next().unwrap_or_default();
        if VOLATILE.contains(&name) {
            return Some(false);
        }
        if !STABLE.contains(&name) {
            known = None;
        }
    }
    known
}
