use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};
use crate::source::Span;

pub static RULE: Rule = Rule {
    id: "missing-section",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("missing_section.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

/// The method: what, how, what can go wrong, the cells, and how it is seen that it worked.
const SECTIONS: [&str; 5] = ["Requirements", "Strategy", "Safety", "Implementation", "Validation"];

fn find(context: &Context<'_>) -> Diagnostics {
    let headings = &context.document.headings;
    let has = |section: &str| headings.iter().any(|(_, text)| text.trim().eq_ignore_ascii_case(section));
    let missing: Vec<String> =
        SECTIONS.into_iter().filter(|section| !has(section)).map(|section| format!("`{section}`")).collect();
    if missing.is_empty() {
        return Diagnostics::new();
    }
    let source = &context.document.source;
    let front = context.document.front.span;
    let line = source.slice(front).lines().next().map_or(0, str::len);
    let message = format!("the runbook has no section {}", missing.join(", "));
    let finding = RULE
        .at(source, Span::new(front.start, front.start + line), message)
        .note("the method is Requirements, Strategy, Safety, Implementation, Validation")
        .help("write it, in a few lines: a reviewer and the person at the gate read them");
    vec![finding]
}
