use super::columns;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "nullable-boolean",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("nullable_boolean.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in columns(context) {
        // A column that is added to rows begins without a value.
        let new = context.sites[*site].defines.as_ref().is_some_and(|defines| defines.makes);
        if !new || column.not_null || !["boolean", "bool"].contains(&column.kind.as_str()) {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(&RULE, column.at.clone(), format!("`{}` may be true, false or neither", column.name))
                .label("a row with NULL is found by neither question")
                .help("add `NOT NULL DEFAULT false`"),
        );
    }
    findings
}
