use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "engine-not-transactional",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("engine_not_transactional.md"),
    covers: &[("spirit", "allow_engine")],
    finder: Finder::Rule(find),
};

const ENGINES: [&str; 10] =
    ["myisam", "aria", "memory", "heap", "csv", "archive", "merge", "mrg_myisam", "blackhole", "federated"];

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context
        .forward()
        .filter(|site| matches!(site.kind(), "create_table" | "create_table_as" | "alter_table"))
    {
        let words = &site.words;
        if words.starts(1, &["temporary"]) {
            continue;
        }
        let Some(engine) = words.find_flat(words.all(), &["engine"]) else { continue };
        let at = words.skip(engine.end, &["="]);
        let name = words.text(at).trim_matches(['\'', '"', '`']);
        if !ENGINES.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            continue;
        }
        findings.push(
            site.finding(&RULE, engine.start..at + 1, format!("{name} keeps no transactions"))
                .label("a failed write is not undone, and a crash loses rows")
                .help("write `ENGINE=InnoDB`, or leave it out"),
        );
    }
    findings
}
