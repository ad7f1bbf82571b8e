use super::contract_without_hold::CONTRACT;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, ObjectKind, Renamed, same_name};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "wrong-phase",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("wrong_phase.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let plan = context.plan;
    let Some(contract) = plan.phases.iter().position(|phase| phase.name == CONTRACT) else {
        return Diagnostics::new();
    };
    let early: Vec<&str> = plan.phases[..contract].iter().map(|phase| phase.name.as_str()).collect();
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| early.contains(&site.step.phase.as_str())) {
        for object in &site.statement.facts.objects {
            let noun = match object.kind {
                ObjectKind::Table => "table",
                ObjectKind::Column => "column",
                _ => continue,
            };
            if object.action != Effect::Drop || made_here(context, &object.name) {
                continue;
            }
            findings.push(
                site.finding(
                    &RULE,
                    site.words.all(),
                    format!("{noun} `{}` is dropped before the contract", object.name),
                )
                .label(format!("the release that is running in phase `{}` may still use it", site.step.phase))
                .help("move the cell to phase `contract`, behind a hold: `rollbook new drop-column`"),
            );
        }
    }
    findings
}

/// Whether the runbook makes the table or column, before or after, or gives another its name.
fn made_here(context: &Context<'_>, name: &str) -> bool {
    let table = name.rsplit_once('.').map_or(name, |(table, _)| table);
    context.forward().any(|site| {
        let mut objects = site.statement.facts.objects.iter();
        let made = objects.any(|object| {
            object.action == Effect::Create
                && (same_name(&object.name, name) || same_name(&object.name, table))
        });
        made || Renamed::all(&site.words).iter().any(|renamed| same_name(&renamed.new, name))
    })
}
