use super::super::args::{Rules, RulesAction};
use super::super::error::{CliError, Exit};
use super::super::settings;
use crate::diagnostics::Level;
use crate::dialect::Dialect;
use crate::report::Style;
use crate::rules::{self, Levels, Rule};

pub fn run(command: &Rules, style: Style) -> Result<Exit, CliError> {
    let levels = settings::levels()?;
    match &command.action {
        None => list(&levels, style),
        Some(RulesAction::Explain { rule }) => {
            let rule = rules::find(rule).map_err(|source| CliError::UnknownRule { source })?;
            explain(rule, &levels);
        }
    }
    Ok(Exit::Done)
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
