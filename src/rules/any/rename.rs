use std::ops::Range;

use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{AlterTable, same_name};
use crate::rules::context::Site;
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
        for Renamed { what, table, at } in renamed(site) {
            let has_view = context.cell(site).iter().any(|other| {
                let mut made = other.statement.facts.objects.iter();
                other.kind() == "create_view" && made.any(|view| same_name(&view.name, &table))
            });
            if context.is_new(&table, site) || has_view {
                continue;
            }
            findings.push(
                site.finding(&RULE, at, match what {
                    "column" => format!("a column of `{table}` loses the name that releases read it by"),
                    _ => format!("table `{table}` loses the name that releases read it by"),
                })
                    .label("whoever runs the old release fails from here on, and a rolled-back one again")
                    .help(match what {
                        "column" => "add the new column, write both, backfill, and drop the old one after a hold: `rollbook new add-column-with-backfill`",
                        _ => "leave a view under the old name in the same cell, and drop it after a hold",
                    }),
            );
        }
    }
    findings
}

struct Renamed {
    what: &'static str,
    table: String,
    at: Range<usize>,
}

fn renamed(site: &Site<'_>) -> Vec<Renamed> {
    let words = &site.words;
    if words.starts(0, &["rename", "table"]) || words.starts(0, &["rename", "tables"]) {
        let pairs = words.list(2..words.len());
        let read = |pair: Range<usize>| {
            let (table, _) = words.name(pair.start)?;
            Some(Renamed { what: "table", table, at: 0..2 })
        };
        return pairs.into_iter().filter_map(read).collect();
    }
    let Some(AlterTable { table, clauses, .. }) = site.alter_table() else { return Vec::new() };
    let mut found = Vec::new();
    for clause in clauses {
        let at = clause.start;
        let what = if words.is(at, "change") {
            let old = words.skip(at + 1, &["column"]);
            let names = words.name(old).zip(words.name(old + 1));
            match names {
                Some(((old, _), (new, _))) if !old.eq_ignore_ascii_case(&new) => "column",
                _ => continue,
            }
        } else if !words.is(at, "rename") {
            continue;
        } else {
            match words.text(at + 1).to_ascii_lowercase().as_str() {
                "constraint" | "index" | "key" => continue,
                "to" | "as" | "=" => "table",
                // MySQL: RENAME new_name.
                _ if clause.len() == 2 => "table",
                _ => "column",
            }
        };
        found.push(Renamed { what, table: table.clone(), at: at..at + 1 });
    }
    found
}
