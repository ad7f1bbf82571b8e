use std::io::IsTerminal as _;
use std::path::Path;

use super::super::args::New;
use super::super::dialogue;
use super::super::draft::{self, Draft, Place};
use super::super::error::{CliError, Exit};
use super::super::library;
use super::super::load;
use super::super::prompt;
use super::super::settings::{self, ResolvedTarget};
use super::super::world::World;
use crate::engine::shell_word;
use crate::report::Style;
use crate::template::{Origin, Template, Written};

pub fn run(command: &New, style: Style) -> Result<Exit, CliError> {
    let library = library::read(style)?;
    let template = command.template.as_deref().map(|name| library.find(name)).transpose();
    let template = template.map_err(|error| draft::refused(error, style))?;
    if let Some(path) = command.output.as_ref().filter(|path| path.exists()) {
        return Err(CliError::Exists { path: path.clone() });
    }
    let place = match command.db.as_deref().map(settings::resolve).transpose()? {
        Some(target) => Place::At(Box::new(target)),
        None => Place::Open,
    };
    let given = load::given(&command.params)?;
    let begun = Draft { template, place, said: command.dialect, given, output: command.output.clone() };
    if let (Some(template), Some(dialect)) = (template, begun.dialect()) {
        template.is_for(dialect).map_err(|error| draft::refused(error, style))?;
    }
    let world = World::default();
    let filled = begun.filled(&world)?;
    if begun.missing(&filled).is_empty() {
        template.iter().for_each(|template| tell_origin(template));
        let written = begun.render(&filled).map_err(|error| error.told(style))?;
        return deliver(&begun, &written);
    }
    if !prompt::can_ask() {
        return Err(begun.incomplete(&filled));
    }
    let into_file = std::io::stdout().is_terminal();
    let params = command.params.file.as_deref();
    let agreed = dialogue::hold(&library, begun, &world, params, into_file, style)?;
    agreed.draft.template.iter().for_each(|template| tell_origin(template));
    let end = deliver(&agreed.draft, &agreed.written)?;
    eprintln!("the same without a question:\n  {}", agreed.command);
    if agreed.draft.target().is_some_and(|target| target.withheld) {
        eprintln!("note: the password of the URL is left out of both commands");
    }
    Ok(end)
}

fn tell_origin(template: &Template) {
    if template.origin == Origin::Overrides {
        eprintln!("note: {} takes the place of the shipped template {}", template.file(), template.name);
    }
}

/// Writes the runbook into its file, or prints it where there is none.
fn deliver(draft: &Draft<'_>, written: &Written) -> Result<Exit, CliError> {
    let Some(path) = &draft.output else {
        print!("{}", written.text);
        return Ok(Exit::Done);
    };
    draft::write(path, &written.text)?;
    let template = draft.template.map_or("", |template| &template.name);
    println!("{} is written from template {template}", path.display());
    println!("next: review it, then `{}`", plan_command(path, draft.target()));
    Ok(Exit::Done)
}

fn plan_command(path: &Path, target: Option<&ResolvedTarget>) -> String {
    let file = shell_word(&path.display().to_string());
    let db = target.map_or_else(String::new, |target| format!(" --db {}", shell_word(&target.argument)));
    format!("rollbook plan {file}{db}")
}
