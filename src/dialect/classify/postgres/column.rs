//! Columns as they are defined: type, default and constraints, in `ADD COLUMN` and in `CREATE TABLE`.

use super::super::draft::{Draft, Mode};
use super::reader::Reader;
use super::{expression, stable, type_name};
use crate::dialect::{Action, Clause, ClauseKind, ObjectKind};

/// Words that begin what may follow a column's type.
const NEXT: [&str; 16] = [
    "constraint",
    "not",
    "null",
    "default",
    "check",
    "unique",
    "primary",
    "references",
    "generated",
    "collate",
    "compression",
    "storage",
    "options",
    "deferrable",
    "initially",
    "no",
];

/// The definition of column `name` from its type up to the next comma. None where it is none.
///
/// A default that is one value for all rows is kept in the catalogue; any other one is computed for each
/// row of a table that has `rows`, so that the table is written anew.
pub(super) fn define(
    draft: &mut Draft,
    reader: &mut Reader<'_, '_>,
    name: &str,
    start: usize,
    rows: bool,
) -> Option<()> {
    let type_at = reader.at();
    let to = match type_name::type_name(reader) {
        Some(name) if reader.is_done() || reader.is(",") || reader.is_any(&NEXT) => name,
        _ => {
            reader.doubt();
            reader.set_at(type_at);
            reader.skip_to(&NEXT);
            if reader.at() == type_at {
                return None;
            }
            type_name::written(reader.words(), type_at..reader.at())
        }
    };
    let serial = is_serial(&to);
    let mut clauses = vec![Clause {
        span: if serial { reader.since(type_at) } else { reader.since(start) },
        to: to.clone(),
        // A domain with a constraint rewrites the table, and any other name may be one.
        ..costs(
            reader.clause(ClauseKind::Column, start, name),
            if serial {
                Some(true)
            } else if is_builtin(&to) {
                Some(false)
            } else {
                None
            },
        )
    }];
    let mut defaults = false;
    while !reader.is_done() && !reader.is(",") {
        let begin = reader.at();
        if reader.eat(&["constraint"]) {
            reader.name()?;
        }
        let at = reader.at();
        if reader.eat(&["not", "null"]) {
            clauses.push(reader.clause(ClauseKind::NotNull, at, name));
            reader.eat(&["no", "inherit"]);
        } else if reader.eat(&["null"]) || reader.eat(&["no", "inherit"]) || reader.eat(&["not", "valid"]) {
        } else if reader.eat(&["default"]) {
            defaults = !(reader.is("null") && ends(reader, 1));
            clauses.push(default(reader, at, name));
        } else if reader.eat(&["collate"]) {
            reader.name()?;
        } else if reader.eat(&["compression"]) || reader.eat(&["storage"]) {
            let _ = reader.eat(&["default"]) || reader.name().is_some();
        } else if reader.eat(&["check"]) {
            let inside = reader.group()?;
            understand(reader, inside);
            let mut clause = Clause {
                span: reader.words().span(at..at + 1),
                ..reader.clause(ClauseKind::Check, at, name)
            };
            reader.eat(&["no", "inherit"]);
            clause.scans = Some(!reader.eat(&["not", "valid"]));
            clauses.push(clause);
        } else if reader.eat(&["unique"]) || reader.eat(&["primary", "key"]) {
            let kind = if reader.at() == at + 1 { ClauseKind::Unique } else { ClauseKind::PrimaryKey };
            let clause = reader.clause(kind, at, name);
            clauses.push(Clause { scans: Some(true), builds_index: Some(true), ..clause });
            index_options(reader)?;
        } else if reader.eat(&["references"]) {
            let span = reader.words().span(at..at + 1);
            let referenced = references(reader)?;
            let clause = reader.clause(ClauseKind::ForeignKey, at, name);
            clauses.push(Clause { span, to: referenced, scans: Some(defaults), ..clause });
        } else if reader.eat(&["generated"]) {
            clauses.push(generated(reader, at, name)?);
        } else if !timing(reader) {
            reader.doubt();
            reader.set_at(begin.max(reader.at()) + 1);
            reader.skip_to(&NEXT);
        }
    }
    // The order of DEFAULT and REFERENCES is free.
    for clause in clauses {
        let fills = clause.kind == ClauseKind::ForeignKey && defaults;
        let mut clause = if fills { Clause { scans: Some(true), ..clause } } else { clause };
        if !rows {
            (clause.rewrites, clause.scans, clause.builds_index) = (Some(false), Some(false), Some(false));
        }
        if clause.kind == ClauseKind::ForeignKey {
            draft.lock(Mode::ShareRowExclusive, &clause.to);
            draft.object(ObjectKind::Table, &clause.to, Action::Read);
        }
        draft.clause(clause);
    }
    Some(())
}

fn costs(clause: Clause, rewrites: Option<bool>) -> Clause {
    Clause { rewrites, scans: rewrites, ..clause }
}

/// Whether the definition may go on or end `skip` words from here.
fn ends(reader: &Reader<'_, '_>, skip: usize) -> bool {
    reader.at() + skip >= reader.end()
        || reader.is_after(skip, ",")
        || NEXT.iter().any(|word| reader.is_after(skip, word))
}

fn default(reader: &mut Reader<'_, '_>, at: usize, name: &str) -> Clause {
    let value = reader.at();
    // `DEFAULT 1 NOT NULL`: nothing after the value is part of it.
    if !expression::read(reader) || !(reader.is_done() || reader.is(",") || reader.is_any(&NEXT)) {
        reader.doubt();
        reader.set_at(value);
        reader.skip_to(&NEXT);
    }
    let varies = stable::is_stable(reader.words(), value..reader.at()).map(|stable| !stable);
    costs(reader.clause(ClauseKind::Default, at, name), varies)
}

fn generated(reader: &mut Reader<'_, '_>, at: usize, name: &str) -> Option<Clause> {
    let _ = reader.eat(&["always"]) || reader.eat(&["by", "default"]);
    if !reader.eat(&["as"]) {
        return None;
    }
    if reader.eat(&["identity"]) {
        let clause = reader.clause(ClauseKind::Identity, at, name);
        if reader.group().is_some() {
            reader.doubt();
        }
        return Some(costs(clause, Some(true)));
    }
    let inside = reader.group()?;
    understand(reader, inside);
    let stored = reader.eat(&["stored"]);
    if !stored {
        reader.eat(&["virtual"]);
    }
    let kind = if stored { ClauseKind::Stored } else { ClauseKind::Virtual };
    Some(costs(reader.clause(kind, at, name), Some(stored)))
}

/// An expression in parentheses.
pub(super) fn understand(reader: &mut Reader<'_, '_>, inside: std::ops::Range<usize>) {
    let mut inner = reader.within(inside);
    let understood = expression::read(&mut inner) && inner.is_done();
    reader.doubt_unless(understood);
}

/// `REFERENCES` has been taken: the table, its columns and what happens with them.
pub(super) fn references(reader: &mut Reader<'_, '_>) -> Option<String> {
    let table = reader.name()?;
    if reader.is("(") {
        reader.names()?;
    }
    loop {
        if reader.eat(&["match"]) {
            reader.eat_any(&["full", "partial", "simple"])?;
        } else if reader.eat(&["on", "delete"]) || reader.eat(&["on", "update"]) {
            let action = reader.eat(&["cascade"])
                || reader.eat(&["restrict"])
                || reader.eat(&["no", "action"])
                || reader.eat(&["set", "null"])
                || reader.eat(&["set", "default"]);
            if !action {
                return None;
            }
            if reader.is("(") {
                reader.names()?;
            }
        } else {
            return Some(table);
        }
    }
}

/// What may follow a constraint: when it is checked.
pub(super) fn timing(reader: &mut Reader<'_, '_>) -> bool {
    reader.eat(&["deferrable"])
        || reader.eat(&["not", "deferrable"])
        || reader.eat(&["initially", "deferred"])
        || reader.eat(&["initially", "immediate"])
        || reader.eat(&["enforced"])
        || reader.eat(&["not", "enforced"])
}

/// What may follow the columns of an index that a constraint builds.
pub(super) fn index_options(reader: &mut Reader<'_, '_>) -> Option<()> {
    let _ = reader.eat(&["nulls", "not", "distinct"]) || reader.eat(&["nulls", "distinct"]);
    if reader.is("include") || reader.is("with") {
        reader.set_at(reader.at() + 1);
        reader.group()?;
        reader.doubt();
    }
    if reader.eat(&["using", "index", "tablespace"]) {
        reader.name()?;
    }
    Some(())
}

fn is_serial(name: &str) -> bool {
    ["serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"].contains(&name)
}

/// Types that are no domain.
pub(super) fn is_builtin(name: &str) -> bool {
    const NAMES: [&str; 56] = [
        "bigint",
        "int8",
        "int",
        "integer",
        "int4",
        "smallint",
        "int2",
        "text",
        "varchar",
        "character",
        "char",
        "bpchar",
        "boolean",
        "bool",
        "numeric",
        "decimal",
        "dec",
        "real",
        "float",
        "float4",
        "float8",
        "double",
        "date",
        "time",
        "timetz",
        "timestamp",
        "timestamptz",
        "interval",
        "json",
        "jsonb",
        "jsonpath",
        "uuid",
        "bytea",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "bit",
        "varbit",
        "money",
        "xml",
        "tsvector",
        "tsquery",
        "point",
        "line",
        "lseg",
        "box",
        "path",
        "polygon",
        "circle",
        "oid",
        "name",
        "nchar",
        "national",
        "citext",
        "hstore",
    ];
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    let head = name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    NAMES.contains(&head) || head.ends_with("range")
}
