use super::parts;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "entity-attribute-value",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("entity_attribute_value.md"),
    covers: &[("sqlcheck", "Entity-Attribute-Value Pattern")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, made) in context.schema.made() {
        let has = |words: &[&str]| {
            table.columns.iter().find(|column| {
                let parts = parts(&column.part.name);
                words.iter().any(|word| parts.iter().any(|part| part == word))
            })
        };
        let name = has(&["attribute", "attr", "property", "key", "field"]);
        let value = table
            .columns
            .iter()
            .find(|column| parts(&column.part.name).last().is_some_and(|last| last == "value"));
        let (Some(name), Some(value)) = (name, value) else { continue };
        // A table of settings has a key, a value and nothing that they belong to.
        if table.columns.len() < 3 || name.part.name == value.part.name || table.columns.len() > 6 {
            continue;
        }
        let site = &context.sites[made.site];
        findings.push(
            site.finding(
                &RULE,
                name.part.at.clone(),
                format!("`{}` names what `{}` is", name.part.name, value.part.name),
            )
            .label("such a value has no type, no default and no check")
            .help("make columns of what is known, and a JSON column of what only some rows have"),
        );
    }
    findings
}
