//! What a statement takes away or changes under somebody: the losses, and who needs them.

use super::judge::Needed;
use super::place::place_of;
use super::world::{Found, World};
use crate::backend::survey::{Bond, Dependant, Relation};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::dialect::{Action, AlterTable, Dialect, ObjectKind, Renamed, Words};
use crate::plan::{Plan, Statement, Step};

/// A relation, or one of its columns, that is not afterwards what it was before.
pub(super) struct Loss<'a> {
    pub relation: &'a Relation,
    pub column: Option<String>,
    pub kind: ObjectKind,
    /// As the statement names it.
    pub shown: String,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Dropped,
    Emptied,
    Renamed,
    Retyped,
}

impl Loss<'_> {
    /// Tables that foreign keys of the lost thing point at: they are locked with it.
    pub fn foreign_keys(&self) -> impl Iterator<Item = &str> {
        let dropped = self.how == How::Dropped && self.kind != ObjectKind::Index;
        let column = self.column.as_deref();
        let keys = self.relation.constraints.iter().filter(move |known| {
            dropped && column.is_none_or(|column| in_brackets(&known.definition, column))
        });
        keys.filter_map(|known| known.references.as_deref())
    }

    /// Whether whoever uses it cannot go on under its name.
    pub fn is_missed(&self) -> bool {
        matches!(self.how, How::Dropped | How::Renamed)
    }

    fn dependants(&self, dialect: Dialect) -> impl Iterator<Item = &Dependant> {
        let how = self.how;
        let of_column = move |known: &&Dependant| match &self.column {
            None => how != How::Renamed || known.column.is_none(),
            Some(column) => known.column.as_ref().is_some_and(|needed| match dialect {
                Dialect::Postgres => needed == column,
                Dialect::Mysql | Dialect::Sqlite => needed.eq_ignore_ascii_case(column),
            }),
        };
        let touched = move |known: &&Dependant| match how {
            How::Dropped => true,
            How::Emptied => known.bond == Bond::Refuses && known.what.starts_with("foreign key"),
            // What the server knows by number follows, and so does all that SQLite finds in texts.
            How::Renamed => matches!(known.bond, Bond::Mentions | Bond::Breaks) && dialect != Dialect::Sqlite,
            How::Retyped => match known.bond {
                Bond::Refuses => !["foreign key", "primary key", "unique", "check"]
                    .iter()
                    .any(|kind| known.what.starts_with(kind)),
                Bond::Mentions => true,
                Bond::Falls | Bond::Breaks | Bond::Goes | Bond::Points => false,
            },
        };
        self.relation.dependants.iter().filter(of_column).filter(touched)
    }
}

/// `FOREIGN KEY (a, "B") REFERENCES …`
fn in_brackets(definition: &str, column: &str) -> bool {
    let inside = definition.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    inside.is_some_and(|(columns, _)| columns.split(',').any(|name| name.trim().trim_matches('"') == column))
}

pub(super) fn losses<'a>(dialect: Dialect, statement: &Statement, world: &World<'a>) -> Vec<Loss<'a>> {
    let facts = &statement.facts;
    let mut losses: Vec<Loss<'a>> = Vec::new();
    let mut lose = |relation_name: &str, column: Option<&str>, kind, how| {
        let gone = column.is_some_and(|column| world.has_column(relation_name, column) == Some(false));
        if let (Found::There(relation), false) = (world.find(relation_name), gone) {
            let shown =
                column.map_or_else(|| relation_name.to_owned(), |column| format!("{relation_name}.{column}"));
            let column = column.map(str::to_owned);
            losses.push(Loss { relation, column, kind, shown, how });
        }
    };
    let retyped = retyped(dialect, &statement.sql);
    for object in &facts.objects {
        let part = object.name.rsplit_once('.');
        match (object.kind, object.action) {
            (ObjectKind::Index, _) if dialect == Dialect::Mysql => {}
            (
                kind @ (ObjectKind::Table | ObjectKind::View | ObjectKind::Index | ObjectKind::Sequence),
                Action::Drop,
            ) => {
                lose(&object.name, None, kind, How::Dropped);
            }
            (ObjectKind::Table, Action::Write) if facts.kind == "truncate" => {
                lose(&object.name, None, object.kind, How::Emptied);
            }
            (ObjectKind::Column, Action::Drop) => {
                if let Some((table, column)) = part {
                    lose(table, Some(column), object.kind, How::Dropped);
                }
            }
            (ObjectKind::Column, Action::Alter) => {
                if let Some((table, column)) =
                    part.filter(|(_, column)| retyped.iter().any(|name| name == column))
                {
                    lose(table, Some(column), object.kind, How::Retyped);
                }
            }
            _ => {}
        }
    }
    for Renamed { kind, table, old, .. } in Renamed::all(&Words::of(dialect, &statement.sql)) {
        match (kind, table) {
            (_, None) => lose(&old, None, ObjectKind::Table, How::Renamed),
            (ObjectKind::Column, Some(table)) => lose(&table, Some(&old), kind, How::Renamed),
            _ => {}
        }
    }
    losses
}

/// Columns that get another type.
fn retyped(dialect: Dialect, sql: &str) -> Vec<String> {
    let words = Words::of(dialect, sql);
    let Some(AlterTable { clauses, .. }) = AlterTable::read(&words) else { return Vec::new() };
    let column = |clause: std::ops::Range<usize>| {
        let at = clause.start;
        let verb = ["alter", "modify"].into_iter().find(|verb| words.is(at, verb))?;
        let (name, end) = words.name(words.skip(at + 1, &["column"]))?;
        let typed = verb == "modify" || words.is(words.skip(end, &["set", "data"]), "type");
        typed.then_some(name)
    };
    clauses.into_iter().filter_map(column).collect()
}

/// Who needs what is lost, each once, those that it goes worst for first.
pub(super) fn needed(
    dialect: Dialect,
    statement: &Statement,
    losses: &[Loss<'_>],
    world: &World<'_>,
) -> Vec<Needed> {
    let mut found: Vec<Needed> = Vec::new();
    let cascades = cascades(dialect, statement);
    for loss in losses {
        // What hangs on the whole is told as that, whatever columns it needs as well.
        let (whole, parts): (Vec<&Dependant>, Vec<&Dependant>) =
            loss.dependants(dialect).partition(|dependant| dependant.column.is_none());
        let of_whole = |what: &str| whole.iter().any(|dependant| dependant.what == what);
        let parts = parts.into_iter().filter(|dependant| !of_whole(&dependant.what));
        for dependant in whole.iter().copied().chain(parts) {
            if is_settled(dependant, statement, world) {
                continue;
            }
            let bond = match dependant.bond {
                Bond::Refuses if cascades => Bond::Falls,
                bond => bond,
            };
            let known =
                found.iter_mut().find(|known| known.what == dependant.what && known.object == loss.shown);
            match known {
                Some(known) => known.bond = known.bond.min(bond),
                None => found.push(Needed { object: loss.shown.clone(), what: dependant.what.clone(), bond }),
            }
        }
    }
    found.sort_by_key(|needed| needed.bond);
    found
}

/// Whether the server takes what needs the lost thing with it.
fn cascades(dialect: Dialect, statement: &Statement) -> bool {
    let words = Words::of(dialect, &statement.sql);
    // MySQL reads the word and does nothing (8.4 manual, 15.1.32).
    dialect == Dialect::Postgres && words.find(words.all(), &["cascade"]).is_some()
}

/// Whether the runbook has dealt with it by then, or does so in the same statement.
fn is_settled(dependant: &Dependant, statement: &Statement, world: &World<'_>) -> bool {
    let what = dependant.what.as_str();
    let relation = ["view ", "materialized view ", "table ", "partition ", "index ", "sequence "];
    if let Some(name) = relation.iter().find_map(|kind| what.strip_prefix(kind)) {
        let name = name.split(' ').next().unwrap_or(name);
        let itself =
            |object: &crate::dialect::Object| object.action == Action::Drop && world.same(&object.name, name);
        return world.is_touched(name) || statement.facts.objects.iter().any(itself);
    }
    if let Some((named, table)) = what.split_once(" on ") {
        let name = named.rsplit(' ').next().unwrap_or(named);
        let dropped = |object: &crate::dialect::Object| {
            let itself =
                world.same(&object.name, table) || world.same(&object.name, &format!("{table}.{name}"));
            object.action == Action::Drop && itself
        };
        return world.is_touched(table)
            || world.has_constraint(table, name) == Some(false)
            || world.has_gone(ObjectKind::Trigger, name)
            || statement.facts.objects.iter().any(dropped);
    }
    if let Some(name) = what.strip_prefix("trigger ") {
        return world.has_gone(ObjectKind::Trigger, name);
    }
    if let Some((table, column)) =
        what.strip_prefix("generated column ").and_then(|name| name.split_once('.'))
    {
        return world.has_column(table, column) == Some(false);
    }
    let routine = what.strip_prefix("function ").or(what.strip_prefix("procedure "));
    routine.is_some_and(|name| world.has_changed(ObjectKind::Function, name))
}

/// What of it the run would fail at, or leave broken.
pub(super) fn findings(
    plan: &Plan,
    step: &Step,
    index: usize,
    statement: &Statement,
    world: &World<'_>,
) -> Diagnostics {
    let losses = losses(plan.dialect, statement, world);
    let mut findings = Vec::new();
    for loss in &losses {
        let needed = needed(plan.dialect, statement, std::slice::from_ref(loss), world);
        let with = |bond: Bond| -> Vec<&str> {
            needed.iter().filter(|needed| needed.bond == bond).map(|needed| needed.what.as_str()).collect()
        };
        let place = place_of(statement, plan.dialect, &loss.shown);
        let verb = match loss.how {
            How::Dropped => "dropped",
            How::Emptied => "emptied",
            How::Renamed => "renamed",
            How::Retyped => "given another type",
        };
        let mut say = |mut finding: Diagnostic| {
            finding = finding.cell(&step.forward.cell).statement(index + 1);
            findings.push(finding);
        };
        let (refusing, falling) = (with(Bond::Refuses), with(Bond::Falls));
        let (breaking, mentioning) = (with(Bond::Breaks), with(Bond::Mentions));
        if !refusing.is_empty() {
            let message =
                format!("`{}` cannot be {verb}: {} {} it", loss.shown, list(&refusing), needs(&refusing));
            let finding = if world.clouded.is_some() {
                Diagnostic::warning("needed", &plan.source, place, message)
            } else {
                Diagnostic::error("needed", &plan.source, place, message)
            };
            say(finding.label("the server refuses it as things are").help(match loss.how {
                How::Emptied => "empty or drop what refers to it first, in a cell before this one",
                _ => "drop or change what needs it in a cell before this one",
            }));
        }
        if !falling.is_empty() {
            let message = format!("CASCADE takes {} with `{}`", list(&falling), loss.shown);
            say(Diagnostic::warning("needed", &plan.source, place, message).help(
                "drop them by name, so that a reviewer sees them, and the server refuses what is new by then",
            ));
        }
        if !breaking.is_empty() {
            let message =
                format!("{} {} `{}`, which is {verb}", list(&breaking), needs(&breaking), loss.shown);
            say(Diagnostic::warning("needed", &plan.source, place, message)
                .label("the server lets it happen, and what needs it fails when it is used next")
                .help("change or drop it in the same cell"));
        }
        if !mentioning.is_empty() {
            let message = format!(
                "{} {} `{}`, which is {verb}",
                list(&mentioning),
                if mentioning.len() == 1 { "mentions" } else { "mention" },
                loss.shown
            );
            say(Diagnostic::warning("needed", &plan.source, place, message)
                .label("found in the text; whether it means this one is not known")
                .help("look at the text, and change it in the same cell if it does"));
        }
    }
    findings
}

fn list(names: &[&str]) -> String {
    const MOST: usize = 5;
    let mut text = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        text.push_str(&format!(" and {} more", names.len() - MOST));
    }
    text
}

fn needs(names: &[&str]) -> &'static str {
    if names.len() == 1 { "needs" } else { "need" }
}
