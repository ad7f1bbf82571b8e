//! A runbook on its way from a template to a file: what is known of it so far.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::{CliError, Missing};
use super::settings::{self, ResolvedTarget};
use super::world::World;
use crate::diagnostics::render;
use crate::dialect::Dialect;
use crate::plan;
use crate::report::Style;
use crate::rules;
use crate::template::{Asked, Given, ParameterError, Template, TemplateError, Written};

/// Where names and types are looked up.
#[derive(Clone, Debug)]
pub enum Place {
    /// Nobody has said yet.
    Open,
    /// A URL is to be given.
    ToType,
    Nowhere,
    At(Box<ResolvedTarget>),
}

#[derive(Clone, Debug)]
pub struct Draft<'a> {
    pub template: Option<&'a Template>,
    pub place: Place,
    /// The engine that somebody named.
    pub said: Option<Dialect>,
    pub given: BTreeMap<String, Given>,
    pub output: Option<PathBuf>,
}

impl Draft<'_> {
    pub fn target(&self) -> Option<&ResolvedTarget> {
        match &self.place {
            Place::At(target) => Some(target),
            _ => None,
        }
    }

    /// The engine to write for: the target's, else the one that was named, else the template's only one.
    pub fn dialect(&self) -> Option<Dialect> {
        let only = || match &self.template?.dialects[..] {
            [dialect] => Some(*dialect),
            _ => None,
        };
        self.target().map(|target| target.address.dialect()).or(self.said).or_else(only)
    }

    /// What was given, and what the target answers for the rest.
    pub fn filled(&self, world: &World) -> Result<BTreeMap<String, Given>, CliError> {
        let (Some(template), Some(target)) = (self.template, self.target()) else {
            return Ok(self.given.clone());
        };
        let mut tables = BTreeMap::new();
        for (parameter, name) in template.tables_to_describe(target.address.dialect(), &self.given) {
            let Some(known) = world.table(target, &name)? else {
                return Err(CliError::Template {
                    message: format!("there is no table {name} in {}", target.name),
                    help: Some(format!("check `--set {parameter}=…` and `--db`")),
                });
            };
            tables.insert(parameter, known);
        }
        template
            .fill(&self.given, &tables)
            .map_err(|error| CliError::Template { message: error.to_string(), help: error.hint() })
    }

    /// What must be given before a runbook can be written, by the flag that gives it. What the target would
    /// answer, once the table is known, is not among it.
    pub fn missing(&self, filled: &BTreeMap<String, Given>) -> Vec<Missing> {
        let mut missing = Vec::new();
        let Some(template) = self.template else {
            missing.push(Missing::new("<template>", "the change; `rollbook templates` lists them"));
            if self.dialect().is_none() {
                missing
                    .push(Missing::new("--db <URL|NAME>", "the target; without one, `--dialect <engine>`"));
            }
            return missing;
        };
        if self.dialect().is_none() {
            let engines: Vec<&str> = template.dialects.iter().map(|dialect| dialect.name()).collect();
            let what = format!(
                "the target, which knows types and keys; without one, `--dialect {}`",
                engines.join("|")
            );
            missing.push(Missing::new("--db <URL|NAME>", &what));
        }
        let waits = |asked: &Asked| {
            let of = asked.fill.as_ref().map(|fill| fill.table());
            let nameless = of.is_some_and(|of| !filled.contains_key(of));
            nameless && (self.target().is_some() || self.dialect().is_none())
        };
        for asked in template.missing(filled) {
            let about = asked.spec.description.as_deref().unwrap_or_default();
            let about =
                if waits(asked) { format!("{about} (looked up with --db)") } else { about.to_owned() };
            if !(waits(asked) && self.target().is_some()) {
                missing.push(Missing::new(&format!("--set {}=…", asked.spec.name), &about));
            }
        }
        missing
    }

    /// What is missing and what is wrong, all at once.
    pub fn incomplete(&self, filled: &BTreeMap<String, Given>) -> CliError {
        let wrong = self.template.and_then(|template| template.bind(filled).err()).unwrap_or_default();
        CliError::Incomplete {
            missing: self.missing(filled),
            wrong: wrong
                .into_iter()
                .filter(|error| !matches!(error, ParameterError::Missing { .. }))
                .collect(),
            template: self.template.map(|template| template.name.clone()),
        }
    }

    /// The runbook for these values, which pass `check` without a finding.
    pub fn render(&self, filled: &BTreeMap<String, Given>) -> Result<Written, DraftError> {
        let (Some(template), Some(dialect)) = (self.template, self.dialect()) else {
            return Err(self.incomplete(filled).into());
        };
        let values = template.bind(filled).map_err(|errors| CliError::Parameters { errors })?;
        let levels = settings::levels()?;
        let check = |document: &_, dialect, values: &_| {
            let (plan, mut findings) = plan::build(document, dialect, values);
            findings.extend(plan.into_iter().flat_map(|plan| rules::check(document, &[plan], &levels)));
            findings
        };
        template.render(dialect, &values, &check).map_err(DraftError::Template)
    }
}

/// Why there is no runbook.
pub enum DraftError {
    Cli(CliError),
    Template(TemplateError),
}

impl From<CliError> for DraftError {
    fn from(error: CliError) -> Self {
        Self::Cli(error)
    }
}

impl DraftError {
    /// Prints what is wrong with the text that was not written, and returns the error.
    pub fn told(self, style: Style) -> CliError {
        match self {
            Self::Cli(error) => error,
            Self::Template(error) => refused(error, style),
        }
    }
}

pub fn refused(error: TemplateError, style: Style) -> CliError {
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

/// Writes a file that is not there yet.
pub fn write(path: &Path, text: &str) -> Result<(), CliError> {
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AlreadyExists => CliError::Exists { path: path.to_path_buf() },
        _ => CliError::Write { path: path.to_path_buf(), source },
    };
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}
