use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "values-in-definition",
    level: Level::Note,
    dialects: &[Dialect::Postgres, Dialect::Mysql],
    page: include_str!("values_in_definition.md"),
    covers: &[("sqlcheck", "Values In Definition"), ("eugene", "W13"), ("pgls", "creatingEnum")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let words = &site.words;
        let kind = words.find_flat(words.all(), &["as", "enum"]).filter(|_| site.kind() == "create_type");
        let columns = site.defines.iter().flat_map(|defines| &defines.columns);
        let columns = columns.filter(|column| {
            context.plan.dialect == Dialect::Mysql && !column.redefines && column.is_of(&["enum", "set"])
        });
        for at in kind.into_iter().chain(columns.map(|column| column.kind_at.clone())) {
            findings.push(
                site.finding(&RULE, at, "the values stand in the definition")
                    .label(match context.plan.dialect {
                        Dialect::Mysql => "to take one out, or put one into the middle, copies the table",
                        _ => "no value can be taken out again",
                    })
                    .help("use a table of the values with a foreign key, or a text with a CHECK"),
            );
        }
    }
    findings
}
