use std::collections::BTreeMap;
use std::io::Write as _;

use super::super::args::New;
use super::super::error::{CliError, Exit};
use super::super::library;
use super::super::load;
use super::super::prompt;
use super::super::settings;
use super::session::block_on;
use crate::backend::{self, Mode};
use crate::diagnostics::render;
use crate::dialect::Dialect;
use crate::document::ParamSpec;
use crate::engine::shell_word;
use crate::plan;
use crate::report::Style;
use crate::rules;
use crate::template::{Given, Known, Origin, Template, TemplateError};

pub fn run(command: &New, style: Style) -> Result<Exit, CliError> {
    let library = library::read(style)?;
    let template = library.find(&command.template).map_err(|error| refused(error, style))?;
    if template.origin == Origin::Overrides {
        eprintln!("note: {} takes the place of the shipped template {}", template.file(), template.name);
    }
    let mut given = load::given(&command.params)?;
    if prompt::can_ask() {
        // What a database can answer is not asked for, so only the rest comes before it is.
        let first: Vec<ParamSpec> = template
            .missing(&given)
            .into_iter()
            .filter(|a| a.fill.is_none())
            .map(|a| a.spec.clone())
            .collect();
        load::ask_missing(&first, &mut given)?;
    }
    let dialect = match &command.db {
        Some(db) => look_up(db, template, &mut given)?,
        None => command.dialect.or(only(&template.dialects)).ok_or_else(|| CliError::WhichDialect {
            written: template.dialects.iter().map(|d| d.name()).collect::<Vec<_>>().join(", "),
        })?,
    };
    if prompt::can_ask() {
        let rest: Vec<ParamSpec> = template.missing(&given).into_iter().map(|a| a.spec.clone()).collect();
        load::ask_missing(&rest, &mut given)?;
    }
    let values = template.bind(&given).map_err(|errors| CliError::Parameters { errors })?;
    let levels = settings::levels()?;
    let check = |document: &_, dialect, values: &_| {
        let (plan, mut findings) = plan::build(document, dialect, values);
        findings.extend(plan.into_iter().flat_map(|plan| rules::check(document, &[plan], &levels)));
        findings
    };
    let written = template.render(dialect, &values, &check).map_err(|error| refused(error, style))?;
    let Some(path) = &command.output else {
        print!("{}", written.text);
        return Ok(Exit::Done);
    };
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AlreadyExists => CliError::Exists { path: path.clone() },
        _ => CliError::Write { path: path.clone(), source },
    };
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(written.text.as_bytes()).map_err(failed)?;
    println!("{} is written from template {}", path.display(), template.name);
    let file = shell_word(&path.display().to_string());
    let db = command.db.as_deref().map(settings::shown).map(|db| format!(" --db {}", shell_word(&db)));
    println!("next: review it, then `rollbook plan {file}{}`", db.unwrap_or_default());
    Ok(Exit::Done)
}

fn only(dialects: &[Dialect]) -> Option<Dialect> {
    match dialects {
        [dialect] => Some(*dialect),
        _ => None,
    }
}

/// Fills in what the target knows: keys and types of the table.
fn look_up(db: &str, template: &Template, given: &mut BTreeMap<String, Given>) -> Result<Dialect, CliError> {
    let target = settings::resolve(db)?;
    let dialect = target.address.dialect();
    let names = template.tables_to_describe(dialect, given);
    if names.is_empty() {
        return Ok(dialect);
    }
    let tables = block_on(async {
        let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
        let mut tables = BTreeMap::new();
        for (parameter, name) in &names {
            let Some(table) = session.describe(name).await? else {
                return Err(CliError::Template {
                    message: format!("there is no table {name} in {}", target.name),
                    help: Some(format!("check `--set {parameter}=…` and `--db`")),
                });
            };
            let around = session.surroundings(name).await?;
            tables.insert(parameter.clone(), Known { table, around });
        }
        session.close().await;
        Ok::<_, CliError>(tables)
    })?;
    *given = template
        .fill(given, &tables)
        .map_err(|error| CliError::Template { message: error.to_string(), help: error.hint() })?;
    Ok(dialect)
}

fn refused(error: TemplateError, style: Style) -> CliError {
    match &error {
        TemplateError::Findings { diagnostics, .. } => {
            eprint!("{}", render::full(diagnostics, style == Style::Ansi))
        }
        TemplateError::Render { diagnostic, .. } => {
            eprint!("{}", render::full(&[(**diagnostic).clone()], style == Style::Ansi));
        }
        _ => {}
    }
    CliError::Template { message: error.to_string(), help: error.hint() }
}
