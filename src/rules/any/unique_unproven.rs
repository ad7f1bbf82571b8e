use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{KeyKind, Words, same_name};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "unique-unproven",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("unique_unproven.md"),
    covers: &[("atlas", "MF101"), ("atlas", "MF102"), ("django-migration-linter", "ADD_UNIQUE")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(defines) = site.defines.as_ref().filter(|defines| !defines.makes) else { continue };
        if context.is_new(&defines.table, site) || looks_for_duplicates(context, &defines.table) {
            continue;
        }
        let message = format!("nothing has looked for rows of `{}` with the same values", defines.table);
        for key in defines.keys.iter().filter(|key| matches!(key.kind, KeyKind::Primary | KeyKind::Unique)) {
            if key.columns.iter().any(|column| is_empty(context, &defines.table, column)) {
                continue;
            }
            findings.push(
                site.finding(&RULE, key.at.clone(), message.clone())
                    .label("with one such pair the statement reads the whole table and fails")
                    .help(format!(
                        "add a `when=before` cell: SELECT {0} FROM {1} GROUP BY {0} HAVING count(*) > 1 LIMIT 20",
                        key.columns.join(", "),
                        defines.table
                    )),
            );
        }
    }
    findings
}

fn looks_for_duplicates(context: &Context<'_>, table: &str) -> bool {
    context.plan.checks().any(|check| {
        let words = Words::of(context.plan.dialect, &check.statement.sql);
        let groups =
            ["group", "having", "distinct"].iter().any(|word| words.find(words.all(), &[word]).is_some());
        groups && check.statement.facts.objects.iter().any(|object| same_name(&object.name, table))
    })
}

/// Whether the runbook itself adds the column, so that every row holds NULL in it, or its own number.
fn is_empty(context: &Context<'_>, table: &str, column: &str) -> bool {
    let column = context.schema.table(table).and_then(|table| table.column(column));
    column.is_some_and(|column| {
        !column.part.redefines && (column.part.default.is_none() || column.part.generated)
    })
}
