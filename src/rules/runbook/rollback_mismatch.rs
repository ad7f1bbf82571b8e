use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, Object, ObjectKind};
use crate::plan::{Action, Statement, Step};
use crate::rules::rule::EVERYWHERE;
use crate::rules::words::{Words, last_part, same_name};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "rollback-mismatch",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("rollback_mismatch.md"),
    covers: &[("django-migration-linter", "RUNSQL_REVERSIBLE")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for step in &context.plan.steps {
        let Some(cell) = step.rollback.first() else { continue };
        let Some(label) = left_behind(context, step) else { continue };
        let span = cell.statements.first().map_or(cell.span, |statement| statement.span);
        let message = format!("the rollback of `{}` does not undo what it does", step.id);
        findings.push(
            RULE.at(&context.plan.source, span, message)
                .label(label)
                .help(format!("undo each statement of `{}`, the last one first", step.id))
                .cell(&cell.cell)
                .statement(1),
        );
    }
    findings
}

/// What of the step would still be there, or still be gone, after its rollback.
fn left_behind(context: &Context<'_>, step: &Step) -> Option<String> {
    let back: Vec<&Statement> = step.rollback.iter().flat_map(|action| &action.statements).collect();
    // What a function, a block or a new name does is not in the facts.
    let opaque = |statement: &Statement| {
        let words = Words::of(context.plan.dialect, &statement.sql);
        statement.facts.objects.is_empty() || words.find(words.all(), &["rename"]).is_some()
    };
    if back.iter().copied().chain(&step.forward.statements).any(opaque) {
        return None;
    }
    let back: Vec<&Object> = back.iter().flat_map(|statement| &statement.facts.objects).collect();
    let made = |effect| net(&step.forward, effect);
    for object in made(Effect::Create) {
        if !back.iter().any(|undo| takes_away(undo, object)) {
            return Some(format!("{} stays", shown(object)));
        }
    }
    for object in made(Effect::Drop) {
        if !back.iter().any(|undo| brings_back(undo, object)) {
            return Some(format!("{} does not come back", shown(object)));
        }
    }
    let written = step.forward.statements.iter().flat_map(|statement| &statement.facts.objects);
    let mut written = written.filter(|object| object.action == Effect::Write);
    let first = written.clone().next()?;
    let touched = |object: &Object| back.iter().any(|undo| same_name(table_of(undo), &object.name));
    (!written.any(touched)).then(|| format!("nothing here touches {}", shown(first)))
}

/// What the cell makes (or drops) and does not drop (or make) again, with the table that holds it left
/// out where that is made or dropped itself.
fn net(cell: &Action, effect: Effect) -> Vec<&Object> {
    let other = if effect == Effect::Create { Effect::Drop } else { Effect::Create };
    let all: Vec<&Object> = cell.statements.iter().flat_map(|statement| &statement.facts.objects).collect();
    let whole = |object: &Object| {
        let holds = |table: &&Object| table.kind == ObjectKind::Table && table.action == effect;
        all.iter().copied().filter(holds).any(|table| same_name(&table.name, table_of(object)))
    };
    // An index is told by its statement; one on a table of this cell goes with the table.
    let new_table = cell.statements.iter().any(|statement| statement.facts.kind.starts_with("create_table"));
    all.iter()
        .copied()
        .filter(|object| object.action == effect && is_known(object.kind))
        .filter(|object| !all.iter().any(|again| again.action == other && same(again, object)))
        .filter(|object| object.kind == ObjectKind::Table || !whole(object))
        .filter(|object| !(new_table && object.kind == ObjectKind::Index))
        .collect()
}

fn is_known(kind: ObjectKind) -> bool {
    use ObjectKind::{Column, Constraint, Index, Schema, Sequence, Table, Trigger, Type, View};
    matches!(kind, Table | Column | Index | Constraint | View | Trigger | Sequence | Type | Schema)
}

/// A unique index and its constraint have one name.
fn same(a: &Object, b: &Object) -> bool {
    use ObjectKind::{Constraint, Index};
    match (a.kind, b.kind) {
        (Index | Constraint, Index | Constraint) => {
            last_part(&a.name).eq_ignore_ascii_case(last_part(&b.name))
        }
        _ => a.kind == b.kind && same_name(&a.name, &b.name),
    }
}

fn takes_away(undo: &Object, object: &Object) -> bool {
    use ObjectKind::{Column, Constraint, Index, Table, Trigger, View};
    match (undo.action, undo.kind) {
        (Effect::Drop, _) if same(undo, object) => true,
        // What hangs on a table or a column goes with it.
        (Effect::Drop, Table) => {
            matches!(object.kind, Index | Trigger) || same_name(&undo.name, table_of(object))
        }
        (Effect::Drop, Column) => matches!(object.kind, Index | Constraint),
        (Effect::Drop, ObjectKind::Schema) => true,
        // The definition that was there before.
        (Effect::Create, View | Trigger) => same(undo, object),
        _ => false,
    }
}

fn brings_back(undo: &Object, object: &Object) -> bool {
    let whole = undo.kind == ObjectKind::Table && same_name(&undo.name, table_of(object));
    undo.action == Effect::Create && (same(undo, object) || whole)
}

/// The table of a column or a constraint; another object's own name.
fn table_of(object: &Object) -> &str {
    match (object.kind, object.name.rsplit_once('.')) {
        (ObjectKind::Column | ObjectKind::Constraint, Some((table, _))) => table,
        _ => &object.name,
    }
}

fn shown(object: &Object) -> String {
    format!("{} `{}`", format!("{:?}", object.kind).to_lowercase(), object.name)
}
