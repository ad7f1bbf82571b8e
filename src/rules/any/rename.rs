use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{ObjectKind, Renamed, same_name};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "rename",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("rename.md"),
    covers: &[
        ("squawk", "renaming-column"),
        ("squawk", "renaming-table"),
        ("pgls", "renamingColumn"),
        ("pgls", "renamingTable"),
        ("strong_migrations", "rename_column"),
        ("strong_migrations", "rename_table"),
        ("online_migrations", "rename_column"),
        ("online_migrations", "rename_table"),
        ("django-migration-linter", "RENAME_COLUMN"),
        ("django-migration-linter", "RENAME_TABLE"),
        ("atlas", "BC101"),
        ("atlas", "BC102"),
        ("pgfence", "rename-column"),
        ("pgfence", "rename-table"),
        ("spirit", "rename_column"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        for Renamed { kind, table, old, at, .. } in Renamed::all(&site.words) {
            if !matches!(kind, ObjectKind::Table | ObjectKind::Column) {
                continue;
            }
            let column = table.is_some();
            let table = table.unwrap_or(old);
            let has_view = context.cell(site).iter().any(|other| {
                let mut made = other.statement.facts.objects.iter();
                other.kind() == "create_view" && made.any(|view| same_name(&view.name, &table))
            });
            if context.is_new(&table, site) || has_view {
                continue;
            }
            findings.push(
                site.finding(&RULE, at, match column {
                    true => format!("a column of `{table}` loses the name that releases read it by"),
                    false => format!("table `{table}` loses the name that releases read it by"),
                })
                    .label("whoever runs the old release fails from here on, and a rolled-back one again")
                    .help(match column {
                        true => "add the new column, write both, backfill, and drop the old one after a hold: `rollbook new rename-column`",
                        false => "leave a view under the old name in the same cell, and drop it after a hold: `rollbook new rename-table`",
                    }),
            );
        }
    }
    findings
}
