use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "domain-with-check",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("domain_with_check.md"),
    covers: &[
        ("squawk", "ban-create-domain-with-constraint"),
        ("pgfence", "ban-create-domain-with-constraint"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| site.kind() == "create_domain") {
        let words = &site.words;
        let Some(at) = words.find_flat(words.all(), &["check"]) else { continue };
        findings.push(
            site.finding(&RULE, at, "to change this later, every table with a column of the domain is read through")
                .label("writers of all of them wait while it is, and a column of the domain is added by writing its table anew")
                .help("keep the CHECK in the tables, where each can be changed with NOT VALID and VALIDATE"),
        );
    }
    findings
}
