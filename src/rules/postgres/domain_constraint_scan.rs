use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::ObjectKind;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "domain-constraint-scan",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("domain_constraint_scan.md"),
    covers: &[
        ("squawk", "ban-alter-domain-with-add-constraint"),
        ("pgfence", "ban-alter-domain-add-constraint"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| site.kind() == "alter_domain") {
        let words = &site.words;
        let clauses = [&["add"][..], &["set", "not", "null"]];
        let Some(domain) = site.statement.facts.objects.first() else { continue };
        let Some(at) = clauses.iter().find_map(|clause| words.find_flat(words.all(), clause)) else {
            continue;
        };
        if site.statement.facts.scans != Some(true) || context.is_made(ObjectKind::Type, &domain.name, site) {
            continue;
        }
        findings.push(
            site.finding(&RULE, at, format!("writers of every table with a column of `{}` wait for a scan", domain.name))
                .label("every row of all of them is checked under SHARE")
                .help("add the constraint as `NOT VALID`, which reads nothing, and `ALTER DOMAIN … VALIDATE CONSTRAINT` in a later cell"),
        );
    }
    findings
}
