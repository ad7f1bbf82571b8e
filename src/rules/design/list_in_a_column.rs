use super::{columns, is_text, parts};
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "list-in-a-column",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("list_in_a_column.md"),
    covers: &[("sqlcheck", "Multi-Valued Attribute")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in columns(context) {
        let listed =
            parts(&column.name).last().is_some_and(|last| ["ids", "list", "csv"].contains(&last.as_str()));
        if !(listed && is_text(&column.kind)) {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(&RULE, column.at.clone(), format!("`{}` is a list in a text", column.name))
                .label("no key checks what is in it, and no index finds it")
                .help("make a table with a row for each pair"),
        );
    }
    findings
}
