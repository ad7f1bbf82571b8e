use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::TokenKind;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "zero-date",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("zero_date.md"),
    covers: &[("spirit", "zero_date"), ("gh-ost", "fail-datetime-with-zero")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let words = &site.words;
        let end = match site.kind() {
            "create_table" | "alter_table" | "insert" => words.len(),
            // What is asked for may well be such a date: it is on its way out.
            "update" => words.find_flat(words.all(), &["where"]).map_or(words.len(), |at| at.start),
            _ => continue,
        };
        let zero = |at: &usize| {
            words.kind(*at) == Some(TokenKind::Str)
                && words.text(*at).get(1..).is_some_and(|text| text.starts_with("0000-00-00"))
        };
        let Some(at) = (0..end).find(zero) else { continue };
        findings.push(
            site.finding(&RULE, at..at + 1, "a date of zeros")
                .label("a strict server refuses it, now or when the table is next copied")
                .help("use NULL, or a real date"),
        );
    }
    findings
}
