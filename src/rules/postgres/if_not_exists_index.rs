use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "if-not-exists-index",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("if_not_exists_index.md"),
    covers: &[("strong_migrations", "remove_invalid_indexes"), ("pg-index-health", "invalid_indexes")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| site.kind() == "create_index") {
        let words = &site.words;
        let concurrently = words.find_flat(words.all(), &["concurrently"]);
        let exists = words.find_flat(words.all(), &["if", "not", "exists"]);
        if let (Some(_), Some(at)) = (concurrently, exists) {
            findings.push(
                site.finding(&RULE, at, "an INVALID index of that name passes for the one that is wanted")
                    .label("a build that failed leaves its index behind, and this skips it")
                    .help(
                        "take IF NOT EXISTS away: Rollbook finds what a failed build left and says what to drop before it \
                         tries again",
                    ),
            );
        }
    }
    findings
}
