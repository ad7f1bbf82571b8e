use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::words::last_part;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "set-not-null-scan",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("set_not_null_scan.md"),
    covers: &[
        ("squawk", "adding-not-nullable-field"),
        ("pgls", "addingNotNullField"),
        ("eugene", "E2"),
        ("strong_migrations", "change_column_null_postgresql"),
        ("online_migrations", "add_not_null_constraint"),
        ("django-migration-linter", "NOT_NULL"),
        ("atlas", "PG303"),
        ("atlas", "MF104"),
        ("pgfence", "alter-column-set-not-null"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let Some(alter) = site.alter_table().filter(|alter| !context.is_new(&alter.table, site)) else {
            continue;
        };
        for clause in alter.clauses {
            let words = &site.words;
            let Some(at) = words.find_flat(clause.clone(), &["set", "not", "null"]) else { continue };
            let column = words.skip(clause.start + 1, &["column"]);
            let Some((column, _)) = words.name(column) else { continue };
            if context.proves_not_null(&alter.table, &column, site) {
                continue;
            }
            let column = last_part(&column);
            findings.push(
                site.finding(&RULE, at, format!("reads and writes of `{}` wait for a scan", alter.table))
                    .label("every row is looked at under ACCESS EXCLUSIVE, unless a valid CHECK proves it")
                    .help(format!(
                        "add `CHECK ({column} IS NOT NULL) NOT VALID`, validate it in a transaction of its own, then set \
                         NOT NULL and drop the CHECK; `rollbook new add-column-with-backfill --set not_null=true` writes the cells",
                    )),
            );
        }
    }
    findings
}
