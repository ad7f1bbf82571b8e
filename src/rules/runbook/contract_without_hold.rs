use crate::diagnostics::{Diagnostics, Level};
use crate::plan::Gate;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "contract-without-hold",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("contract_without_hold.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

/// The phase that takes away what the release before this one needs, by the strategies' own name.
pub(super) const CONTRACT: &str = "contract";

fn find(context: &Context<'_>) -> Diagnostics {
    let plan = context.plan;
    let Some(at) = plan.phases.iter().position(|phase| phase.name == CONTRACT) else {
        return Diagnostics::new();
    };
    if plan.phases[at].hold.is_some()
        || !plan.phases[..at].iter().any(|phase| plan.steps_of(&phase.name).next().is_some())
    {
        return Diagnostics::new();
    }
    let taken =
        plan.steps_of(CONTRACT).find(|step| matches!(step.forward.gate, Some(Gate::Destructive { .. })));
    let cell = taken.and_then(|step| context.document.cell(&step.id));
    let finding = cell.map(|cell| {
        RULE.at(
            &context.document.source,
            cell.info,
            "the contract phase begins as soon as the one before it ends",
        )
        .label("no hold waits for the release that can do without it")
        .help("add `holds: {before-contract: <what must be deployed>}` to the front matter")
        .cell(&cell.id)
    });
    finding.into_iter().collect()
}
