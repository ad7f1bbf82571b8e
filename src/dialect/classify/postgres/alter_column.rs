use std::ops::Range;

use super::super::draft::{Draft, Mode};
use super::alter_table::{Undo, written};
use super::column::understand;
use super::create_plain::sequence_options;
use super::expression;
use super::reader::Reader;
use super::tree::of;
use super::type_name::{self, type_name};
use crate::dialect::{Action, Clause, ClauseKind, ObjectKind, TokenKind};

/// A clause after `ALTER [COLUMN]`.
pub(super) fn read(draft: &mut Draft, reader: &mut Reader<'_, '_>, table: &str) -> Option<Undo> {
    let name = match reader.kind() {
        // A column of an index that has no name.
        Some(TokenKind::Number) => {
            reader.set_at(reader.at() + 1);
            String::new()
        }
        _ => reader.name()?,
    };
    let column = of(table, &name);
    draft.object(ObjectKind::Column, &column, Action::Alter);
    let at = reader.at();
    let weak = reader.is("set") && (reader.is_after(1, "statistics") || reader.is_after(1, "("))
        || reader.is("reset") && reader.is_after(1, "(");
    draft.lock(if weak { Mode::ShareUpdateExclusive } else { Mode::AccessExclusive }, table);
    let undo = |what: &str| Some(format!("ALTER COLUMN {} {what}", written(&name)));
    let mut back = None;
    let kind = if reader.eat(&["type"]) || reader.eat(&["set", "data", "type"]) {
        return set_type(draft, reader, at, &name, &column);
    } else if reader.eat(&["set", "not", "null"]) {
        back = undo("DROP NOT NULL");
        ClauseKind::SetNotNull
    } else if reader.eat(&["drop", "not", "null"]) {
        back = undo("SET NOT NULL");
        ClauseKind::DropNotNull
    } else if reader.eat(&["set", "default"]) {
        value(reader, &[]);
        draft.makes("default", &column);
        ClauseKind::SetDefault
    } else if reader.eat(&["drop", "default"]) {
        contract(
            draft,
            &column,
            table,
            format!("drops the default of column {column}, which writers may leave to it"),
        );
        ClauseKind::DropDefault
    } else if reader.eat(&["drop", "identity"]) {
        reader.eat(&["if", "exists"]);
        contract(
            draft,
            &column,
            table,
            format!("drops the identity of column {column}, which writers may leave to it"),
        );
        ClauseKind::DropIdentity
    } else if reader.eat(&["drop", "expression"]) {
        reader.eat(&["if", "exists"]);
        contract(
            draft,
            &column,
            table,
            format!("computes column {column} no more, which readers may take for granted"),
        );
        ClauseKind::DropExpression
    } else if reader.eat(&["set", "expression", "as"]) {
        let inside = reader.group()?;
        understand(reader, inside);
        ClauseKind::SetExpression
    } else if reader.eat(&["add", "generated"]) {
        let plain = (reader.eat(&["always"]) || reader.eat(&["by", "default"]))
            && reader.eat(&["as", "identity"])
            && (reader.is_done() || reader.is(","));
        if !plain {
            reader.doubt();
            reader.skip_to(&[]);
        }
        draft.makes("default", &column);
        back = undo("DROP IDENTITY");
        ClauseKind::AddIdentity
    } else {
        // Statistics, storage, compression, options and the sequence of an identity.
        if !matches!(reader.text().to_ascii_lowercase().as_str(), "set" | "reset" | "restart") {
            return None;
        }
        let known = setting(reader);
        if !known {
            reader.doubt();
            reader.skip_to(&[]);
        }
        let clause = reader.clause(ClauseKind::Other, at, &name);
        let unknown = Clause { rewrites: None, scans: None, ..clause.clone() };
        draft.clause(if known { clause } else { unknown });
        return Some(None);
    };
    let clause = reader.clause(kind, at, &name);
    draft.clause(match kind {
        // Not where a valid CHECK proves it.
        ClauseKind::SetNotNull => Clause { scans: None, ..clause },
        // A stored column is computed anew, a virtual one is not.
        ClauseKind::SetExpression => Clause { rewrites: None, scans: None, ..clause },
        _ => clause,
    });
    Some(back)
}

/// A setting of a column that costs nothing; false where it is none that is known, and then it may have been taken in
/// part.
fn setting(reader: &mut Reader<'_, '_>) -> bool {
    let start = reader.at();
    let understood = if reader.eat(&["set"]) {
        if reader.eat(&["statistics"]) {
            reader.eat(&["-"]);
            reader.eat_kind(TokenKind::Number) || reader.eat(&["default"])
        } else if reader.eat(&["storage"]) || reader.eat(&["compression"]) {
            reader.eat(&["default"]) || reader.skip_name()
        } else if reader.is("(") {
            reader.settings().is_some()
        } else if reader.eat(&["generated"]) {
            reader.eat(&["always"]) || reader.eat(&["by", "default"])
        } else {
            reader.set_at(start);
            sequence_options(reader);
            reader.at() > start
        }
    } else if reader.eat(&["reset"]) {
        reader.settings().is_some()
    } else {
        sequence_options(reader);
        reader.at() > start
    };
    while understood && reader.is("set") {
        let more = reader.at();
        if !(reader.eat(&["set", "generated"]) && (reader.eat(&["always"]) || reader.eat(&["by", "default"])))
        {
            reader.set_at(more);
            sequence_options(reader);
        }
        if reader.at() == more {
            return false;
        }
    }
    understood && (reader.is_done() || reader.is(","))
}

/// An expression up to the next comma or one of `stops`.
fn value(reader: &mut Reader<'_, '_>, stops: &[&str]) -> Range<usize> {
    let start = reader.at();
    if !expression::read(reader) || !(reader.is_done() || reader.is(",") || reader.is_any(stops)) {
        reader.doubt();
        reader.set_at(start);
        reader.skip_to(stops);
    }
    start..reader.at()
}

/// A promise of a column that is taken back.
fn contract(draft: &mut Draft, column: &str, table: &str, what: String) {
    draft.loses_part(&[("default", column), ("column", column), ("table", table)], what);
}

fn set_type(
    draft: &mut Draft,
    reader: &mut Reader<'_, '_>,
    at: usize,
    column: &str,
    qualified: &str,
) -> Option<Undo> {
    const STOPS: [&str; 2] = ["using", "collate"];
    let type_at = reader.at();
    let target = match type_name(reader) {
        Some(target) if reader.is_done() || reader.is(",") || reader.is_any(&STOPS) => target,
        _ => {
            reader.doubt();
            reader.set_at(type_at);
            reader.skip_to(&STOPS);
            if reader.at() == type_at {
                return None;
            }
            type_name::written(reader.words(), type_at..reader.at())
        }
    };
    let span = reader.since(at);
    let collates = reader.eat(&["collate"]);
    if collates {
        reader.name()?;
    }
    let using = if reader.eat(&["using"]) { Some(value(reader, &[])) } else { None };
    let computed = using.as_ref().is_some_and(|using| !is_cast_of(reader, using, column, &target));
    if computed || !is_wide(&target) {
        draft.loses(format!(
            "changes the type of column {qualified} to {target}; values may be lost or rejected"
        ));
    }
    // Where the text does not tell, the old type decides, and it is in the catalogue. `USING a` is one that
    // it may have been all along.
    let same = using.as_ref().is_some_and(|using| using.len() == 1);
    let rewrites = (computed || (is_stored_alone(&target) && !same)).then_some(true);
    let clause = reader.clause(ClauseKind::SetType, at, column);
    draft.clause(Clause { span, to: target, rewrites, scans: rewrites, builds_index: None, ..clause });
    Some(None)
}

/// `a`, `a::type` or `CAST(a AS type)`, brackets aside.
fn is_cast_of(reader: &Reader<'_, '_>, using: &Range<usize>, column: &str, target: &str) -> bool {
    let words = reader.words();
    let mut range = using.clone();
    while words.is(range.start, "(") && words.close(range.start) + 1 == range.end {
        range = range.start + 1..range.end - 1;
    }
    let mut at = range.start;
    let cast = words.starts(at, &["cast", "("]) && words.close(at + 1) + 1 == range.end;
    if cast {
        (at, range.end) = (at + 2, range.end - 1);
    }
    let Some((name, after)) = words.name(at) else { return false };
    let joined = if cast { words.is(after, "as") } else { words.is(after, "::") };
    let plain = after == range.end && !cast;
    name == column && (plain || (joined && type_name::written(words, after + 1..range.end) == target))
}

/// Types that take in every value of the types that usually become them.
fn is_wide(target: &str) -> bool {
    const WIDE: [&str; 9] = [
        "text",
        "varchar",
        "character varying",
        "bigint",
        "int8",
        "numeric",
        "decimal",
        "timestamptz",
        "timestamp with time zone",
    ];
    WIDE.contains(&target.strip_prefix("pg_catalog.").unwrap_or(target))
}

/// Types that no other one is stored as, so that a change to them writes every row anew (`pg_cast`, measured).
fn is_stored_alone(target: &str) -> bool {
    const ALONE: [&str; 22] = [
        "bigint",
        "int8",
        "integer",
        "int",
        "int4",
        "smallint",
        "int2",
        "real",
        "float4",
        "double precision",
        "float8",
        "boolean",
        "bool",
        "date",
        "uuid",
        "jsonb",
        "json",
        "bytea",
        "money",
        "macaddr",
        "char",
        "character",
    ];
    let target = target.strip_prefix("pg_catalog.").unwrap_or(target);
    ALONE.contains(&target.split('(').next().unwrap_or_default())
}
