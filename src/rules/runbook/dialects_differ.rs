use std::collections::BTreeSet;

use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, ObjectKind, last_part};
use crate::plan::Action;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "dialects-differ",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("dialects_differ.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let Some((first, others)) = context.plans.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Diagnostics::new();
    };
    if !std::ptr::eq(first, context.plan) {
        return Diagnostics::new();
    }
    let mut findings = Vec::new();
    for other in others {
        for (a, b) in first.steps.iter().zip(&other.steps) {
            let pairs = std::iter::once((&a.forward, &b.forward)).chain(a.rollback.iter().zip(&b.rollback));
            for (a, b) in pairs {
                let (here, there) = (effects(a), effects(b));
                let Some(effect) = here.symmetric_difference(&there).next() else { continue };
                let only = if here.contains(effect) { first.dialect } else { other.dialect };
                let message = format!(
                    "cell `{}` does not do the same for {} and {}",
                    a.cell, first.dialect, other.dialect
                );
                findings.push(
                    RULE.at(&first.source, a.statements.first().map_or(a.span, |s| s.span), message)
                        .label(format!("for {only} alone it {effect}"))
                        .help("write a runbook for each engine, so that a reviewer of one is not misled by the other")
                        .cell(&a.cell),
                );
            }
        }
    }
    findings
}

/// What is made, dropped, written and lost, in words.
fn effects(action: &Action) -> BTreeSet<String> {
    let mut effects = BTreeSet::new();
    for statement in &action.statements {
        for object in &statement.facts.objects {
            let verb = match object.action {
                Effect::Create => "creates",
                Effect::Drop => "drops",
                Effect::Write => "writes",
                Effect::Alter | Effect::Read => continue,
            };
            let noun = match object.kind {
                ObjectKind::Table => "table",
                ObjectKind::Column => "column",
                ObjectKind::View => "view",
                _ => continue,
            };
            effects.insert(format!("{verb} {noun} {}", last_part(&object.name).to_lowercase()));
        }
        if statement.facts.destructive.is_some() {
            effects.insert("is destructive".to_owned());
        }
    }
    effects
}
