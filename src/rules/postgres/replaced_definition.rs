use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::same_name;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "replaced-definition",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("replaced_definition.md"),
    covers: &[("squawk", "ban-replace-view-function")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let kinds = ["create_view", "create_function", "create_procedure"];
        let replaces = kinds.contains(&site.kind()) && site.words.starts(1, &["or", "replace"]);
        let Some(object) = site.statement.facts.objects.first().filter(|_| replaces) else { continue };
        let mut back = site.step.rollback.iter().flat_map(|action| &action.statements).peekable();
        // A step without a way back says so itself.
        if back.peek().is_none() || context.is_made(object.kind, &object.name, site) {
            continue;
        }
        let keeps = back.any(|statement| {
            statement.facts.kind == site.kind()
                && statement.facts.objects.first().is_some_and(|again| same_name(&again.name, &object.name))
        });
        if !keeps {
            findings.push(
                site.finding(&RULE, 1..3, format!("what `{}` has been until now is kept nowhere", object.name))
                    .label("the old definition is overwritten, and the rollback does not write it again")
                    .help(
                        "put today's definition into the rollback cell (`pg_get_viewdef`, `pg_get_functiondef`), or write \
                         CREATE without OR REPLACE where there is none yet",
                    ),
            );
        }
    }
    findings
}
