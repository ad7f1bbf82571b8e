use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "wide-table",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("wide_table.md"),
    covers: &[("schemacrawler", "TooManyLobs"), ("pgcrab", "column count")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, made) in context.schema.made() {
        const LARGE: [&str; 7] = ["json", "jsonb", "blob", "bytea", "longtext", "longblob", "mediumblob"];
        let large = table.columns.iter().filter(|column| LARGE.contains(&column.part.kind.as_str())).count();
        let label = if table.columns.len() > 40 {
            format!("{} columns", table.columns.len())
        } else if large > 3 {
            format!("{large} large columns")
        } else {
            continue;
        };
        findings.push(
            context.sites[made.site]
                .finding(
                    &RULE,
                    made.part.clone(),
                    format!("table `{}` holds more than one thing", table.name),
                )
                .label(label)
                .help("keep what is read together, and the rest in a table with the same key"),
        );
    }
    findings
}
