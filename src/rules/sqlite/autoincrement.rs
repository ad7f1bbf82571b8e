use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "autoincrement",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("autoincrement.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        for column in site.defines.iter().flat_map(|defines| &defines.columns) {
            let Some(at) = site.words.find_flat(column.attributes.clone(), &["autoincrement"]) else {
                continue;
            };
            findings.push(
                site.finding(&RULE, at, format!("`{}` would count without it", column.name))
                    .label("each insert also writes to `sqlite_sequence`, which a rebuild forgets")
                    .help("leave it out, unless the number of a deleted row must never come back"),
            );
        }
    }
    findings
}
