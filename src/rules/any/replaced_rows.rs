use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "replaced-rows",
    level: Level::Warning,
    dialects: &[Dialect::Mysql, Dialect::Sqlite],
    page: include_str!("replaced_rows.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let words = &site.words;
        let at = match site.kind() {
            "insert" if words.is(0, "replace") => Some(0..1),
            "insert" | "update" => words.find(0..words.len().min(4), &["or", "replace"]),
            "load_data" => words.find_flat(words.all(), &["replace", "into"]),
            _ => None,
        };
        let Some(at) = at else { continue };
        let Some(table) = site.table().filter(|table| !context.is_new(table, site)) else { continue };
        let upsert = match context.plan.dialect {
            Dialect::Mysql => "INSERT … ON DUPLICATE KEY UPDATE",
            _ => "INSERT … ON CONFLICT (key) DO UPDATE",
        };
        findings.push(
            site.finding(&RULE, at, format!("rows of `{table}` with the same key are deleted first"))
                .label(
                    "columns that are not named lose their values, and ON DELETE CASCADE goes on from there",
                )
                .help(format!("write `{upsert} SET …`, which changes the row that is there")),
        );
    }
    findings
}
