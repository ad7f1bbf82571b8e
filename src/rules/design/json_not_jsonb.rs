use super::typed_columns;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "json-not-jsonb",
    level: Level::Note,
    dialects: &[Dialect::Postgres],
    page: include_str!("json_not_jsonb.md"),
    covers: &[
        ("eugene", "E3"),
        ("pgls", "preferJsonb"),
        ("strong_migrations", "add_column_json"),
        ("online_migrations", "add_column_json"),
        ("pgfence", "add-column-json"),
        ("schemalint", "prefer-jsonb-to-json"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in typed_columns(context) {
        if column.kind.trim_end_matches("[]") != "json" {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(
                    &RULE,
                    column.kind_at.clone(),
                    format!("two values of `{}` cannot be compared", column.name),
                )
                .label("`json` has no equality: DISTINCT, GROUP BY and UNION over a row that has it fail")
                .help("write `jsonb`"),
        );
    }
    findings
}
