//! Constraints of a table, in `ADD CONSTRAINT` and in `CREATE TABLE`.

use super::super::draft::{Draft, Mode};
use super::column::{index_options, references, timing, understand};
use super::reader::Reader;
use super::tree::of;
use crate::dialect::{Action, Clause, ClauseKind, ObjectKind};

/// Whether a constraint of a table begins here, and no column.
pub(super) fn begins(reader: &Reader<'_, '_>) -> bool {
    reader.is_any(&["constraint", "check", "unique", "primary", "foreign", "exclude"])
        || (reader.is("not") && reader.is_after(1, "null"))
}

/// A constraint up to the next comma, on a table that has `rows`. Its name, which may be empty; None where
/// it is none.
pub(super) fn define(
    draft: &mut Draft,
    reader: &mut Reader<'_, '_>,
    table: &str,
    rows: bool,
) -> Option<String> {
    let name = if reader.eat(&["constraint"]) { reader.name()? } else { String::new() };
    let at = reader.at();
    let mode = if reader.is("foreign") { Mode::ShareRowExclusive } else { Mode::AccessExclusive };
    let clause = if reader.eat(&["check"]) {
        let inside = reader.group()?;
        understand(reader, inside);
        Clause {
            span: reader.words().span(at..at + 1),
            scans: Some(true),
            ..reader.clause(ClauseKind::Check, at, &name)
        }
    } else if reader.eat(&["not", "null"]) {
        let column = reader.name()?;
        // Not where a valid CHECK proves it.
        Clause { to: column, scans: None, ..reader.clause(ClauseKind::NotNull, at, &name) }
    } else if reader.eat(&["foreign", "key"]) {
        let span = reader.since(at);
        reader.names()?;
        if !reader.eat(&["references"]) {
            return None;
        }
        let to = references(reader)?;
        Clause { span, to, scans: Some(true), ..reader.clause(ClauseKind::ForeignKey, at, &name) }
    } else if reader.eat(&["exclude"]) {
        let span = reader.since(at);
        reader.doubt();
        reader.skip_to(&[]);
        builds(Clause { span, ..reader.clause(ClauseKind::Exclude, at, &name) })
    } else {
        let kind = match reader.eat(&["unique"]) {
            true => ClauseKind::Unique,
            false if reader.eat(&["primary", "key"]) => ClauseKind::PrimaryKey,
            false => return None,
        };
        let clause = reader.clause(kind, at, &name);
        if reader.eat(&["using", "index"]) {
            reader.name()?;
            // A primary key reads the table only where a column may still be null.
            Clause { scans: if kind == ClauseKind::PrimaryKey { None } else { Some(false) }, ..clause }
        } else {
            let _ = reader.eat(&["nulls", "not", "distinct"]) || reader.eat(&["nulls", "distinct"]);
            reader.names()?;
            index_options(reader)?;
            builds(clause)
        }
    };
    let mut clause = clause;
    while !reader.is_done() && !reader.is(",") {
        if reader.eat(&["not", "valid"]) || reader.is_after(0, "not") && reader.is_after(1, "enforced") {
            clause.scans = Some(false);
            reader.eat(&["not", "enforced"]);
        } else if !reader.eat(&["no", "inherit"]) && !timing(reader) {
            return None;
        }
    }
    if rows {
        draft.lock(mode, table);
        if !name.is_empty() {
            draft.object(ObjectKind::Constraint, of(table, &name), Action::Create);
        }
    } else {
        (clause.scans, clause.builds_index) = (Some(false), Some(false));
    }
    if clause.kind == ClauseKind::ForeignKey {
        draft.lock(Mode::ShareRowExclusive, &clause.to);
        draft.object(ObjectKind::Table, &clause.to, Action::Read);
    }
    draft.clause(clause);
    Some(name)
}

fn builds(clause: Clause) -> Clause {
    Clause { scans: Some(true), builds_index: Some(true), ..clause }
}
