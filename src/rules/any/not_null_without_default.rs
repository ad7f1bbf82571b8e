use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "not-null-without-default",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("not_null_without_default.md"),
    covers: &[
        ("squawk", "adding-required-field"),
        ("pgls", "addingRequiredField"),
        ("django-migration-linter", "NOT_NULL"),
        ("atlas", "MF103"),
        ("atlas", "MY101"),
        ("atlas", "LT101"),
        ("pgfence", "add-column-not-null-no-default"),
        ("waypoint", "E001"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(defines) = site.defines.as_ref().filter(|defines| !defines.makes) else { continue };
        if context.is_new(&defines.table, site) {
            continue;
        }
        for column in defines.columns.iter().filter(|column| !column.redefines && !column.generated) {
            let words = &site.words;
            let Some(at) = words.find_flat(column.attributes.clone(), &["not", "null"]) else { continue };
            if column.default.as_ref().is_some_and(|at| !words.is(at.start, "null")) {
                continue;
            }
            let label = match context.plan.dialect {
                Dialect::Mysql => {
                    "rows that are there get 0 or an empty text, and INSERTs of the running release may fail"
                }
                _ => {
                    "it fails where the table has rows, and so does each INSERT of the running release afterwards"
                }
            };
            let message = format!("a new column of `{}` must have a value and is given none", defines.table);
            findings.push(site.finding(&RULE, at, message).label(label).help(
                "add it nullable, or with a constant DEFAULT; fill it, and set NOT NULL when every release writes it: \
                 `rollbook new add-column-with-backfill`",
            ));
        }
    }
    findings
}
