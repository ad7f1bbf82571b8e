use super::typed_columns;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "timestamp-without-time-zone",
    level: Level::Note,
    dialects: &[Dialect::Postgres],
    page: include_str!("timestamp_without_time_zone.md"),
    covers: &[
        ("squawk", "prefer-timestamp-tz"),
        ("squawk", "prefer-timestamptz"),
        ("pgls", "preferTimestamptz"),
        ("pgfence", "prefer-timestamptz"),
        ("schemalint", "prefer-timestamptz"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in typed_columns(context) {
        if !matches!(column.kind.trim_end_matches("[]"), "timestamp" | "timestamp without time zone") {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(&RULE, column.kind_at.clone(), format!("`{}` is no moment in time", column.name))
                .label("which moment it was depends on the session that wrote it")
                .help("write `timestamptz`"),
        );
    }
    findings
}
