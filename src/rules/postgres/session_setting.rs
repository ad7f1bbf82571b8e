use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::plan::Unit;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "session-setting",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("session_setting.md"),
    covers: &[
        ("pgfence", "lock-timeout-zero"),
        ("pgfence", "lock-timeout-too-long"),
        ("pgfence", "lock-timeout-after-dangerous-statement"),
        ("pgfence", "statement-timeout-too-long"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| site.kind() == "set") {
        let words = &site.words;
        let local = words.is(1, "local");
        let at = if local || words.is(1, "session") { 2 } else { 1 };
        // Said of one transaction, whatever stands before it.
        if words.is(at, "constraints") || words.is(at, "characteristics") {
            continue;
        }
        let name = words.text(at).to_ascii_lowercase();
        let finding =
            site.finding(&RULE, 0..at + 1, format!("`{name}` is set where the run does not keep it"));
        let timeout = ["lock_timeout", "statement_timeout"].contains(&name.as_str());
        findings.push(match (timeout, local) {
            (true, _) => {
                let option = if name == "lock_timeout" { "lock_timeout" } else { "timeout" };
                finding
                    .label("every statement gets its own limit from the runbook")
                    .help(format!("take it out, and write `--| {option}: 2s` at the top of the cell that needs another limit"))
            }
            (false, false) => finding
                .label("it holds for what the session does next, and a resumed run is another session")
                .help("write `SET LOCAL` in each cell that needs it"),
            (false, true) if site.action.unit != Unit::Cell => finding
                .label("SET LOCAL ends with its transaction, and here each statement has its own")
                .help("take `tx:` out of the cell, so that its statements share a transaction"),
            (false, true) => continue,
        });
    }
    findings
}
