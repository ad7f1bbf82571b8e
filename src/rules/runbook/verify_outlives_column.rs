use std::collections::HashMap;

use crate::diagnostics::{Diagnostic, Diagnostics, Level};
use crate::dialect::{Action, ObjectKind, TokenKind, Words, same_name};
use crate::document::When;
use crate::plan::{Check, Plan};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "verify-outlives-column",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("verify_outlives_column.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

/// A column that a step drops.
struct Dropped<'a> {
    table: &'a str,
    step: &'a str,
    order: usize,
}

fn find(context: &Context<'_>) -> Diagnostics {
    let dropped = dropped(context);
    if dropped.is_empty() {
        return Diagnostics::new();
    }
    let order = Order::of(context.plan);
    let checks = context.plan.checks().filter(|check| check.when == When::After);
    checks.filter_map(|check| outlives(context, check, &dropped, &order)).collect()
}

fn dropped<'a>(context: &'a Context<'_>) -> HashMap<String, Vec<Dropped<'a>>> {
    let mut dropped: HashMap<String, Vec<Dropped<'a>>> = HashMap::new();
    let orders: HashMap<&str, usize> =
        context.plan.steps.iter().enumerate().map(|(order, step)| (step.id.as_str(), order)).collect();
    for site in context.forward() {
        for object in &site.statement.facts.objects {
            if let (ObjectKind::Column, Action::Drop, Some((table, column))) =
                (object.kind, object.action, object.name.rsplit_once('.'))
            {
                let step = site.step.id.as_str();
                let drop = Dropped { table, step, order: orders[step] };
                dropped.entry(column.to_lowercase()).or_default().push(drop);
            }
        }
    }
    dropped
}

/// When checks begin to hold and are retired, as positions of steps.
struct Order<'a> {
    places: HashMap<&'a str, usize>,
}

impl<'a> Order<'a> {
    /// A phase stands at its last step; ids and phases have no name in common.
    fn of(plan: &'a Plan) -> Self {
        let mut places = HashMap::new();
        for (order, step) in plan.steps.iter().enumerate() {
            places.insert(step.id.as_str(), order);
            places.insert(step.phase.as_str(), order);
        }
        Self { places }
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

fn outlives(
    context: &Context<'_>,
    check: &Check,
    dropped: &HashMap<String, Vec<Dropped<'_>>>,
    order: &Order<'_>,
) -> Option<Diagnostic> {
    let from = order.at(check.of.as_deref().unwrap_or(&check.phase))?;
    let until = check.until.as_deref().and_then(|until| order.at(until));
    let statement = &check.statement;
    let words = Words::of(context.plan.dialect, &statement.sql);
    let reads = |table: &str| {
        let mut objects = statement.facts.objects.iter();
        objects.any(|object| object.kind == ObjectKind::Table && same_name(&object.name, table))
    };
    let names =
        words.all().filter(|at| matches!(words.kind(*at), Some(TokenKind::Word | TokenKind::QuotedIdent)));
    for at in names {
        let Some((name, _)) = words.name(at) else { continue };
        let column = name.rsplit('.').next().unwrap_or_default().to_lowercase();
        let drop = dropped.get(&column).into_iter().flatten().find(|drop| {
            from < drop.order && until.is_none_or(|until| until > drop.order) && reads(drop.table)
        });
        let Some(drop) = drop else { continue };
        let span = statement.provenance.to_source(words.span(at..at + 1));
        let cell = context.document.cell(&check.cell);
        let message = format!("the cell is still replayed when `{}` has dropped `{column}`", drop.step);
        return Some(
            RULE.at(&context.plan.source, span, message)
                .label("`rollbook verify` fails here after the contract")
                .help(format!("add `until={}` to the braces", drop.step))
                .fix(
                    cell.filter(|_| check.until.is_none())
                        .map(|cell| cell.add_to_braces(&format!("until={}", drop.step))),
                )
                .cell(&check.cell)
                .statement(1),
        );
    }
    None
}
