use super::{columns, parts};
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "digits-as-number",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("digits_as_number.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in columns(context) {
        const DIGITS: [&str; 10] =
            ["phone", "mobile", "fax", "zip", "zipcode", "postcode", "postal", "iban", "ean", "isbn"];
        let named = parts(&column.name).iter().any(|part| DIGITS.contains(&part.as_str()))
            || column.name.to_lowercase().ends_with("account_number");
        // `phone_id` refers to a row, and `zip_count` counts.
        let other = parts(&column.name).last().is_some_and(|last| ["id", "count"].contains(&last.as_str()));
        if !named || other || !column.kind.contains("int") || column.generated {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(&RULE, column.kind_at.clone(), format!("`{}` loses its leading zeros", column.name))
                .label("nobody adds such numbers, and some are none")
                .help("make it a text"),
        );
    }
    findings
}
