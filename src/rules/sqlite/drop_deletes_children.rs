use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "drop-deletes-children",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("drop_deletes_children.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut on = false;
    let mut findings = Vec::new();
    for site in context.forward() {
        let words = &site.words;
        if site.kind() == "pragma" && words.is(1, "foreign_keys") {
            on = ["on", "1", "true", "yes"].iter().any(|value| words.is(3, value) || words.text(3) == *value);
        }
        if !on || site.kind() != "drop_table" {
            continue;
        }
        for table in site.statement.facts.objects.iter().filter(|table| !context.is_new(&table.name, site)) {
            findings.push(
                site.finding(
                    &RULE,
                    0..2,
                    format!("rows that refer to `{}` may be deleted with it", table.name),
                )
                .label("foreign keys are on, so that each of its rows is deleted first")
                .help("leave `PRAGMA foreign_keys` off, and verify with `PRAGMA foreign_key_check`"),
            );
        }
    }
    findings
}
