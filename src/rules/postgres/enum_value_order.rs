use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "enum-value-order",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("enum_value_order.md"),
    covers: &[("squawk", "require-enum-value-ordering")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| site.kind() == "alter_type") {
        let words = &site.words;
        let Some(at) = words.find_flat(words.all(), &["add", "value"]) else { continue };
        if ["before", "after"].iter().any(|place| words.find_flat(at.end..words.len(), &[place]).is_some()) {
            continue;
        }
        findings.push(
            site.finding(&RULE, at, "the value goes to the end of the enum, and cannot be moved later")
                .label("ORDER BY and comparisons follow this order")
                .help("say where it belongs: `ADD VALUE 'x' AFTER 'y'`"),
        );
    }
    findings
}
