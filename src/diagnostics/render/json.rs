use serde::Serialize;

use crate::diagnostics::{Diagnostic, Level};

/// The format of `check --format json`; `schemas/findings.schema.json` describes it.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    findings: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    level: Level,
    message: &'a str,
    label: Option<&'a str>,
    note: Option<&'a str>,
    help: Option<&'a str>,
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    /// The column after the last character.
    end_column: usize,
    cell: Option<&'a str>,
    statement: Option<usize>,
}

impl<'a> From<&'a Diagnostic> for Finding<'a> {
    fn from(diagnostic: &'a Diagnostic) -> Self {
        let start = diagnostic.source.position(diagnostic.span.start);
        let end = diagnostic.source.position(diagnostic.span.end);
        Self {
            rule: diagnostic.rule,
            level: diagnostic.level,
            message: &diagnostic.message,
            label: diagnostic.label.as_deref(),
            note: diagnostic.note.as_deref(),
            help: diagnostic.help.as_deref(),
            file: diagnostic.source.name(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            cell: diagnostic.cell.as_deref(),
            statement: diagnostic.statement,
        }
    }
}

/// One JSON document on one line.
pub fn json(diagnostics: &[Diagnostic]) -> String {
    let report = Report { version: VERSION, findings: diagnostics.iter().map(Finding::from).collect() };
    serde_json::to_string(&report).expect("strings and numbers are always JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::source::{Source, Span};

    fn findings() -> Vec<Diagnostic> {
        let source = Source::new("a \"b\".md", "x\nyé z\n");
        vec![
            Diagnostic::error("duplicate-id", &source, Span::new(5, 7), "given \"twice\"")
                .label("here")
                .note("background")
                .help("remove it")
                .cell("add-column")
                .statement(2),
            Diagnostic::new("raw", Level::Note, &source, Span::new(0, 2), "m"),
        ]
    }

    #[test]
    fn places_are_counted_from_one() {
        let report: Value = serde_json::from_str(&super::json(&findings())).unwrap();
        assert_eq!(report["version"], 1);
        assert_eq!(
            report["findings"][0],
            json!({
                "rule": "duplicate-id", "level": "error", "message": "given \"twice\"", "label": "here",
                "note": "background", "help": "remove it", "file": "a \"b\".md", "line": 2, "column": 3,
                "end_line": 2, "end_column": 5, "cell": "add-column", "statement": 2,
            })
        );
        assert_eq!(report["findings"][1]["level"], "note");
        assert_eq!(report["findings"][1]["cell"], Value::Null);
        assert_eq!(report["findings"][1]["end_line"], 2);
    }

    #[test]
    fn the_schema_is_true() {
        let schema: Value =
            serde_json::from_str(include_str!("../../../schemas/findings.schema.json")).unwrap();
        let report = serde_json::from_str(&super::json(&findings())).unwrap();
        conforms(&report, &schema, "$");
        conforms(&serde_json::from_str(&super::json(&[])).unwrap(), &schema, "$");
        let finding = &schema["properties"]["findings"]["items"];
        let required: Vec<&str> =
            finding["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let mut known: Vec<&str> =
            finding["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        known.sort_unstable();
        let mut sorted = required.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, known, "every field is always there");
    }

    /// The part of JSON Schema that ours uses. A key that the schema does not name fails here, although
    /// readers must accept it: we must not write what we do not describe.
    fn conforms(value: &Value, schema: &Value, at: &str) {
        for keyword in schema.as_object().unwrap().keys() {
            let known = [
                "$schema",
                "$id",
                "title",
                "description",
                "type",
                "const",
                "enum",
                "required",
                "properties",
                "items",
                "minimum",
                "minLength",
                "pattern",
            ];
            assert!(known.contains(&keyword.as_str()), "{at}: the check does not know `{keyword}`");
        }
        let actual = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let allowed = match &schema["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
            other => panic!("{at}: type {other}"),
        };
        assert!(allowed.contains(&actual), "{at}: {actual} is none of {allowed:?}");
        if let Some(constant) = schema.get("const") {
            assert_eq!(value, constant, "{at}");
        }
        if let Some(values) = schema.get("enum") {
            assert!(values.as_array().unwrap().contains(value), "{at}: {value}");
        }
        if let (Some(minimum), Some(number)) = (schema.get("minimum"), value.as_u64()) {
            assert!(number >= minimum.as_u64().unwrap(), "{at}: {number}");
        }
        if let (Some(least), Some(text)) = (schema.get("minLength"), value.as_str()) {
            assert!(text.len() as u64 >= least.as_u64().unwrap(), "{at}: {text:?}");
        }
        if let (Some(pattern), Some(text)) = (schema.get("pattern"), value.as_str()) {
            assert!(
                regex_lite::Regex::new(pattern.as_str().unwrap()).unwrap().is_match(text),
                "{at}: {text:?}"
            );
        }
        if let Some(object) = value.as_object() {
            for required in schema["required"].as_array().into_iter().flatten() {
                assert!(object.contains_key(required.as_str().unwrap()), "{at}: {required} is missing");
            }
            for (key, value) in object {
                let property =
                    schema["properties"].get(key).unwrap_or_else(|| panic!("{at}.{key} is not described"));
                conforms(value, property, &format!("{at}.{key}"));
            }
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            conforms(item, &schema["items"], &format!("{at}[{index}]"));
        }
    }
}
