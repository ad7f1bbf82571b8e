//! The header of a template: what it is for, and what it asks.

use std::sync::Arc;

use super::pattern::{Asked, Fill, Form, Template};
use crate::diagnostics::{Diagnostics, did_you_mean};
use crate::dialect::Dialect;
use crate::document::fields::{Field, Fields, wrong_type};
use crate::document::findings::Findings;
use crate::document::read_parameters;
use crate::document::yaml::{Excerpt, Node, Value};
use crate::source::{Source, Span};

const KEYS: [&str; 6] = ["template", "name", "title", "intent", "dialects", "params"];

impl Template {
    /// Reads a template's file: a header between two `---` lines, then the runbook's text.
    pub fn read(source: &Arc<Source>) -> Result<Self, Diagnostics> {
        let mut findings = Findings::new(source);
        let template = read(source, &mut findings);
        match template.filter(|_| findings.diagnostics.is_empty()) {
            Some(template) => Ok(template),
            None => Err(findings.diagnostics),
        }
    }
}

fn read(source: &Arc<Source>, findings: &mut Findings) -> Option<Template> {
    let text = source.text();
    let header =
        text.strip_prefix("---\n").and_then(|rest| rest.find("\n---\n").map(|at| Span::new(4, at + 5)));
    let Some(header) = header else {
        let first = source.line(1);
        findings.push(findings.error("missing-header", first, "the template has no header").help(
            "start it with `---`, the keys `template: 1`, `name`, `title`, `intent`, `dialects`, and `---`",
        ));
        return None;
    };
    let mut excerpt = Excerpt::default();
    excerpt.push(source, header);
    let root = excerpt.parse(source, &mut findings.diagnostics)?;
    let fields = Fields::read(&root, "the header", &KEYS, findings)?;
    let mut required = |key| {
        let field = fields.get(key);
        if field.is_none() {
            findings.push(findings.error(
                "missing-key",
                Span::new(0, 3),
                format!("the header has no `{key}`"),
            ));
        }
        field
    };
    let (version, name, title) = (required("template")?, required("name")?, required("title")?);
    let (intent, dialects) = (required("intent")?, required("dialects")?);
    if version.node.value != Value::Integer(1) {
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
    let asks = fields.get("params").map(|field| read_asks(field, findings)).unwrap_or_default();
    Some(Template {
        name: name.text(findings)?.to_owned(),
        title: title.text(findings)?.to_owned(),
        intent: intent.text(findings)?.to_owned(),
        dialects: read_dialects(dialects, findings),
        asks,
        source: Arc::clone(source),
        body: Span::new(header.end + 4, text.len()),
    })
}

fn read_dialects(field: Field<'_>, findings: &mut Findings) -> Vec<Dialect> {
    let Value::List(items) = &field.node.value else {
        return field.wrong(findings, "a list of dialects").unwrap_or_default();
    };
    let mut dialects = Vec::new();
    for item in items {
        match &item.value {
            Value::Text(name) if Dialect::from_name(name).is_some() => {
                dialects.extend(Dialect::from_name(name))
            }
            Value::Text(name) => {
                findings.push(findings.error(
                    "unknown-dialect",
                    item.span,
                    format!("there is no dialect `{name}`"),
                ));
            }
            _ => wrong_type(findings, item, "a dialect", "text"),
        }
    }
    dialects
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
            let fill = take(entries, "from").and_then(|node| word(&node, "from", &Fill::NAMES, findings));
            let form = take(entries, "form").and_then(|node| word(&node, "form", &Form::NAMES, findings));
            extras.push((name.clone(), fill, form.unwrap_or_default()));
        }
    }
    let specs = read_parameters(&node, findings);
    let asked = specs.into_iter().map(|spec| {
        let extra = extras.iter().find(|(name, ..)| *name == spec.name);
        Asked {
            fill: extra.and_then(|extra| extra.1),
            form: extra.map(|extra| extra.2).unwrap_or_default(),
            spec,
        }
    });
    asked.collect()
}

fn take(entries: &mut Vec<(Node, Node)>, name: &str) -> Option<Node> {
    let at = entries.iter().position(|(key, _)| key.value == Value::Text(name.to_owned()))?;
    Some(entries.remove(at).1)
}

fn word<T: Copy>(node: &Node, key: &str, known: &[(&str, T)], findings: &mut Findings) -> Option<T> {
    let Value::Text(text) = &node.value else {
        wrong_type(findings, node, &format!("`{key}`"), "text");
        return None;
    };
    let found = known.iter().find(|(name, _)| name == text).map(|(_, value)| *value);
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
