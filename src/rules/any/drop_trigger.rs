use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, ObjectKind, same_name};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "drop-trigger",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("drop_trigger.md"),
    covers: &[("pgls", "banDropTrigger"), ("pgfence", "drop-trigger"), ("squawk", "ban-drop-trigger")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| site.kind() == "drop_trigger") {
        for trigger in site.statement.facts.objects.iter().filter(|object| object.action == Effect::Drop) {
            let made = context.forward().flat_map(|other| &other.statement.facts.objects).any(|other| {
                other.kind == ObjectKind::Trigger
                    && other.action == Effect::Create
                    && same_name(&other.name, &trigger.name)
            });
            if made {
                continue;
            }
            findings.push(
                site.finding(
                    &RULE,
                    0..2,
                    format!("what trigger `{}` did for every writer stops", trigger.name),
                )
                .label("no statement fails for it")
                .help("say who does its work from now on, and let a `when=before` cell show that they do"),
            );
        }
    }
    findings
}
