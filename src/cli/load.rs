//! Files → documents → plans.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::args::Params;
use super::error::CliError;
use super::prompt::{self, Names};
use super::settings;
use crate::diagnostics::{Diagnostics, Level, render};
use crate::dialect::Dialect;
use crate::document::{self, Document, ParamSpec, ParamType};
use crate::plan::{self, Plan};
use crate::report::Style;
use crate::rules;
use crate::source::{Source, hex};
use crate::template::{Given, Values};

/// A runbook that was read and has no errors.
pub struct Loaded {
    pub document: Document,
    pub warnings: Diagnostics,
    pub file_hash: String,
}

pub fn read_source(path: &Path) -> Result<(Arc<Source>, String), CliError> {
    let bytes = std::fs::read(path).map_err(|source| CliError::Read { path: path.to_path_buf(), source })?;
    let hash = hex(&Sha256::digest(&bytes));
    let text = String::from_utf8(bytes).map_err(|_| CliError::NotUtf8 { path: path.to_path_buf() })?;
    Ok((Source::new(path.display().to_string(), text), hash))
}

/// Reads a runbook; its errors are printed, and then it is unusable.
pub fn load(path: &Path, style: Style) -> Result<Loaded, CliError> {
    let (source, file_hash) = read_source(path)?;
    let parsed = document::parse(&source);
    refuse_errors(path, &parsed.diagnostics, style)?;
    Ok(Loaded { document: parsed.document, warnings: parsed.diagnostics, file_hash })
}

fn refuse_errors(path: &Path, findings: &Diagnostics, style: Style) -> Result<(), CliError> {
    if findings.iter().any(|finding| finding.level == Level::Error) {
        eprint!("{}", render::full(findings, style == Style::Ansi));
        return Err(CliError::Runbook { path: path.to_path_buf() });
    }
    Ok(())
}

/// What a runbook is held to. What was done already is undone and replayed whatever the rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    ByRules,
    ByForm,
    /// Nothing of it will change the database: only what is looked at must be right, and no rollback cell is.
    ToReplay,
}

/// Makes the plan; findings are printed but for notes of the rules, and errors among them end it.
pub fn plan(
    path: &Path,
    loaded: &Loaded,
    dialect: Dialect,
    values: &Values,
    judged: Judged,
    style: Style,
) -> Result<Plan, CliError> {
    let front = &loaded.document.front;
    if !front.dialects.contains(&dialect) {
        let written = names(&front.dialects);
        return Err(CliError::OtherDialect { written, target: dialect.to_string() });
    }
    let build = if judged == Judged::ToReplay { plan::build_to_replay } else { plan::build };
    let (plan, findings) = build(&loaded.document, dialect, values);
    let mut all: Diagnostics = loaded.warnings.iter().chain(&findings).cloned().collect();
    if let (Some(plan), Judged::ByRules) = (&plan, judged) {
        let said = rules::check(&loaded.document, std::slice::from_ref(plan), &settings::levels()?);
        all.extend(said.into_iter().filter(|finding| finding.level != Level::Note));
    }
    // A plan that there is in spite of errors is one without the cells that have them.
    if plan.is_none() || judged != Judged::ToReplay {
        refuse_errors(path, &all, style)?;
    }
    if !all.is_empty() {
        eprint!("{}", render::full(&all, style == Style::Ansi));
    }
    if all.iter().any(|finding| finding.level == Level::Error) {
        eprintln!(
            "note: the rollback cells are left aside; `run` and `rollback` refuse the runbook as it is"
        );
    }
    plan.ok_or_else(|| CliError::Runbook { path: path.to_path_buf() })
}

/// The one engine that the runbook is written for, unless the caller says which.
pub fn dialect_of(document: &Document, said: Option<Dialect>) -> Result<Dialect, CliError> {
    match (said, &document.front.dialects[..]) {
        (Some(dialect), _) => Ok(dialect),
        (None, [dialect]) => Ok(*dialect),
        (None, several) => Err(CliError::WhichDialect { written: names(several) }),
    }
}

fn names(dialects: &[Dialect]) -> String {
    dialects.iter().map(|dialect| dialect.name()).collect::<Vec<_>>().join(", ")
}

/// Values that the command line and a parameter file give.
pub fn given(params: &Params) -> Result<BTreeMap<String, Given>, CliError> {
    let mut given = BTreeMap::new();
    if let Some(path) = &params.file {
        let text =
            std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.clone(), source })?;
        let refuse = |reason: String| CliError::ParameterFile { path: path.clone(), reason };
        let value: Value = if path.extension().is_some_and(|ending| ending == "json") {
            serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?
        } else {
            toml::from_str(&text).map_err(|error| refuse(error.to_string()))?
        };
        let Value::Object(fields) = value else {
            return Err(refuse("the file holds no names with values".to_owned()));
        };
        given.extend(fields.into_iter().map(|(name, value)| (name, Given::Typed(value))));
    }
    for (name, text) in &params.set {
        given.insert(name.clone(), Given::Text(text.clone()));
    }
    Ok(given)
}

/// Values for a run: what is missing is asked for, where somebody can answer.
pub fn values(specs: &[ParamSpec], params: &Params) -> Result<Values, CliError> {
    let mut given = given(params)?;
    if prompt::can_ask() {
        ask_missing(specs, &mut given)?;
    }
    Values::bind(specs, &given).map_err(|errors| CliError::Parameters { errors })
}

/// A value as a person would type it.
pub fn typed(value: &Value) -> String {
    match value {
        Value::Bool(value) => if *value { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(typed).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The flag for a secret in a printed command: the shell has it, or says that it has not.
pub fn secret_argument(name: &str) -> String {
    let variable = name.replace('-', "_").to_uppercase();
    format!("--set \"{name}=${{{variable}:?}}\"")
}

/// Asks for each parameter that has neither a value nor a default; Esc goes back to the one before.
fn ask_missing(specs: &[ParamSpec], given: &mut BTreeMap<String, Given>) -> Result<(), CliError> {
    let open = |spec: &&ParamSpec| spec.default.is_none() && !given.contains_key(&spec.name);
    let open: Vec<&ParamSpec> = specs.iter().filter(open).collect();
    let mut at = 0;
    while let Some(spec) = open.get(at) {
        let answer = prompt::parameter(spec, Names::default(), &|text| prompt::judge(spec, text))?;
        at = match answer {
            Some(text) => {
                given.insert(spec.name.clone(), Given::Text(text));
                at + 1
            }
            None => at.checked_sub(1).ok_or(CliError::Interrupted)?,
        };
    }
    Ok(())
}

/// Values for looking at a runbook without running it: what is missing gets a harmless value of its
/// type, so that the SQL can be read.
pub fn sample_values(specs: &[ParamSpec], params: &Params) -> Result<Values, CliError> {
    let mut given = given(params)?;
    for spec in specs.iter().filter(|spec| spec.default.is_none()) {
        given.entry(spec.name.clone()).or_insert_with(|| Given::Typed(sample(spec, &spec.kind)));
    }
    // A sample can miss a pattern; then the type alone must do.
    let lenient: Vec<ParamSpec> = specs
        .iter()
        .cloned()
        .map(|mut spec| {
            if spec.default.is_none() && !params.set.iter().any(|(name, _)| *name == spec.name) {
                spec.pattern = None;
            }
            spec
        })
        .collect();
    Values::bind(&lenient, &given).map_err(|errors| CliError::Parameters { errors })
}

fn sample(spec: &ParamSpec, kind: &ParamType) -> Value {
    let number = spec.min.or(spec.max).unwrap_or(1.0);
    match kind {
        ParamType::String | ParamType::Identifier => Value::from("sample"),
        ParamType::Integer => Value::from(number as i64),
        ParamType::Number => Value::from(number),
        ParamType::Boolean => Value::from(true),
        ParamType::Enum(values) => Value::from(values.first().cloned().unwrap_or_default()),
        ParamType::List(item) => Value::Array(vec![sample(spec, item)]),
    }
}
