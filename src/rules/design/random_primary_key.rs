use super::ONLY;
use super::columns;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::KeyKind;
use crate::rules::schema::{Placed, is};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "random-primary-key",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("random_primary_key.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, Placed { site, part: column }) in columns(context) {
        let primary = table.keys.iter().any(|key| {
            key.part.kind == KeyKind::Primary
                && key.part.columns.first().is_some_and(|own| is(own, &column.name))
        });
        let words = &context.sites[*site].words;
        let Some(at) = column.default.clone().filter(|_| primary) else { continue };
        let random = words.find(at.clone(), &["uuid", "("]).is_some();
        let swapped = words.find(at.clone(), &[",", "1"]).is_some()
            || words.written(at.clone()).replace(' ', "").contains(",1)");
        if !random || swapped {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(&RULE, at, format!("rows of `{}` are stored in a random order", table.name))
                .label("each insert goes to another page, and pages stay half empty")
                .help("count a bigint up, or put the time of the UUID first: `uuid_to_bin(uuid(), 1)`"),
        );
    }
    findings
}
