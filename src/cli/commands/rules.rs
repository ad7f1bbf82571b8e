use serde::Serialize;

use super::super::args::{Format, Rules, RulesAction};
use super::super::error::{CliError, Exit};
use super::super::settings;
use crate::diagnostics::Level;
use crate::dialect::Dialect;
use crate::report::Style;
use crate::rules::{self, Levels, Rule};

pub fn run(command: &Rules, style: Style) -> Result<Exit, CliError> {
    let levels = settings::levels()?;
    let one = match &command.action {
        None => None,
        Some(RulesAction::Explain { rule }) => {
            Some(rules::find(rule).map_err(|source| CliError::UnknownRule { source })?)
        }
    };
    match (command.format, one) {
        (Format::Text, None) => list(&levels, style),
        (Format::Text, Some(rule)) => explain(rule, &levels),
        (Format::Json, None) => println!("{}", json(&rules::all(), &levels)),
        (Format::Json, Some(rule)) => println!("{}", json(&[rule], &levels)),
    }
    Ok(Exit::Done)
}

/// The format of `rules --format json`; `schemas/rules.schema.json` describes it.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Catalogue<'a> {
    version: u32,
    rules: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'a str,
    level: &'a str,
    default_level: Level,
    /// Whether settings and cells cannot change its level.
    fixed: bool,
    dialects: Vec<&'a str>,
    summary: &'a str,
    covers: Vec<Covered<'a>>,
    page: &'a str,
}

#[derive(Serialize)]
struct Covered<'a> {
    tool: &'a str,
    rule: &'a str,
}

fn json(rules: &[&'static Rule], levels: &Levels) -> String {
    let entry = |rule: &&'static Rule| Entry {
        rule: rule.id,
        level: level(levels.of(rule)),
        default_level: rule.level,
        fixed: rule.is_fixed(),
        dialects: rule.dialects.iter().map(|dialect| dialect.name()).collect(),
        summary: rule.page().summary,
        covers: rule.covers.iter().map(|(tool, rule)| Covered { tool, rule }).collect(),
        page: rule.page,
    };
    let catalogue = Catalogue { version: VERSION, rules: rules.iter().map(entry).collect() };
    serde_json::to_string(&catalogue).expect("strings and booleans are always JSON")
}

fn list(levels: &Levels, style: Style) {
    for rule in rules::all() {
        println!("{} ({}, {})", style.bold(rule.id), level(levels.of(rule)), dialects(rule));
        println!("    {}", rule.page().summary);
    }
    println!("\n`rollbook rules explain <rule>` shows what happens, and the cells to write instead.");
}

fn explain(rule: &Rule, levels: &Levels) {
    println!("{}", rule.page.trim_end());
    println!("\n## In short\n");
    println!("- Level: {}", level(levels.of(rule)));
    println!("- Engines: {}", dialects(rule));
    if !rule.covers.is_empty() {
        let covered: Vec<String> = rule.covers.iter().map(|(tool, name)| format!("{tool} {name}")).collect();
        println!("- Covers: {}", covered.join(", "));
    }
    if rule.is_fixed() {
        println!("- What breaks it is no runbook: it is always an error.");
    } else {
        println!("- Live with it in one cell: `--| allow: {{{}: <why>}}`", rule.id);
        println!("- Change its level in rollbook.toml: `[rules]`, `{} = \"off\"`", rule.id);
    }
}

fn level(level: Option<Level>) -> &'static str {
    match level {
        Some(Level::Error) => "error",
        Some(Level::Warning) => "warning",
        Some(Level::Note) => "note",
        None => "off",
    }
}

fn dialects(rule: &Rule) -> String {
    if rule.dialects == Dialect::ALL {
        return "every engine".to_owned();
    }
    rule.dialects.iter().map(|dialect| dialect.name()).collect::<Vec<_>>().join(", ")
}
