use std::collections::HashMap;

use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action, ObjectKind, last_part};
use crate::rules::context::Site;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "contract-unverified",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("contract_unverified.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let plan = context.plan;
    let phase = |name: &str| plan.phases.iter().find(|phase| phase.name == name);
    // Tables whose rows an earlier step has moved, with the step, where nothing looks at the result.
    let mut moved: HashMap<String, &str> = HashMap::new();
    let mut findings = Vec::new();
    for site in context.forward() {
        let step = site.step;
        let looked_at =
            !step.before.is_empty() || phase(&step.phase).is_some_and(|phase| !phase.before.is_empty());
        for table in tables(site, Action::Drop).filter(|_| !looked_at) {
            let Some(by) = moved.get(&table).filter(|by| **by != step.id && !context.is_new(&table, site))
            else {
                continue;
            };
            findings.push(
                site.finding(
                    &RULE,
                    site.words.all(),
                    format!("`{by}` moved the data, and nothing has looked at it"),
                )
                .label("what is dropped here is the only other copy")
                .help(format!("add a verify cell with `of={by}`, or one with `of={} when=before`", step.id)),
            );
        }
        let verified =
            !step.after.is_empty() || phase(&step.phase).is_some_and(|phase| !phase.after.is_empty());
        for table in tables(site, Action::Write) {
            if verified {
                moved.remove(&table);
            } else {
                moved.insert(table, &step.id);
            }
        }
    }
    findings
}

/// The tables that are written, or of which a part is dropped.
fn tables(site: &Site<'_>, action: Action) -> impl Iterator<Item = String> {
    let objects = site.statement.facts.objects.iter().filter(move |object| object.action == action);
    objects.filter_map(|object| match object.kind {
        ObjectKind::Table => Some(last_part(&object.name).to_lowercase()),
        ObjectKind::Column => object.name.rsplit_once('.').map(|(table, _)| last_part(table).to_lowercase()),
        _ => None,
    })
}
