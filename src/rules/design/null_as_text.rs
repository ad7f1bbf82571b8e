use super::columns;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::TokenKind;
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "null-as-text",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("null_as_text.md"),
    covers: &[("schemacrawler", "NullIntendedColumns"), ("sqlcheck", "NULL Usage")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in columns(context) {
        let words = &context.sites[*site].words;
        let text = |at: usize| words.text(at).trim_matches(['\'', '"']).eq_ignore_ascii_case("null");
        let quoted = |at: &usize| words.kind(*at) == Some(TokenKind::Str) && text(*at);
        let Some(at) = column.default.clone().map(|at| at.start).filter(quoted) else { continue };
        findings.push(
            context.sites[*site]
                .finding(&RULE, at..at + 1, format!("`{}` defaults to the letters N, U, L, L", column.name))
                .label("a text, which IS NULL does not find")
                .help("write `DEFAULT NULL`, or leave it out"),
        );
    }
    findings
}
