use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "polymorphic-reference",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("polymorphic_reference.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, made) in context.schema.made() {
        for column in table.columns.iter().filter(|column| made.site == column.site) {
            let name = column.part.name.to_lowercase();
            let Some(stem) = name.strip_suffix("_type") else { continue };
            let Some(id) = table.column(&format!("{stem}_id")) else { continue };
            let refers = table.references.iter().any(|reference| {
                reference.part.columns.iter().any(|own| own.eq_ignore_ascii_case(&id.part.name))
            });
            if refers {
                continue;
            }
            let message = format!("`{}` says which table `{}` is of", column.part.name, id.part.name);
            findings.push(
                context.sites[column.site]
                    .finding(&RULE, column.part.at.clone(), message)
                    .label("no foreign key checks it, and orphans stay")
                    .help("make a column and a foreign key for each table, and a CHECK that one is set"),
            );
        }
    }
    findings
}
