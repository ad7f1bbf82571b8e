//! The header of a template: what it is for, and what it asks.
//!
//! A template whose text begins with `{% extends "…" %}` takes from the other one's header what its own
//! leaves out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Given;
use super::fill::{Fact, Fill};
use super::library::{ENDING, Files};
use super::pattern::{Asked, Form, Origin, Template};
use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::dialect::Dialect;
use crate::document::fields::{Field, Fields, wrong_type};
use crate::document::findings::Findings;
use crate::document::read_parameters;
use crate::document::yaml::{Excerpt, Node, Value};
use crate::source::{Source, Span};

const KEYS: [&str; 8] = ["template", "name", "title", "intent", "dialects", "cannot", "params", "example"];

impl Template {
    /// Reads a template's file: a header between two `---` lines, then the runbook's text.
    ///
    /// `name` is that of a file among `files`.
    pub(super) fn read(name: &str, files: &Files) -> Result<Self, Diagnostics> {
        read_below(name, files, &mut Vec::new())
    }
}

/// `below` are the files that extend this one, by which a circle is found.
fn read_below(name: &str, files: &Files, below: &mut Vec<String>) -> Result<Template, Diagnostics> {
    let source = files.get(name).expect("the caller names a file that is there");
    let mut findings = Findings::new(source);
    let template = read(source, files, below, &mut findings);
    let wanted = name.trim_start_matches("shipped/").trim_end_matches(ENDING);
    if let Some(template) = template.as_ref().filter(|template| template.name != wanted) {
        let message = format!("the template is named `{}`, and its file `{name}`", template.name);
        let finding = findings.error("template-name", Span::new(0, 3), message);
        findings.push(finding.help(format!("write `name: {wanted}`, or rename the file")));
    }
    match template.filter(|_| findings.diagnostics.is_empty()) {
        Some(template) => Ok(template),
        None => Err(findings.diagnostics),
    }
}

/// The header's YAML: what stands between the two lines.
pub(super) fn header_of(text: &str) -> Option<Span> {
    text.strip_prefix("---\n").and_then(|rest| rest.find("\n---\n").map(|at| Span::new(4, at + 5)))
}

/// The file that the text extends.
fn extended(body: &str) -> Option<&str> {
    let tag = body.trim_start().strip_prefix("{%")?.trim_start_matches('-').trim_start();
    let rest = tag.strip_prefix("extends")?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split(quote).next()
}

fn read(
    source: &Arc<Source>,
    files: &Files,
    below: &mut Vec<String>,
    findings: &mut Findings,
) -> Option<Template> {
    let text = source.text();
    let Some(header) = header_of(text) else {
        let first = source.line(1);
        findings.push(findings.error("missing-header", first, "the template has no header").help(
            "start it with `---`, the keys `template: 1`, `name`, `title`, `intent`, `dialects`, and `---`",
        ));
        return None;
    };
    let parent = match extended(text[header.end..].trim_start_matches("---\n")) {
        Some(name) => parent(name, source, header, files, below, findings)?,
        None => None,
    };
    let mut excerpt = Excerpt::default();
    excerpt.push(source, header);
    let root = excerpt.parse(source, &mut findings.diagnostics)?;
    let fields = Fields::read(&root, "the header", &KEYS, findings)?;
    let mut missing = |key: &str| {
        findings.push(findings.error("missing-key", Span::new(0, 3), format!("the header has no `{key}`")));
    };
    let (version, name) = (fields.get("template"), fields.get("name"));
    if version.is_none() {
        missing("template");
    }
    if name.is_none() {
        missing("name");
    }
    for key in ["title", "intent", "dialects"] {
        if parent.is_none() && fields.get(key).is_none() {
            missing(key);
        }
    }
    if let Some(version) = version.filter(|version| version.node.value != Value::Integer(1)) {
        findings.push(
            findings
                .error(
                    "unknown-version",
                    version.node.span,
                    "this version of Rollbook reads templates of format 1 only",
                )
                .help("write `template: 1`"),
        );
    }
    let own = |key: &str, findings: &mut Findings| fields.text(key, findings).map(str::to_owned);
    let title = own("title", findings).or_else(|| parent.as_ref().map(|parent| parent.title.clone()));
    let intent = own("intent", findings).or_else(|| parent.as_ref().map(|parent| parent.intent.clone()));
    let dialects = match (fields.get("dialects"), &parent) {
        (Some(field), _) => read_dialects(field, findings),
        (None, Some(parent)) => parent.dialects.clone(),
        (None, None) => Vec::new(),
    };
    let mut cannot = fields.get("cannot").map(|field| read_cannot(field, findings)).unwrap_or_default();
    let mut asks = fields.get("params").map(|field| read_asks(field, findings)).unwrap_or_default();
    let mut example = fields.get("example").map(|field| read_example(field, findings)).unwrap_or_default();
    if let Some(parent) = parent {
        let own = std::mem::replace(&mut asks, parent.asks);
        for asked in own {
            match asks.iter_mut().find(|other| other.spec.name == asked.spec.name) {
                Some(other) => *other = asked,
                None => asks.push(asked),
            }
        }
        for (dialect, why) in parent.cannot {
            if !cannot.iter().any(|(own, _)| *own == dialect) && !dialects.contains(&dialect) {
                cannot.push((dialect, why));
            }
        }
        example = parent.example.into_iter().chain(example).collect();
    }
    Some(Template {
        name: name?.text(findings)?.to_owned(),
        title: title?,
        intent: intent?,
        dialects,
        cannot,
        asks,
        example,
        origin: Origin::Shipped,
        source: Arc::clone(source),
        files: files.clone(),
    })
}

/// The template that this one extends, if it is one: a part has no header to take anything from.
fn parent(
    name: &str,
    source: &Arc<Source>,
    header: Span,
    files: &Files,
    below: &mut Vec<String>,
    findings: &mut Findings,
) -> Option<Option<Template>> {
    let at = source.text()[header.end..].find(name).map_or(0, |at| header.end + at);
    let span = Span::new(at, at + name.len());
    let Some(found) = files.get(name) else {
        let known = files.iter().map(|(name, _)| name);
        let help = did_you_mean(name, known).map_or_else(
            || "name a file below a template folder".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        findings.push(
            findings.error("unknown-file", span, format!("there is no template file `{name}`")).help(help),
        );
        return None;
    };
    if std::ptr::eq(Arc::as_ptr(found), Arc::as_ptr(source)) || below.iter().any(|other| other == name) {
        let finding = findings.error("extends-itself", span, format!("`{name}` extends itself"));
        findings
            .push(finding.help(format!("write `shipped/{name}` for the file that this one stands in for")));
        return None;
    }
    if !name.ends_with(ENDING) || header_of(found.text()).is_none() {
        return Some(None);
    }
    below.push(name.to_owned());
    match read_below(name, files, below) {
        Ok(template) => Some(Some(template)),
        Err(found) => {
            findings.diagnostics.extend(found);
            None
        }
    }
}

fn read_dialects(field: Field<'_>, findings: &mut Findings) -> Vec<Dialect> {
    let Value::List(items) = &field.node.value else {
        return field.wrong(findings, "a list of dialects").unwrap_or_default();
    };
    items
        .iter()
        .filter_map(|item| match &item.value {
            Value::Text(name) => dialect(name, item.span, findings),
            _ => {
                wrong_type(findings, item, "a dialect", "text");
                None
            }
        })
        .collect()
}

fn dialect(name: &str, span: Span, findings: &mut Findings) -> Option<Dialect> {
    let found = Dialect::from_name(name);
    if found.is_none() {
        findings.push(findings.error("unknown-dialect", span, format!("there is no dialect `{name}`")));
    }
    found
}

/// `cannot: {sqlite: why, and what to do instead}`.
fn read_cannot(field: Field<'_>, findings: &mut Findings) -> Vec<(Dialect, String)> {
    let Some(fields) = Fields::open(field.node, "`cannot`", findings) else { return Vec::new() };
    let mut cannot = Vec::new();
    for field in fields.iter() {
        if let Some(dialect) = dialect(field.name, field.key, findings)
            && let Some(why) = field.text(findings)
        {
            cannot.push((dialect, why.to_owned()));
        }
    }
    cannot
}

/// Values as a person would type them.
fn read_example(field: Field<'_>, findings: &mut Findings) -> BTreeMap<String, Given> {
    let Some(fields) = Fields::open(field.node, "`example`", findings) else { return BTreeMap::new() };
    let mut example = BTreeMap::new();
    for field in fields.iter() {
        let given = match &field.node.value {
            Value::Text(text) => Given::Text(text.clone()),
            Value::Integer(number) => Given::Typed((*number).into()),
            Value::Boolean(value) => Given::Typed((*value).into()),
            _ => {
                field.wrong::<()>(findings, "a text, a whole number, `true` or `false`");
                continue;
            }
        };
        example.insert(field.name.to_owned(), given);
    }
    example
}

/// The parameters, declared as a runbook's are, each with two keys more: `from` and `form`.
fn read_asks(field: Field<'_>, findings: &mut Findings) -> Vec<Asked> {
    let mut node = field.node.clone();
    let mut extras: Vec<(String, Option<Fill>, Form)> = Vec::new();
    if let Value::Mapping(params) = &mut node.value {
        for (key, param) in params {
            let (Value::Text(name), Value::Mapping(entries)) = (&key.value, &mut param.value) else {
                continue;
            };
            let fill = take(entries, "from").and_then(|node| read_fill(&node, findings));
            let form = take(entries, "form").and_then(|node| {
                word(text_of(&node, "form", findings)?, &node, "form", &Form::NAMES, findings)
            });
            extras.push((name.clone(), fill, form.unwrap_or_default()));
        }
    }
    let specs = read_parameters(&node, findings);
    let asked = specs.into_iter().map(|spec| {
        let extra = extras.iter().find(|(name, ..)| *name == spec.name);
        Asked {
            fill: extra.and_then(|extra| extra.1.clone()),
            form: extra.map(|extra| extra.2).unwrap_or_default(),
            spec,
        }
    });
    asked.collect()
}

/// `<fact>`, or `<fact> of <parameter>`.
fn read_fill(node: &Node, findings: &mut Findings) -> Option<Fill> {
    let text = text_of(node, "from", findings)?;
    let (fact, of) = text.split_once(" of ").map_or((text, None), |(fact, of)| (fact, Some(of)));
    let fact = word(fact.trim(), node, "from", &Fact::NAMES, findings)?;
    Some(Fill { fact, of: of.map_or(fact.usual(), str::trim).to_owned() })
}

fn take(entries: &mut Vec<(Node, Node)>, name: &str) -> Option<Node> {
    let at = entries.iter().position(|(key, _)| key.value == Value::Text(name.to_owned()))?;
    Some(entries.remove(at).1)
}

fn text_of<'a>(node: &'a Node, key: &str, findings: &mut Findings) -> Option<&'a str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => {
            wrong_type(findings, node, &format!("`{key}`"), "text");
            None
        }
    }
}

fn word<T: Copy>(
    text: &str,
    node: &Node,
    key: &str,
    known: &[(&str, T)],
    findings: &mut Findings,
) -> Option<T> {
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    if found.is_none() {
        let names = known.iter().map(|(name, _)| *name);
        let help = match did_you_mean(text, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", names.collect::<Vec<_>>().join(", ")),
        };
        findings.push(
            findings.error("unknown-word", node.span, format!("`{key}` has no value `{text}`")).help(help),
        );
    }
    found
}
