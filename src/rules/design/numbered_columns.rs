use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "numbered-columns",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("numbered_columns.md"),
    covers: &[("sqlcheck", "Multi-Column Attribute"), ("schemacrawler", "TableWithIncrementingColumns")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, _) in context.schema.made() {
        let mut stems: Vec<(String, usize)> = Vec::new();
        for column in &table.columns {
            let stem = column.part.name.trim_end_matches(|c: char| c.is_ascii_digit());
            if stem.is_empty()
                || stem.len() == column.part.name.len()
                || column.part.name.len() - stem.len() > 2
            {
                continue;
            }
            match stems.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(stem)) {
                Some((_, count)) => *count += 1,
                None => stems.push((stem.to_owned(), 1)),
            }
            if let Some((stem, 3)) = stems.iter().find(|(known, _)| known.eq_ignore_ascii_case(stem)) {
                findings.push(
                    context.sites[column.site]
                        .finding(
                            &RULE,
                            column.part.at.clone(),
                            format!("`{stem}` is a list in numbered columns"),
                        )
                        .label("one more needs a migration, and a search asks each of them")
                        .help("make a table with a row for each"),
                );
            }
        }
    }
    findings
}
