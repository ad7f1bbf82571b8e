use std::collections::BTreeMap;
use std::io::Write as _;

use super::super::args::New;
use super::super::error::{CliError, Exit};
use super::super::load;
use super::super::settings;
use super::session::block_on;
use crate::backend::{self, Mode};
use crate::diagnostics::render;
use crate::dialect::Dialect;
use crate::document::ParamSpec;
use crate::plan;
use crate::report::Style;
use crate::template::{Given, Library, Template, TemplateError};

pub fn run(command: &New, style: Style) -> Result<Exit, CliError> {
    let library = Library::shipped();
    let template = library.find(&command.template).map_err(|error| refused(error, style))?;
    let mut given = load::given(&command.params)?;
    if load::can_ask() {
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
    if load::can_ask() {
        let rest: Vec<ParamSpec> = template.missing(&given).into_iter().map(|a| a.spec.clone()).collect();
        load::ask_missing(&rest, &mut given)?;
    }
    let values = template.bind(&given).map_err(|errors| CliError::Parameters { errors })?;
    let check = |document: &_, dialect, values: &_| plan::build(document, dialect, values).1;
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
    println!(
        "next: review it, then `rollbook plan {}`",
        crate::engine::shell_word(&path.display().to_string())
    );
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
    if let Some(name) = template.table_to_describe(dialect, given) {
        let table = block_on(async {
            let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
            let table = session.describe(&name).await?;
            session.close().await;
            Ok::<_, CliError>(table)
        })?;
        let Some(table) = table else {
            return Err(CliError::Template {
                message: format!("there is no table {name} in {}", target.name),
                help: Some("check `--set table=…` and `--db`".to_owned()),
            });
        };
        *given = template
            .fill(given, &table)
            .map_err(|error| CliError::Template { message: error.to_string(), help: error.hint() })?;
    }
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
