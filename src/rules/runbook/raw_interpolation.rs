use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "raw-interpolation",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("raw_interpolation.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let plan = context.plan;
    let actions = plan.steps.iter().flat_map(|step| std::iter::once(&step.forward).chain(&step.rollback));
    let actions = actions.map(|action| (&action.cell, &action.raw));
    let cells = actions.chain(plan.checks().map(|check| (&check.cell, &check.raw)));
    cells
        .flat_map(|(cell, raw)| raw.iter().map(move |at| (cell, *at)))
        .map(|(cell, at)| {
            RULE.at(&plan.source, at, "a parameter reaches the SQL unquoted")
                .label("whatever the value says becomes SQL")
                .help("use `{{ name }}` for a value or `{{ name | ident }}` for a name")
                .cell(cell)
        })
        .collect()
}
