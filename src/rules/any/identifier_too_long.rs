use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "identifier-too-long",
    level: Level::Warning,
    dialects: &[Dialect::Postgres, Dialect::Mysql],
    page: include_str!("identifier_too_long.md"),
    covers: &[("squawk", "identifier-too-long"), ("pg-index-health", "possible_object_name_truncation")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let (most, unit) = match context.plan.dialect {
        Dialect::Mysql => (64, "characters"),
        _ => (63, "bytes"),
    };
    let length = |name: &str| match context.plan.dialect {
        Dialect::Mysql => name.chars().count(),
        _ => name.len(),
    };
    let mut findings = Vec::new();
    for site in context.forward() {
        if !["create_", "alter_", "rename_"].iter().any(|verb| site.kind().starts_with(verb)) {
            continue;
        }
        let words = &site.words;
        for at in words.all() {
            // A name and its schema are counted each for itself.
            let Some(name) = words.simple_name(at).filter(|name| length(name) > most) else { continue };
            let label = match context.plan.dialect {
                Dialect::Mysql => "the server refuses it".to_owned(),
                _ => {
                    let end = (0..=most).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
                    format!("it is stored as `{}`", &name[..end])
                }
            };
            let message = format!("the name is {} {unit} long, and {most} are stored", length(&name));
            findings.push(site.finding(&RULE, at..at + 1, message).label(label).help("choose a shorter one"));
        }
    }
    findings
}
