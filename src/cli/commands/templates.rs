use super::super::args::{Templates, TemplatesAction};
use super::super::error::{CliError, Exit};
use super::super::library;
use crate::dialect::Dialect;
use crate::engine::shell_word;
use crate::report::Style;
use crate::template::{Asked, Given, Origin, Template};

pub fn run(command: &Templates, style: Style) -> Result<Exit, CliError> {
    let library = library::read(style)?;
    match &command.action {
        Some(TemplatesAction::Show { name }) => {
            let template = library
                .find(name)
                .map_err(|error| CliError::Template { message: error.to_string(), help: error.hint() })?;
            show(template);
        }
        None => {
            let width = library.list().iter().map(|template| template.name.len()).max().unwrap_or(0);
            for (intent, templates) in library.by_intent() {
                println!("I want to {intent}");
                for template in templates {
                    println!(
                        "  {:<width$}  {} ({}){}",
                        template.name,
                        template.title,
                        names(&template.dialects),
                        origin(template)
                    );
                }
                println!();
            }
            println!("`rollbook templates show <name>` says what it asks and shows an example;");
            println!(
                "`rollbook new <name> --db …` writes the runbook, and looks up what the database knows."
            );
        }
    }
    Ok(Exit::Done)
}

fn names(dialects: &[Dialect]) -> String {
    dialects.iter().map(|dialect| dialect.name()).collect::<Vec<_>>().join(", ")
}

fn origin(template: &Template) -> String {
    match template.origin {
        Origin::Shipped => String::new(),
        Origin::Team => format!(" [{}]", template.file()),
        Origin::Overrides => format!(" [{}, in place of the shipped one]", template.file()),
    }
}

fn show(template: &Template) {
    println!("{}: {}{}", template.name, template.title, origin(template));
    println!("I want to {}\nfor {}", template.intent, names(&template.dialects));
    for (dialect, instead) in &template.cannot {
        println!("not for {dialect}: {instead}");
    }
    println!();
    for asked in &template.asks {
        println!("  {} ({}){}", asked.spec.name, asked.spec.kind.name(), default(asked));
        if let Some(description) = &asked.spec.description {
            println!("      {description}");
        }
        if let Some(fill) = &asked.fill {
            println!("      looked up with --db: {}", fill.what());
        }
    }
    println!("\nFor example:\n\n{}", example(template));
}

/// A command that can be typed; what `--db` answers is left out of it.
fn example(template: &Template) -> String {
    let mut lines = vec![format!("rollbook new {} --db … -o runbooks/….md", template.name)];
    for asked in template.asks.iter().filter(|asked| asked.fill.is_none()) {
        let name = &asked.spec.name;
        let value = match template.example.get(name) {
            Some(Given::Text(text)) => text.clone(),
            Some(Given::Typed(value)) => value.to_string(),
            None if asked.spec.default.is_some() => continue,
            None => "…".to_owned(),
        };
        lines.push(format!("--set {}", shell_word(&format!("{name}={value}"))));
    }
    lines.join(" \\\n    ")
}

fn default(asked: &Asked) -> String {
    match &asked.spec.default {
        None => String::new(),
        Some(serde_json::Value::String(text)) if text.is_empty() => ", may be left out".to_owned(),
        Some(serde_json::Value::Array(items)) if items.is_empty() => ", may be left out".to_owned(),
        Some(value) => format!(", default {value}"),
    }
}
