use std::collections::HashSet;

use crate::diagnostics::{Diagnostics, Level};
use crate::document::Role;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "missing-verify",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("missing_verify.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let plan = context.plan;
    let checked: HashSet<&str> =
        plan.phases.iter().filter(|phase| !phase.after.is_empty()).map(|phase| phase.name.as_str()).collect();
    let bare =
        plan.steps.iter().filter(|step| step.after.is_empty() && !checked.contains(step.phase.as_str()));
    let bare: HashSet<&str> = bare.map(|step| step.id.as_str()).collect();
    let cells = context.document.cells.iter();
    cells
        .filter(|cell| cell.role == Role::Forward && bare.contains(cell.id.as_str()))
        .map(|cell| {
            RULE.at(&context.document.source, cell.info, format!("nothing verifies step `{}`", cell.id))
                .help(format!(
                    "add a cell with `of={} phase={} role=verify`: a SELECT whose rows are violations",
                    cell.id, cell.phase
                ))
                .cell(&cell.id)
        })
        .collect()
}
