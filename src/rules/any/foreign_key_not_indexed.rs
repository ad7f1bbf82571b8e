use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "foreign-key-not-indexed",
    level: Level::Note,
    dialects: &[Dialect::Postgres, Dialect::Sqlite],
    page: include_str!("foreign_key_not_indexed.md"),
    covers: &[
        ("eugene", "E15"),
        ("strong_migrations", "add_reference"),
        ("online_migrations", "add_reference"),
        ("pgfence", "fk-missing-index"),
        ("splinter", "0001"),
        ("pglinter", "B003"),
        ("schemalint", "index-referencing-column"),
        ("schemacrawler", "ForeignKeyWithNoIndexes"),
        ("pg-index-health", "foreign_keys_without_index"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for table in context.schema.tables() {
        for Placed { site, part: reference } in &table.references {
            if table.keys.iter().any(|key| key.part.leads_to(&reference.columns)) {
                continue;
            }
            let columns = reference.columns.join(", ");
            let message = format!(
                "no index of this runbook leads from `{}` to its rows of `{}`",
                reference.table, table.name
            );
            findings.push(
                context.sites[*site]
                    .finding(&RULE, reference.at.clone(), message)
                    .label(format!("without one on ({columns}), each deleted parent reads all of it"))
                    .help(format!(
                        "build an index on `{}` ({columns}) first, or allow the rule where there is one",
                        table.name
                    )),
            );
        }
    }
    findings
}
