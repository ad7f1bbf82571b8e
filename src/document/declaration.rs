//! The `params:` mapping of a front matter, and of a template's header.

use super::fields::{Field, Fields, wrong_type};
use super::findings::Findings;
use super::parameter::whole;
use super::slug::{is_parameter, suggest};
use super::yaml::{Node, Value};
use super::{ParamSpec, ParamType};

const KEYS: [&str; 9] = ["type", "values", "of", "default", "min", "max", "pattern", "description", "secret"];

/// The parameters that `node`, the value of `params:`, declares. One with an error is left out.
pub fn read_parameters(node: &Node, findings: &mut Findings) -> Vec<ParamSpec> {
    if node.value == Value::Null {
        return Vec::new();
    }
    let Some(params) = Fields::open(node, "`params`", findings) else { return Vec::new() };
    params.iter().filter_map(|param| read_parameter(param, findings)).collect()
}

fn read_parameter(param: Field<'_>, findings: &mut Findings) -> Option<ParamSpec> {
    let before = findings.count();
    if !is_parameter(param.name) {
        findings.push(
            findings
                .error("bad-parameter-name", param.key, format!("`{}` cannot name a parameter", param.name))
                .help("use lower-case letters, digits and `_`, and no word of the template language"),
        );
    }
    let fields = Fields::read(param.node, &format!("parameter `{}`", param.name), &KEYS, findings)?;
    let kind = read_type(param, &fields, findings);
    let number = |name, findings: &mut Findings| fields.get(name)?.number(findings);
    let spec = ParamSpec {
        name: param.name.to_owned(),
        kind: kind?,
        description: fields.text("description", findings).map(str::to_owned),
        default: None,
        min: number("min", findings),
        max: number("max", findings),
        pattern: fields.text("pattern", findings).map(str::to_owned),
        secret: fields.get("secret").and_then(|field| field.boolean(findings)).unwrap_or(false),
    };
    check_limits(&spec, &fields, findings);
    if findings.count() > before {
        return None;
    }
    let default = read_default(&spec, &fields, findings);
    (findings.count() == before).then_some(ParamSpec { default, ..spec })
}

fn read_type(param: Field<'_>, fields: &Fields<'_>, findings: &mut Findings) -> Option<ParamType> {
    let Some(field) = fields.get("type") else {
        findings.push(
            findings
                .error("missing-key", param.key, format!("parameter `{}` has no `type`", param.name))
                .help(format!("add `type:` with one of {}", super::slug::list(ParamType::NAMES))),
        );
        return None;
    };
    let kind = type_named(field, fields, findings)?;
    let items = match (&kind, fields.get("of")) {
        (ParamType::List(_), Some(of)) => type_named(of, fields, findings)?,
        (ParamType::List(_), None) => {
            findings.push(
                findings
                    .error("missing-key", field.node.span, format!("parameter `{}` has no `of`", param.name))
                    .label("a list of what?")
                    .help("add `of:` with the type of the items"),
            );
            return None;
        }
        (_, Some(of)) => {
            misplaced(of, "list", findings);
            return None;
        }
        (_, None) => return Some(kind),
    };
    if matches!(items, ParamType::List(_)) {
        let of = fields.get("of")?;
        findings.push(
            findings
                .error("unknown-type", of.node.span, "a list of lists is not a parameter type")
                .help("write the type of one item after `of:`"),
        );
        return None;
    }
    Some(ParamType::List(Box::new(items)))
}

fn type_named(field: Field<'_>, fields: &Fields<'_>, findings: &mut Findings) -> Option<ParamType> {
    Some(match field.text(findings)? {
        "string" => ParamType::String,
        "integer" => ParamType::Integer,
        "number" => ParamType::Number,
        "boolean" => ParamType::Boolean,
        "identifier" => ParamType::Identifier,
        "enum" => ParamType::Enum(read_values(field, fields, findings)?),
        // Stands for "a list" until `of` is read.
        "list" => ParamType::List(Box::new(ParamType::String)),
        other => {
            findings.push(
                findings
                    .error("unknown-type", field.node.span, format!("there is no parameter type `{other}`"))
                    .help(suggest(other, ParamType::NAMES)),
            );
            return None;
        }
    })
}

fn read_values(kind: Field<'_>, fields: &Fields<'_>, findings: &mut Findings) -> Option<Vec<String>> {
    let Some(field) = fields.get("values") else {
        findings.push(
            findings
                .error("missing-key", kind.node.span, "an enum parameter has no `values`")
                .help("add `values: [a, b]`"),
        );
        return None;
    };
    let Value::List(items) = &field.node.value else { return field.wrong(findings, "a list of texts") };
    if items.is_empty() {
        return field.wrong(findings, "a list with at least one text");
    }
    let mut values: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        match &item.value {
            Value::Text(text) if values.contains(text) => {
                findings.push(
                    findings
                        .error("duplicate-value", item.span, format!("value `{text}` is given twice"))
                        .help("remove one of the two"),
                );
                return None;
            }
            Value::Text(text) => values.push(text.clone()),
            _ => {
                wrong_type(findings, item, "a value of an enum", "text");
                return None;
            }
        }
    }
    Some(values)
}

/// `min`, `max`, `pattern` and `values` stand only where they mean something.
fn check_limits(spec: &ParamSpec, fields: &Fields<'_>, findings: &mut Findings) {
    let scalar = match &spec.kind {
        ParamType::List(of) => of,
        kind => kind,
    };
    let numeric = matches!(scalar, ParamType::Integer | ParamType::Number);
    let textual = matches!(scalar, ParamType::String | ParamType::Identifier);
    for (name, fits, of) in [
        ("min", numeric, "integer` or `number"),
        ("max", numeric, "integer` or `number"),
        ("pattern", textual, "string` or `identifier"),
        ("values", matches!(scalar, ParamType::Enum(_)), "enum"),
    ] {
        if let Some(field) = fields.get(name).filter(|_| !fits) {
            misplaced(field, of, findings);
        }
    }
    if let (Some(min), Some(max), Some(field)) = (spec.min, spec.max, fields.get("min"))
        && min > max
    {
        findings.push(
            findings
                .error("empty-range", field.node.span, format!("minimum {min} is above maximum {max}"))
                .help("no value would fit: swap or change them"),
        );
    }
    if let (Some(pattern), Some(field)) = (&spec.pattern, fields.get("pattern"))
        && let Err(error) = whole(pattern)
    {
        findings.push(
            findings
                .error("invalid-pattern", field.node.span, format!("`{pattern}` is not a regular expression"))
                .label(error.to_string()),
        );
    }
}

fn read_default(spec: &ParamSpec, fields: &Fields<'_>, findings: &mut Findings) -> Option<serde_json::Value> {
    let field = fields.get("default")?;
    if spec.secret {
        findings.push(
            findings
                .error("secret-default", field.key, format!("secret parameter `{}` has a default", spec.name))
                .note("the file is reviewed and recorded, so the value would be no secret")
                .help("remove `default`, and give the value when the runbook runs"),
        );
        return None;
    }
    let value = field.node.value.to_json();
    match spec.check(&value) {
        Ok(()) => Some(value),
        Err(error) => {
            let diagnostic = findings
                .error("bad-default", field.node.span, format!("the default of `{}` does not fit", spec.name))
                .label(error.chain());
            findings.push(match error.hint() {
                Some(hint) => diagnostic.help(hint),
                None => diagnostic,
            });
            None
        }
    }
}

fn misplaced(field: Field<'_>, of: &str, findings: &mut Findings) {
    findings.push(
        findings
            .error("misplaced-key", field.key, format!("`{}` is for parameters of type `{of}`", field.name))
            .help("remove it, or change the type"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml::Excerpt;
    use crate::source::{Source, Span};

    #[test]
    fn a_template_s_header_reads_its_parameters_the_same_way() {
        let text = "title: Add a column\nparams:\n  table: {type: identifier}\n  size: {type: int}\n";
        let source = Source::new("add-column.md.j2", text);
        let mut findings = Findings::new(&source);
        let mut excerpt = Excerpt::default();
        excerpt.push(&source, Span::new(0, text.len()));
        let root = excerpt.parse(&source, &mut findings.diagnostics).unwrap();
        let header = Fields::read(&root, "the header", &["title", "params"], &mut findings).unwrap();
        let params = read_parameters(header.get("params").unwrap().node, &mut findings);
        assert_eq!(params.len(), 1);
        assert_eq!((params[0].name.as_str(), &params[0].kind), ("table", &ParamType::Identifier));
        assert_eq!(findings.diagnostics.len(), 1);
        assert_eq!(source.slice(findings.diagnostics[0].span), "int");
    }
}
