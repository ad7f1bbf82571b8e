use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule, Site};
use std::ops::Range;

pub static RULE: Rule = Rule {
    id: "checks-left-off",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("checks_left_off.md"),
    covers: &[("strong_migrations", "add_foreign_key_mysql")],
    finder: Finder::Rule(find),
};

/// Settings by which rows are protected, each with the values that leave them unprotected.
const SETTINGS: [(&str, &[&str]); 6] = [
    ("foreign_key_checks", &["0", "off", "false"]),
    ("unique_checks", &["0", "off", "false"]),
    ("session_replication_role", &["replica", "local", "'replica'", "'local'"]),
    ("ignore_check_constraints", &["1", "on", "true", "yes"]),
    ("legacy_alter_table", &["1", "on", "true", "yes"]),
    ("writable_schema", &["1", "on", "true", "yes"]),
];

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let Some((name, at)) = switched(site).filter(|(_, _, off)| *off).map(|(name, at, _)| (name, at))
        else {
            continue;
        };
        let later = &context.cell(site)[context.before_in_cell(site).len() + 1..];
        if later.iter().filter_map(switched).any(|(again, _, off)| again == name && !off) {
            continue;
        }
        findings.push(
            site.finding(&RULE, at, format!("`{name}` is not switched back in this cell"))
                .label("every later cell of this invocation runs without it, and none of the next one")
                .help("switch it back at the end of the cell, and verify what was not checked"),
        );
    }
    findings
}

/// The setting that a statement is about, where it stands, and whether it leaves rows unprotected.
fn switched(site: &Site<'_>) -> Option<(&'static str, Range<usize>, bool)> {
    if !matches!(site.kind(), "set" | "pragma" | "reset") {
        return None;
    }
    let words = &site.words;
    let named = |at: usize, name: &str| {
        let text = words.text(at);
        text.trim_start_matches('@').rsplit('.').next().unwrap_or_default().eq_ignore_ascii_case(name)
    };
    for (name, off) in SETTINGS {
        // `SET LOCAL` ends with its transaction.
        let Some(at) = words.all().find(|at| named(*at, name)).filter(|_| !words.is(1, "local")) else {
            continue;
        };
        let value = ["=", ":=", "to", "("].iter().fold(at + 1, |at, mark| words.skip(at, &[mark]));
        let value = words.text(value).to_ascii_lowercase();
        return Some((name, at..at + 1, off.contains(&value.as_str())));
    }
    None
}
