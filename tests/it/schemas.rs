//! What the program prints for machines is what the checked-in schemas say.

use std::sync::Arc;

use rollbook::diagnostics::{Diagnostic, Fix, Level, render};
use rollbook::dialect::Dialect;
use rollbook::document;
use rollbook::engine::{Event, Held, History, Outcome, Progress, Stop};
use rollbook::plan;
use rollbook::report;
use rollbook::rules::{self, Levels};
use rollbook::source::{Source, Span};
use rollbook::template::Values;
use serde_json::Value;

use crate::json_schema::{Strict, conforms};
use crate::support::{Engine, Lab, laboratory};

pub fn schema(name: &str) -> Value {
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
            .statement(2)
            .fix(Fix::replace("take it out", Span::new(5, 7), "z")),
        Diagnostic::new("rename", Level::Note, &source, Span::new(0, 2), "m"),
    ];
    let schema = schema("findings");
    conforms(
        &serde_json::from_str(&render::json(&findings, rules::page_of)).unwrap(),
        &schema,
        Strict::OurOwn,
    );
    conforms(&serde_json::from_str(&render::json(&[], rules::page_of)).unwrap(), &schema, Strict::OurOwn);
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
        report::plan_json(&plan, None, None, None),
        report::plan_json(&plan, Some("prod"), Some(&History::default()), None),
    ] {
        conforms(&serde_json::from_str(&printed).unwrap(), &schema, Strict::OurOwn);
    }
}

/// Every rule's own findings, with their fixes and pages, held to the standard's schema.
#[test]
fn sarif_is_what_its_schema_says() {
    let path =
        laboratory().join("archives/@microsoft+jest-sarif-1.0.0-beta.0/lib/schemas/sarif-2.1.0-rtm.5.json");
    let schema = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `tests/run` brings it", path.display()));
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let mut found = Vec::new();
    for rule in rules::all() {
        for text in crate::rules::examples(rule, "Bad") {
            found.extend(crate::rules::findings("runbooks/a b.md", &text, &Levels::default()));
        }
    }
    let log: Value = serde_json::from_str(&render::sarif(&found, rules::page_of)).unwrap();
    conforms(&log, &schema, Strict::AsWritten);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), found.len());
    let with = |field: &str| results.iter().filter(|result| !result[field].is_null()).count();
    assert_eq!(with("fixes"), found.iter().filter(|finding| finding.fix.is_some()).count());
    let described = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(described.iter().all(|rule| rule["help"]["markdown"].is_string()), "{described:?}");
    conforms(&serde_json::from_str(&render::sarif(&[], rules::page_of)).unwrap(), &schema, Strict::AsWritten);
}

#[test]
fn the_rules_are_what_their_schema_says() {
    let lab = Lab::new(Engine::Sqlite);
    let schema = schema("rules");
    for arguments in [&["rules"][..], &["rules", "explain", "rename"]] {
        let printed = lab.rollbook(&[arguments, &["--format", "json"]].concat()).expect(0);
        let printed: Value = serde_json::from_str(&printed.out).unwrap();
        conforms(&printed, &schema, Strict::OurOwn);
        let listed = printed["rules"].as_array().unwrap().len();
        assert_eq!(listed, if arguments.len() == 1 { rules::all().len() } else { 1 });
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
        conforms(&serde_json::from_str(&status.out).unwrap(), &schema, Strict::OurOwn);
    }
}

#[test]
fn a_failure_says_in_next_the_command_alone() {
    let lab = Lab::new(Engine::Sqlite);
    let cells = "```sql {id=a phase=apply role=forward}\n--| irreversible: a test\nDROP INDEX nope;\n```\n";
    lab.write("book.md", &format!("---\nrollbook: 1\nid: book\ntitle: A test\ndialect: any\n---\n\n{cells}"));
    let end = lab.on("run", &["--format", "json"]).expect(1);
    let schema = schema("event");
    let last: Value = serde_json::from_str(end.out.lines().last().unwrap()).unwrap();
    conforms(&last, &schema, Strict::OurOwn);
    assert!(last["next"].as_str().unwrap().starts_with("rollbook run book.md"), "{last}");
    assert!(last["help"].as_str().unwrap().starts_with("mend the cause"), "{last}");
    let status = lab.rollbook(&["status", "--db", &lab.url, "--format", "json"]).expect(0);
    let status: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["runs"][0]["next"], last["next"]);
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
            help: None,
            next: Some("rollbook verify a.md".into()),
        }),
        Event::StatementIntended { cell: "a".into(), statement: 1, before: None, provable: false },
    ];
    let running = Progress {
        cell: "a".into(),
        batches: 2,
        rows: 10,
        keys: 20,
        percent: Some(41.5),
        rate: None,
        left_seconds: None,
        size: 10,
        gives_way: true,
        held: vec![Held { cause: "max_lag".into(), why: "a replica is 6.0 s behind".into() }],
        held_millis: 1200,
    };
    let line = report::progress_line("2026-01-01T00:00:00Z", "r-1", &running);
    conforms(&serde_json::from_str(&line).unwrap(), &schema, Strict::OurOwn);
    for event in events {
        let line = report::event_line("2026-01-01T00:00:00Z", "r-1", &event);
        conforms(&serde_json::from_str(&line).unwrap(), &schema, Strict::OurOwn);
    }
}
