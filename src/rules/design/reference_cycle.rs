use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "reference-cycle",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("reference_cycle.md"),
    covers: &[("schemacrawler", "TableCycles"), ("sqlcheck", "Recursive Dependency")],
    finder: Finder::Rule(find),
};

/// Whether foreign keys lead from one table to another.
fn leads_to(context: &Context<'_>, from: &str, to: &str) -> bool {
    let mut reached = vec![from];
    let mut next = 0;
    while let Some(name) = reached.get(next).copied() {
        next += 1;
        let references = context.schema.table(name).into_iter().flat_map(|table| &table.references);
        for table in references.map(|reference| reference.part.table.as_str()) {
            if is(table, to) {
                return true;
            }
            if !reached.iter().any(|known| is(known, table)) {
                reached.push(table);
            }
        }
    }
    false
}

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, _) in context.schema.made() {
        for reference in table.references.iter().filter(|reference| !is(&reference.part.table, &table.name)) {
            if !leads_to(context, &reference.part.table, &table.name) {
                continue;
            }
            let message =
                format!("`{}` refers to `{}`, which leads back to it", table.name, reference.part.table);
            findings.push(
                context.sites[reference.site]
                    .finding(&RULE, reference.part.at.clone(), message)
                    .label("neither row can be inserted first")
                    .help("leave one direction to a query, or make one key nullable or deferred"),
            );
        }
    }
    findings
}
