use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "inline-references",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("inline_references.md"),
    covers: &[("atlas", "MY102")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let inline = site.defines.iter().flat_map(|defines| &defines.references);
        for reference in inline.filter(|reference| reference.inline) {
            findings.push(
                site.finding(
                    &RULE,
                    reference.at.clone(),
                    "a foreign key on some servers, and nothing on others",
                )
                .label("MySQL before 9.0 does nothing with it, without an error")
                .help(format!(
                    "write it as a clause: `CONSTRAINT … FOREIGN KEY ({}) REFERENCES {} (…)`",
                    reference.columns.join(", "),
                    reference.table
                )),
            );
        }
    }
    findings
}
