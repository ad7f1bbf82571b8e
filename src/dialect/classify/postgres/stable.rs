//! What an expression calls, and whether its value is one for all rows.

use std::ops::Range;

use crate::dialect::{TokenKind, Words};

/// The functions that the words call, without the types that look the same (`::numeric(1, 2)`).
pub(super) fn calls<'w>(words: &'w Words<'_>, range: Range<usize>) -> impl Iterator<Item = String> + 'w {
    const NO_CALLS: [&str; 30] = [
        "in", "and", "or", "not", "any", "all", "some", "exists", "case", "when", "then", "else", "between",
        "like", "ilike", "array", "interval", "cast", "row", "values", "as", "is", "select", "from", "where",
        "filter", "over", "group", "on", "distinct",
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
