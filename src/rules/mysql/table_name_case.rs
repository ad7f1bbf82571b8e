use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "table-name-case",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("table_name_case.md"),
    covers: &[("spirit", "name_case")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let words = &site.words;
        let made = site.defines.as_ref().filter(|defines| defines.makes).map(|defines| defines.at.end - 1);
        let renamed =
            site.alter_table().and_then(|_| words.find_flat(words.all(), &["rename", "to"])).map(|at| at.end);
        for at in made.into_iter().chain(renamed) {
            let Some(name) = words.simple_name(at).filter(|name| name.chars().any(char::is_uppercase)) else {
                continue;
            };
            findings.push(
                site.finding(&RULE, at..at + 1, format!("`{name}` is another table on some servers"))
                    .label("whether its capitals count is a setting of the server")
                    .help("write it in lower case"),
            );
        }
    }
    findings
}
