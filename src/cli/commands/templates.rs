use super::super::args::Templates;
use super::super::error::{CliError, Exit};
use crate::template::{Asked, Fill, Library, Template};

pub fn run(command: &Templates) -> Result<Exit, CliError> {
    let library = Library::shipped();
    match &command.name {
        Some(name) => {
            let template = library
                .find(name)
                .map_err(|error| CliError::Template { message: error.to_string(), help: error.hint() })?;
            show(template);
        }
        None => {
            for (intent, templates) in library.by_intent() {
                println!("I want to {intent}");
                for template in templates {
                    println!("  {:<28} {} ({})", template.name, template.title, dialects(template));
                }
            }
            println!("\n`rollbook templates <name>` shows its parameters.");
        }
    }
    Ok(Exit::Done)
}

fn dialects(template: &Template) -> String {
    template.dialects.iter().map(|dialect| dialect.name()).collect::<Vec<_>>().join(", ")
}

fn show(template: &Template) {
    println!(
        "{}: {}\nI want to {}\nfor {}\n",
        template.name,
        template.title,
        template.intent,
        dialects(template)
    );
    for asked in &template.asks {
        println!("  {} ({}){}", asked.spec.name, asked.spec.kind.name(), default(asked));
        if let Some(description) = &asked.spec.description {
            println!("      {description}");
        }
        if let Some(fill) = asked.fill {
            let what = match fill {
                Fill::PrimaryKey => "the table's primary key",
                Fill::ColumnType => "the column's type",
                Fill::ColumnNotNull => "whether the column refuses NULL",
            };
            println!("      looked up with --db: {what}");
        }
    }
    let values: Vec<String> = template
        .asks
        .iter()
        .filter(|asked| asked.spec.default.is_none() && asked.fill.is_none())
        .map(|asked| format!("--set {}=…", asked.spec.name))
        .collect();
    println!("\nrollbook new {} --db … {} -o runbooks/….md", template.name, values.join(" "));
}

fn default(asked: &Asked) -> String {
    asked.spec.default.as_ref().map_or_else(String::new, |value| format!(", default {value}"))
}
