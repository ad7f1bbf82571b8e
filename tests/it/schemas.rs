//! What the program prints for machines is what the checked-in schemas say.

use std::sync::Arc;

use rollbook::diagnostics::{Diagnostic, Level, render};
use rollbook::dialect::Dialect;
use rollbook::document;
use rollbook::engine::{Event, History, Outcome, Stop};
use rollbook::plan;
use rollbook::report;
use rollbook::source::{Source, Span};
use rollbook::template::Values;
use serde_json::Value;

use crate::support::{Engine, Lab};

fn schema(name: &str) -> Value {
    let path = format!("{}/schemas/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn findings_are_what_their_schema_says() {
    let source = Source::new("a.md", "x\nyé z\n");
    let findings = vec![
        Diagnostic::error("duplicate-id", &source, Span::new(5, 7), "given twice")
            .label("here")
            .note("background")
            .help("remove it")
            .cell("add-column")
            .statement(2),
        Diagnostic::new("raw", Level::Note, &source, Span::new(0, 2), "m"),
    ];
    let schema = schema("findings");
    conforms(&serde_json::from_str(&render::json(&findings)).unwrap(), &schema, "$");
    conforms(&serde_json::from_str(&render::json(&[])).unwrap(), &schema, "$");
    let finding = &schema["properties"]["findings"]["items"];
    let names = |value: &Value| {
        let mut names: Vec<String> = match value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Value::Object(fields) => fields.keys().cloned().collect(),
            _ => Vec::new(),
        };
        names.sort();
        names
    };
    assert_eq!(names(&finding["required"]), names(&finding["properties"]), "every field is always there");
}

#[test]
fn plans_are_what_their_schema_says() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/quickstart.md")).unwrap();
    let source: Arc<Source> = Source::new("quickstart.md", text);
    let document = document::parse(&source).document;
    let values = Values::bind(&document.front.params, &std::collections::BTreeMap::new()).unwrap();
    let plan = plan::build(&document, Dialect::Sqlite, &values).0.unwrap();
    let schema = schema("plan");
    for printed in [
        report::plan_json(&plan, None, None),
        report::plan_json(&plan, Some("prod"), Some(&History::default())),
    ] {
        conforms(&serde_json::from_str(&printed).unwrap(), &schema, "$");
    }
}

#[test]
fn a_status_is_what_its_schema_says() {
    let lab = Lab::new(Engine::Sqlite);
    let cells =
        "```sql {id=a phase=apply role=forward .destructive}\n--| irreversible: a test\nSELECT 1;\n```\n";
    let text = format!("---\nrollbook: 1\nid: book\ntitle: A test\ndialect: any\n---\n\n{cells}");
    lab.write("book.md", &text);
    let schema = schema("status");
    for code in [3, 0] {
        let end = lab.on("run", &[]).expect(3);
        if code == 0 {
            lab.on("run", &["--confirm", &end.consent()]).expect(0);
        }
        let status = lab.rollbook(&["status", "--db", &lab.url, "--format", "json"]).expect(0);
        conforms(&serde_json::from_str(&status.out).unwrap(), &schema, "$");
    }
}

#[test]
fn every_event_has_the_fields_of_its_schema() {
    let schema = schema("event");
    let events = [
        Event::StepDone { step: "a".into() },
        Event::Stopped(Stop {
            outcome: Outcome::Completed,
            at: Some("a".into()),
            state: "done".into(),
            next: Some("rollbook verify a.md".into()),
        }),
        Event::StatementIntended { cell: "a".into(), statement: 1, before: None, provable: false },
    ];
    for event in events {
        let line = report::event_line("2026-01-01T00:00:00Z", "r-1", &event);
        conforms(&serde_json::from_str(&line).unwrap(), &schema, "$");
    }
}

/// The part of JSON Schema that ours uses. A key that the schema does not name fails here, although
/// readers must accept it: we must not write what we do not describe.
pub fn conforms(value: &Value, schema: &Value, at: &str) {
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
        assert!(regex_lite::Regex::new(pattern.as_str().unwrap()).unwrap().is_match(text), "{at}: {text:?}");
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
