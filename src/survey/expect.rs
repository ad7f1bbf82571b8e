//! What a statement expects to be there, or not to be there yet, and is not as it expects.

use super::new_names;
use super::place::place_of;
use super::world::{Found, World, is_relation};
use crate::diagnostics::{Diagnostic, Diagnostics, did_you_mean};
use crate::dialect::{Action, Dialect, Object, ObjectKind, Words};
use crate::plan::{Plan, Statement, Step};

pub(super) fn findings(
    plan: &Plan,
    step: &Step,
    index: usize,
    statement: &Statement,
    world: &World<'_>,
) -> Diagnostics {
    if !world.sight.has_names {
        return Vec::new();
    }
    let words = Words::of(plan.dialect, &statement.sql);
    let says = |texts: &[&str]| words.find(words.all(), texts).is_some();
    let (forgives_missing, forgives_there) = (says(&["if", "exists"]), says(&["if", "not", "exists"]));
    let replaces = says(&["or", "replace"]);
    let mut findings = Vec::new();
    let mut say = |object: &Object, message: String, forgiven: bool, help: Option<String>| {
        let place = place_of(statement, plan.dialect, &object.name);
        let rule = if object.action == Action::Create { "exists-already" } else { "missing-object" };
        let mut finding = if forgiven || world.clouded.is_some() {
            Diagnostic::warning(rule, &plan.source, place, message)
        } else {
            Diagnostic::error(rule, &plan.source, place, message)
        };
        if let (Some(cloud), false) = (&world.clouded, forgiven) {
            finding = finding.note(format!("a `{cloud}` statement before it may change that"));
        }
        finding.help = help;
        findings.push(finding.cell(&step.forward.cell).statement(index + 1));
    };
    let new_names = new_names(plan.dialect, &statement.sql);
    for object in statement.facts.objects.iter().chain(&new_names) {
        let Some(there) = is_there(plan.dialect, object, statement, world) else { continue };
        let what = word(object.kind);
        match (object.action, there) {
            (Action::Create, true) if !replaces => {
                let message = match forgives_there {
                    true => format!("{what} `{}` exists already: this does nothing", object.name),
                    false => format!("{what} `{}` exists already", object.name),
                };
                let help = if forgives_there {
                    "compare it with what the statement would make: it stays as it is"
                } else {
                    "take the statement out if it was run by hand, or choose another name"
                };
                say(object, message, forgives_there, Some(help.to_owned()));
            }
            (Action::Create, _) | (_, true) => {}
            (_, false) => {
                let message = match forgives_missing {
                    true => format!("there is no {what} `{}`: this does nothing", object.name),
                    false => format!("there is no {what} `{}` when this statement's turn comes", object.name),
                };
                say(object, message, forgives_missing, suggestion(object, world));
            }
        }
    }
    findings
}

/// None where nobody knows.
fn is_there(dialect: Dialect, object: &Object, statement: &Statement, world: &World<'_>) -> Option<bool> {
    match object.kind {
        kind if is_relation(dialect, kind) => {
            let name = object.name.to_lowercase();
            let own = dialect == Dialect::Sqlite
                && ["sqlite_", "pragma_", "temp.", "json_", "generate_series"]
                    .iter()
                    .any(|start| name.starts_with(start));
            // Tables that only this session sees, and servers' own views under other names.
            if own || statement.facts.kind.contains("temporary") {
                return None;
            }
            Some(!matches!(world.find(&object.name), Found::Missing))
        }
        ObjectKind::Column => {
            let (table, column) = object.name.rsplit_once('.')?;
            world.has_column(table, column)
        }
        ObjectKind::Constraint => {
            let (table, constraint) = object.name.rsplit_once('.')?;
            // MySQL names its foreign keys and its keys apart, and Facts do not tell which it is.
            if dialect == Dialect::Mysql && object.action == Action::Create {
                return None;
            }
            world.has_constraint(table, constraint)
        }
        ObjectKind::Index if dialect == Dialect::Mysql => {
            let (table, _) = object.name.rsplit_once('.')?;
            match world.find(table) {
                Found::There(_) => Some(world.has_other(object.kind, &object.name)),
                Found::Made | Found::Missing => None,
            }
        }
        ObjectKind::Type | ObjectKind::Schema | ObjectKind::Database => {
            (dialect != Dialect::Sqlite).then(|| world.has_other(object.kind, &object.name))
        }
        // Another one with other arguments may be made beside it.
        ObjectKind::Function if object.action != Action::Create => {
            Some(world.has_other(object.kind, &object.name))
        }
        // PostgreSQL's triggers are named per table.
        ObjectKind::Trigger if dialect != Dialect::Postgres => {
            Some(world.has_other(object.kind, &object.name))
        }
        _ => None,
    }
}

fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Table => "table",
        ObjectKind::Column => "column",
        ObjectKind::Index => "index",
        ObjectKind::Constraint => "constraint",
        ObjectKind::View => "view",
        ObjectKind::Trigger => "trigger",
        ObjectKind::Function => "function",
        ObjectKind::Type => "type",
        ObjectKind::Sequence => "sequence",
        ObjectKind::Schema => "schema",
        ObjectKind::Database => "database",
        ObjectKind::Other => "object",
    }
}

fn suggestion(object: &Object, world: &World<'_>) -> Option<String> {
    if object.kind != ObjectKind::Column {
        return None;
    }
    let (table, column) = object.name.rsplit_once('.')?;
    let Found::There(relation) = world.find(table) else { return None };
    let near = did_you_mean(column, relation.columns.iter().map(|known| known.name.as_str()))?;
    Some(format!("did you mean `{near}`?"))
}
