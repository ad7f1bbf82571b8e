use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, Object, ObjectKind, Renamed, Words, last_part, same_name};
use crate::plan::{Action, Statement, Step};
use crate::rules::rule::EVERYWHERE;
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
    let forward: Vec<&Statement> = step.forward.statements.iter().collect();
    let both = || back.iter().chain(&forward);
    // What a function or a block does is not in the facts.
    let settings = |statement: &Statement| matches!(statement.facts.kind, "set" | "reset" | "pragma" | "use");
    if both().any(|statement| statement.facts.objects.is_empty() && !settings(statement)) {
        return None;
    }
    let renamed = |statements: &[&Statement]| -> Vec<Renamed> {
        let texts = statements.iter().map(|statement| Words::of(context.plan.dialect, &statement.sql));
        texts.flat_map(|words| Renamed::all(&words)).collect()
    };
    let (to, fro) = (renamed(&forward), renamed(&back));
    if !(to.is_empty() && fro.is_empty()) {
        // A table that is rebuilt takes the name of one that is dropped.
        let rebuilt = both()
            .any(|statement| matches!(statement.facts.kind, "create_table" | "drop_table" | "create_view"));
        let undone = |there: &Renamed| {
            let mut all = fro.iter().chain(&to);
            all.any(|back| same_name(&back.old, &there.new) && same_name(&back.new, &there.old))
        };
        let kept = to.iter().find(|renamed| !undone(renamed)).filter(|_| !rebuilt);
        return kept.map(|renamed| format!("`{}` keeps its new name", renamed.new));
    }
    compared(context, step, &back)
}

/// Compares the objects of a step's cells.
fn compared(context: &Context<'_>, step: &Step, back: &[&Statement]) -> Option<String> {
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
    let forward = || step.forward.statements.iter().flat_map(|statement| &statement.facts.objects);
    let changed = |object: &&Object| object.kind == ObjectKind::Column && object.action == Effect::Alter;
    // A table that an earlier step made goes with that step's rollback.
    let goes_anyway = |column: &&Object| {
        let earlier = context.plan.steps.iter().take_while(|other| other.id != step.id);
        earlier
            .flat_map(|other| net(&other.forward, Effect::Create))
            .any(|made| made.kind == ObjectKind::Table && same_name(&made.name, table_of(column)))
    };
    for object in forward().filter(changed).filter(|object| !goes_anyway(object)) {
        let touches =
            |undo: &&&Object| undo.kind == ObjectKind::Column && same_name(&undo.name, &object.name);
        if !back.iter().any(|undo| takes_away(undo, object)) && !back.iter().any(|undo| touches(&undo)) {
            return Some(format!("{} stays as it was made", shown(object)));
        }
    }
    let lost = |undo: &&&Object| {
        undo.action == Effect::Drop && matches!(undo.kind, ObjectKind::Table | ObjectKind::Column)
    };
    for undo in back.iter().filter(lost) {
        let made = |object: &Object| {
            object.action == Effect::Create && (same(object, undo) || same_name(&object.name, table_of(undo)))
        };
        if !forward().any(made) && !back.iter().any(|object| made(object)) {
            return Some(format!("{} goes, which the step did not make", shown(undo)));
        }
    }
    let mut written = forward().filter(|object| object.action == Effect::Write);
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
