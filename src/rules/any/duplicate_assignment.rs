use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "duplicate-assignment",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("duplicate_assignment.md"),
    covers: &[("squawk", "ban-duplicate-column-assignments")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| matches!(site.kind(), "update" | "insert")) {
        let words = &site.words;
        let starts = if site.kind() == "update" { &["set"][..] } else { &["update", "set"] };
        let start = words.find_flat(words.all(), starts).map(|at| at.end);
        // MySQL's `ON DUPLICATE KEY UPDATE` has no SET.
        let start = start.or_else(|| words.find_flat(words.all(), &["key", "update"]).map(|at| at.end));
        let Some(start) = start else { continue };
        let ends = ["from", "where", "returning", "order", "limit"];
        let end =
            ends.iter().filter_map(|word| words.find_flat(start..words.len(), &[word])).map(|at| at.start);
        let end = end.min().unwrap_or(words.len());
        let mut seen: Vec<String> = Vec::new();
        for item in words.list(start..end) {
            let Some((column, after)) = words.name(item.start).filter(|(_, after)| words.is(*after, "="))
            else {
                continue;
            };
            let column = column.to_lowercase();
            if seen.contains(&column) {
                findings.push(
                    site.finding(&RULE, item.start..after, format!("`{column}` is assigned twice"))
                        .label("the engine refuses it, or one of the two does not count")
                        .help("leave one of the two"),
                );
            }
            seen.push(column);
        }
    }
    findings
}
