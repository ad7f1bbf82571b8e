use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "table-for-a-period",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("table_for_a_period.md"),
    covers: &[("sqlcheck", "Metadata Tribbles")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, made) in context.schema.made() {
        let year = |text: &str| text.len() == 4 && (text.starts_with("19") || text.starts_with("20"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let mut last = table.name.rsplit('_').take_while(|part| digits(part));
        let Some(first) = last.next() else { continue };
        if !(year(first) || last.next().is_some_and(year) || (first.len() == 6 && year(&first[..4]))) {
            continue;
        }
        findings.push(
            context.sites[made.site]
                .finding(&RULE, made.part.clone(), format!("`{}` is a table for one period", table.name))
                .label("the next one needs a migration, and every report all of them")
                .help("make one table with a date, and partitions of it where it gets large"),
        );
    }
    findings
}
