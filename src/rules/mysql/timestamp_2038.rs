use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "timestamp-2038",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("timestamp_2038.md"),
    covers: &[("spirit", "has_timestamp")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let columns = site.defines.iter().flat_map(|defines| &defines.columns);
        for column in columns.filter(|column| column.kind == "timestamp") {
            findings.push(
                site.finding(
                    &RULE,
                    column.kind_at.clone(),
                    format!("`{}` can hold no date after January 2038", column.name),
                )
                .label("four bytes of seconds, read in the time zone of each session")
                .help("write `datetime`, and fill it in UTC"),
            );
        }
    }
    findings
}
