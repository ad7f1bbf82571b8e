use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "keyless-reference",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("keyless_reference.md"),
    covers: &[
        ("sqlcheck", "Foreign Key Does Not Exist"),
        ("schemacrawler", "weak associations"),
        ("spirit", "type_pedantic"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, _) in context.schema.made() {
        for column in &table.columns {
            let name = column.part.name.to_lowercase();
            let Some(one) = name.strip_suffix("_id") else { continue };
            let many = [
                one.to_owned(),
                format!("{one}s"),
                format!("{one}es"),
                format!("{}ies", one.trim_end_matches('y')),
            ];
            let parent = many
                .iter()
                .find_map(|name| context.schema.table(name))
                .filter(|parent| !is(&parent.name, &table.name));
            let refers = table
                .references
                .iter()
                .any(|reference| reference.part.columns.iter().any(|own| is(own, &column.part.name)));
            let Some(parent) = parent.filter(|_| !refers) else { continue };
            findings.push(
                context.sites[column.site]
                    .finding(
                        &RULE,
                        column.part.at.clone(),
                        format!("no foreign key leads from `{}` to `{}`", column.part.name, parent.name),
                    )
                    .label("orphans come in with the first race, and stay")
                    .help(format!(
                        "add `FOREIGN KEY ({}) REFERENCES {} (…)`, and an index on the column",
                        column.part.name, parent.name
                    )),
            );
        }
    }
    findings
}
