//! Renders a template as a whole document, and returns it only if it is the runbook that the template
//! means.
//!
//! Here a value stands in the text before it is parsed, which nothing else in Rollbook allows. So a
//! value is admitted first ([`admit`]), then the document must have the same [`Shape`] as one from
//! harmless values, and last it must pass the caller's check like any other runbook.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, UndefinedBehavior};

use super::admit::{Unfit, admit, harmless};
use super::fragment::{Fragment, refuse};
use super::pattern::Template;
use super::shape::{Shape, shape};
use super::{Given, ParameterError, Values, spelling};
use crate::diagnostics::{Diagnostic, Diagnostics, Level};
use crate::dialect::Dialect;
use crate::document::{self, Document};
use crate::source::{Source, Span};

/// Plans a document and returns what is wrong with it. Planning is a later layer than this one.
pub type Check<'a> = &'a dyn Fn(&Document, Dialect, &Values) -> Diagnostics;

/// A runbook that a template has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The runbook's id, from which its file is named.
    pub id: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TemplateError {
    #[error("there is no template `{name}`")]
    Unknown { name: String, suggestion: Option<String>, known: Vec<String> },
    #[error("template `{template}` is not written for {dialect}")]
    Dialect { template: String, dialect: Dialect, known: Vec<Dialect> },
    /// The values are those of another template.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error("parameter `{parameter}` {source}")]
    Unfit { parameter: String, source: Unfit },
    /// The diagnostic points at the template.
    #[error("template `{template}` cannot be rendered: {}", diagnostic.message)]
    Render { template: String, diagnostic: Box<Diagnostic> },
    #[error("{}", .message)]
    Refused { message: String },
    #[error("the value of parameter `{parameter}` would change what the runbook's cells are")]
    Reshapes { parameter: String },
    #[error("the values together would change what the runbook's cells are")]
    ReshapesTogether,
    /// The diagnostics point at the text that was not written.
    #[error("the runbook that template `{template}` gives for these values has findings")]
    Findings { template: String, diagnostics: Diagnostics },
}

impl TemplateError {
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { suggestion: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::Unknown { known, .. } => Some(format!("templates: {}", known.join(", "))),
            Self::Dialect { known, .. } => {
                let names: Vec<&str> = known.iter().map(|dialect| dialect.name()).collect();
                Some(format!("it is written for {}", names.join(" and ")))
            }
            Self::Unfit { .. } | Self::Reshapes { .. } | Self::ReshapesTogether => {
                Some("write the runbook with a plain value, then edit the file by hand".to_owned())
            }
            _ => None,
        }
    }
}

impl Template {
    /// The runbook for these values, which [`Template::bind`] has made.
    pub fn render(
        &self,
        dialect: Dialect,
        values: &Values,
        check: Check<'_>,
    ) -> Result<Written, TemplateError> {
        if !self.dialects.contains(&dialect) {
            let known = self.dialects.clone();
            return Err(TemplateError::Dialect { template: self.name.clone(), dialect, known });
        }
        for asked in &self.asks {
            let name = &asked.spec.name;
            let kind = asked.spec.kind.name();
            let value =
                values.get(name).ok_or_else(|| ParameterError::Missing { name: name.clone(), kind })?;
            admit(asked, dialect, value)
                .map_err(|source| TemplateError::Unfit { parameter: name.clone(), source })?;
        }
        let model = self.shape_of(dialect, &self.with_harmless(values, |_| true)?, check)?;
        let text = self.text(dialect, values)?;
        match self.examine(dialect, &text, check) {
            Ok((id, found)) if found == model => Ok(Written { id, text }),
            Ok(_) => Err(self.culprit(dialect, values, &model, check)?),
            Err(diagnostics) => match self.culprit(dialect, values, &model, check)? {
                // No value alone is to blame, so the findings say more.
                TemplateError::ReshapesTogether => {
                    Err(TemplateError::Findings { template: self.name.clone(), diagnostics })
                }
                error => Err(error),
            },
        }
    }

    /// The parameter whose value, among harmless ones, spoils the document.
    fn culprit(
        &self,
        dialect: Dialect,
        values: &Values,
        model: &Shape,
        check: Check<'_>,
    ) -> Result<TemplateError, TemplateError> {
        for asked in &self.asks {
            let name = &asked.spec.name;
            let alone = self.with_harmless(values, |other| other != name)?;
            if self.shape_of(dialect, &alone, check).as_ref() != Ok(model) {
                return Ok(TemplateError::Reshapes { parameter: name.clone() });
            }
        }
        Ok(TemplateError::ReshapesTogether)
    }

    /// The values, those that `replaced` names made harmless.
    fn with_harmless(
        &self,
        values: &Values,
        replaced: impl Fn(&String) -> bool,
    ) -> Result<Values, TemplateError> {
        let mut given = BTreeMap::new();
        let mut specs = self.specs();
        for (asked, spec) in self.asks.iter().zip(&mut specs) {
            let Some(value) = values.get(&spec.name) else { continue };
            let value = if replaced(&spec.name) { harmless(asked, value) } else { value.clone() };
            given.insert(spec.name.clone(), Given::Typed(value));
            // It is the template's own value: no pattern was written for it.
            spec.pattern = None;
        }
        Values::bind(&specs, &given).map_err(|mut errors| errors.swap_remove(0).into())
    }

    fn shape_of(&self, dialect: Dialect, values: &Values, check: Check<'_>) -> Result<Shape, TemplateError> {
        let text = self.text(dialect, values)?;
        let examined = self.examine(dialect, &text, check);
        examined
            .map(|(_, shape)| shape)
            .map_err(|diagnostics| TemplateError::Findings { template: self.name.clone(), diagnostics })
    }

    /// The document's id and shape, or what is wrong with it. A generated runbook has no finding
    /// above a note.
    fn examine(
        &self,
        dialect: Dialect,
        text: &str,
        check: Check<'_>,
    ) -> Result<(String, Shape), Diagnostics> {
        let source = Source::new(format!("{}.md", self.name), text);
        let parsed = document::parse(&source);
        let mut diagnostics = parsed.diagnostics;
        let document = parsed.document;
        // A parameter of the runbook that the template gives no default is asked for when it runs.
        let values = Values::bind(&document.front.params, &BTreeMap::new()).unwrap_or_default();
        if !diagnostics.iter().any(|finding| finding.level == Level::Error) {
            diagnostics.extend(check(&document, dialect, &values));
        }
        // A note may be about a value: a name that needs quotes is still the user's choice.
        diagnostics.retain(|finding| finding.level != Level::Note);
        if diagnostics.is_empty() {
            let shape = shape(&document, dialect, &values);
            Ok((document.front.id, shape))
        } else {
            Err(diagnostics)
        }
    }

    fn text(&self, dialect: Dialect, values: &Values) -> Result<String, TemplateError> {
        let body = self.source.slice(self.body);
        render(body, dialect, values).map_err(|error| {
            let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            if let Some(refused) = message.strip_prefix(REFUSED) {
                return TemplateError::Refused { message: refused.to_owned() };
            }
            let span = error.range().map_or(self.body, |range| {
                let (start, end) = (range.start.min(body.len()), range.end.min(body.len()));
                Span::new(start, end.max(start)).shifted(self.body.start)
            });
            let diagnostic = Diagnostic::error("template", &Arc::clone(&self.source), span, message);
            TemplateError::Render { template: self.name.clone(), diagnostic: Box::new(diagnostic) }
        })
    }
}

/// Tells the template's own refusal of a combination of values from an error in the template.
const REFUSED: &str = "\u{FDD0}refused: ";

fn render(body: &str, dialect: Dialect, values: &Values) -> Result<String, Error> {
    let mut context: BTreeMap<&str, Value> = BTreeMap::new();
    context.insert("dialect", Value::from(dialect.name()));
    // Stays what it is: a cell's own expression, rendered when the runbook is planned.
    let batch = Fragment { sql: "{{ batch }}".to_owned(), raw: false };
    context.insert("batch", Value::from_object(batch));
    for (name, value) in values.iter() {
        context.insert(name, Value::from(Serde(value)));
    }
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_debug(true);
    env.set_syntax(
        SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build()?,
    );
    env.add_function("refuse", |message: String| -> Result<Value, Error> {
        Err(refuse(format!("{REFUSED}{message}")))
    });
    spelling::add_filters(&mut env, dialect);
    env.set_formatter(|out, _, value| {
        out.write_str(&spelling::plain(value)?)?;
        Ok(())
    });
    env.template_from_named_str("template", body)?.render(context)
}
