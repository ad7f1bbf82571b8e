//! Renders a template as a whole document, and returns it only if it is the runbook that the template
//! means.
//!
//! Here a value stands in the text before it is parsed, which nothing else in Rollbook allows. So a
//! value is admitted first ([`admit`]), then the document must have the same [`Shape`] as one from
//! harmless values, and last it must pass the caller's check like any other runbook.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};

use super::admit::{Unfit, admit, harmless};
use super::fragment::{Fragment, refuse};
use super::header::header_of;
use super::library::{ENDING, Files};
use super::pattern::Template;
use super::shape::{Shape, shape};
use super::traced::{Marked, Place};
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
    #[error("{dialect} cannot do what template `{template}` is for")]
    Cannot { template: String, dialect: Dialect, instead: String },
    /// The values are those of another template.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error("parameter `{parameter}` {source}")]
    Unfit { parameter: String, description: Option<String>, source: Unfit },
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
            Self::Cannot { instead, .. } => Some(instead.clone()),
            Self::Unfit { description: Some(what), parameter, .. } => Some(format!(
                "`{parameter}` is the {what}; write the runbook with a plain value, then edit the file by hand"
            )),
            Self::Unfit { .. } | Self::Reshapes { .. } | Self::ReshapesTogether => {
                Some("write the runbook with a plain value, then edit the file by hand".to_owned())
            }
            _ => None,
        }
    }
}

impl Template {
    /// Whether the template is written for an engine, and otherwise what to do there instead.
    pub fn is_for(&self, dialect: Dialect) -> Result<(), TemplateError> {
        if let Some((_, instead)) = self.cannot.iter().find(|(other, _)| *other == dialect) {
            let instead = instead.clone();
            return Err(TemplateError::Cannot { template: self.name.clone(), dialect, instead });
        }
        if !self.dialects.contains(&dialect) {
            let known = self.dialects.clone();
            return Err(TemplateError::Dialect { template: self.name.clone(), dialect, known });
        }
        Ok(())
    }

    /// The runbook for these values, which [`Template::bind`] has made.
    pub fn render(
        &self,
        dialect: Dialect,
        values: &Values,
        check: Check<'_>,
    ) -> Result<Written, TemplateError> {
        self.is_for(dialect)?;
        for asked in &self.asks {
            let name = &asked.spec.name;
            let kind = asked.spec.kind.name();
            let value =
                values.get(name).ok_or_else(|| ParameterError::Missing { name: name.clone(), kind })?;
            admit(asked, dialect, value).map_err(|source| TemplateError::Unfit {
                parameter: name.clone(),
                description: asked.spec.description.clone(),
                source,
            })?;
        }
        let drawn = self.draw(dialect, values, None)?;
        let model = self.shape_of(dialect, &self.with_harmless(values, |_| true)?)?;
        if self.shape_of(dialect, values)? != model {
            return Err(self.culprit(dialect, values, &model)?);
        }
        match self.examine(dialect, &drawn.text, check) {
            Ok(id) => Ok(Written { id, text: drawn.text }),
            Err(mut diagnostics) => {
                self.point_at_the_template(dialect, values, &mut diagnostics)?;
                Err(TemplateError::Findings { template: self.name.clone(), diagnostics })
            }
        }
    }

    /// The parameter whose value, among harmless ones, spoils the document.
    fn culprit(
        &self,
        dialect: Dialect,
        values: &Values,
        model: &Shape,
    ) -> Result<TemplateError, TemplateError> {
        for asked in &self.asks {
            let name = &asked.spec.name;
            let alone = self.with_harmless(values, |other| other != name)?;
            if self.shape_of(dialect, &alone)? != *model {
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

    fn shape_of(&self, dialect: Dialect, values: &Values) -> Result<Shape, TemplateError> {
        let text = self.draw(dialect, values, None)?.text;
        let document = document::parse(&Source::new(format!("{}.md", self.name), text)).document;
        let values = Values::bind(&document.front.params, &BTreeMap::new()).unwrap_or_default();
        Ok(shape(&document, dialect, &values))
    }

    /// The document's id, or what is wrong with it. A generated runbook has no finding above a note.
    fn examine(&self, dialect: Dialect, text: &str, check: Check<'_>) -> Result<String, Diagnostics> {
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
        if diagnostics.is_empty() { Ok(document.front.id) } else { Err(diagnostics) }
    }

    /// Says in each finding which line of which template wrote the text, and from which parameters.
    fn point_at_the_template(
        &self,
        dialect: Dialect,
        values: &Values,
        diagnostics: &mut Diagnostics,
    ) -> Result<(), TemplateError> {
        let marked = Marked::of(&self.files, |name| plain_text(&self.files, name).unwrap_or_default());
        let drawn = self.draw(dialect, values, Some(&marked))?;
        for finding in diagnostics {
            let line = finding.source.position(finding.span.start).line;
            let Some(Some(place)) = drawn.places.get(line - 1) else { continue };
            let Some(source) = self.files.get(&place.file) else { continue };
            let text = source.slice(source.line(place.line));
            let used: Vec<String> = self
                .asks
                .iter()
                .map(|asked| &asked.spec.name)
                .filter(|name| text.contains("{{") && words(text).any(|word| word == **name))
                .map(|name| format!("`{name}`"))
                .collect();
            let from = if used.is_empty() { String::new() } else { format!(", from {}", used.join(", ")) };
            let said = format!("written by line {} of {}{from}", place.line, source.name());
            finding.note = Some(match finding.note.take() {
                Some(note) => format!("{note}\n{said}"),
                None => said,
            });
        }
        Ok(())
    }

    /// The runbook's text; with marks, also which line of which template wrote each of its lines.
    fn draw(
        &self,
        dialect: Dialect,
        values: &Values,
        marked: Option<&Marked>,
    ) -> Result<Drawn, TemplateError> {
        let name = format!("{}{ENDING}", self.name);
        let rendered = render(&self.files, &name, dialect, values, marked);
        match rendered {
            Ok(text) => Ok(tidy(&text, marked)),
            Err(error) => Err(self.explain(&error)),
        }
    }

    fn explain(&self, error: &Error) -> TemplateError {
        // An error in a part is wrapped by one in what includes it.
        let mut innermost = error;
        while let Some(inner) =
            std::error::Error::source(innermost).and_then(|inner| inner.downcast_ref::<Error>())
        {
            innermost = inner;
        }
        let message = innermost.detail().map_or_else(|| innermost.kind().to_string(), str::to_owned);
        if let Some(refused) = message.strip_prefix(REFUSED) {
            return TemplateError::Refused { message: refused.to_owned() };
        }
        let source = innermost.name().and_then(|name| self.files.get(name)).unwrap_or(&self.source);
        let length = source.text().len();
        let span = innermost.range().map_or(Span::new(0, length.min(3)), |range| {
            let (start, end) = (range.start.min(length), range.end.min(length));
            Span::new(start, end.max(start))
        });
        let diagnostic = Diagnostic::error("template", source, span, message);
        TemplateError::Render { template: self.name.clone(), diagnostic: Box::new(diagnostic) }
    }
}

/// A runbook's text, and for each line where it comes from, if that was asked for.
struct Drawn {
    text: String,
    places: Vec<Option<Place>>,
}

/// No blanks at the ends of lines, and no two blank lines one after the other: what a tag leaves behind
/// is nobody's text.
fn tidy(rendered: &str, marked: Option<&Marked>) -> Drawn {
    let (rendered, origins) = match marked {
        Some(marked) => marked.read(rendered),
        None => (rendered.to_owned(), Vec::new()),
    };
    let mut drawn = Drawn { text: String::with_capacity(rendered.len()), places: Vec::new() };
    let mut blank = true;
    for (number, line) in rendered.lines().enumerate() {
        let line = line.trim_end();
        // The end of a cell, whose SQL a macro wrote.
        if line == "```" && drawn.text.ends_with("\n\n") {
            drawn.text.pop();
            drawn.places.pop();
        }
        if line.is_empty() && blank {
            continue;
        }
        blank = line.is_empty();
        drawn.text.push_str(line);
        drawn.text.push('\n');
        drawn.places.push(origins.get(number).cloned().flatten());
    }
    if drawn.text.ends_with("\n\n") {
        drawn.text.pop();
    }
    drawn
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// Tells the template's own refusal of a combination of values from an error in the template.
const REFUSED: &str = "\u{FDD0}refused: ";

/// A file's text with its header blanked, so that places in it stay what they are in the file.
fn plain_text(files: &Files, name: &str) -> Option<String> {
    let text = files.get(name)?.text();
    let body = match header_of(text) {
        Some(header) if name.ends_with(ENDING) => header.end + "---\n".len(),
        _ => 0,
    };
    let blank = text[..body].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' });
    Some(blank.chain(text[body..].chars()).collect())
}

fn render(
    files: &Files,
    name: &str,
    dialect: Dialect,
    values: &Values,
    marked: Option<&Marked>,
) -> Result<String, Error> {
    let mut context: BTreeMap<&str, Value> = BTreeMap::new();
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
    // What a macro or a block has written is text of the template, which the formatter lets through;
    // nothing but them may make such text.
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    for filter in ["safe", "escape", "e", "tojson", "urlencode"] {
        env.remove_filter(filter);
    }
    // Macros of a part see what is global, and no parameter.
    env.add_global("dialect", dialect.name());
    for known in Dialect::ALL {
        env.add_global(known.name(), known == dialect);
    }
    env.add_function("refuse", |message: String| -> Result<Value, Error> {
        Err(refuse(format!("{REFUSED}{message}")))
    });
    spelling::add_filters(&mut env, dialect);
    env.set_formatter(|out, _, value| {
        out.write_str(&spelling::plain(value)?)?;
        Ok(())
    });
    let texts: BTreeMap<String, String> = files
        .iter()
        .filter_map(|(name, _)| {
            let text = match marked {
                Some(marked) => marked.text(name).map(str::to_owned),
                None => plain_text(files, name),
            };
            Some((name.to_owned(), text?))
        })
        .collect();
    env.set_loader(move |name| Ok(texts.get(name).cloned()));
    env.get_template(name)?.render(context)
}
