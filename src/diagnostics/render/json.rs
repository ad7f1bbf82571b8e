use serde::Serialize;

use crate::diagnostics::{Diagnostic, Fix, Level, Pages, explain_command};
use crate::source::{Source, Span};

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
    #[serde(flatten)]
    place: Place,
    cell: Option<&'a str>,
    statement: Option<usize>,
    /// The command that prints the rule's page.
    explain: Option<String>,
    fix: Option<Change<'a>>,
}

#[derive(Serialize)]
struct Change<'a> {
    title: &'a str,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    #[serde(flatten)]
    place: Place,
    text: &'a str,
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    /// The column after the last character.
    end_column: usize,
}

impl Place {
    fn of(source: &Source, span: Span) -> Self {
        let (start, end) = (source.position(span.start), source.position(span.end));
        Self { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
    }
}

impl<'a> Finding<'a> {
    fn of(diagnostic: &'a Diagnostic, pages: Pages) -> Self {
        let source = &diagnostic.source;
        let change = |fix: &'a Fix| Change {
            title: &fix.title,
            edits: fix
                .edits()
                .iter()
                .map(|edit| Replacement { place: Place::of(source, edit.span), text: &edit.text })
                .collect(),
        };
        Self {
            rule: diagnostic.rule,
            level: diagnostic.level,
            message: &diagnostic.message,
            label: diagnostic.label.as_deref(),
            note: diagnostic.note.as_deref(),
            help: diagnostic.help.as_deref(),
            file: source.name(),
            place: Place::of(source, diagnostic.span),
            cell: diagnostic.cell.as_deref(),
            statement: diagnostic.statement,
            explain: pages(diagnostic.rule).map(|_| explain_command(diagnostic.rule)),
            fix: diagnostic.fix.as_ref().map(change),
        }
    }
}

/// One JSON document on one line.
pub fn json(diagnostics: &[Diagnostic], pages: Pages) -> String {
    let findings = diagnostics.iter().map(|diagnostic| Finding::of(diagnostic, pages)).collect();
    let report = Report { version: VERSION, findings };
    serde_json::to_string(&report).expect("strings and numbers are always JSON") + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::diagnostics::RulePage;

    fn pages(rule: &str) -> Option<RulePage> {
        (rule == "duplicate-id").then_some(RulePage {
            summary: "Once.",
            text: "# duplicate-id",
            level: Level::Error,
        })
    }

    fn findings() -> Vec<Diagnostic> {
        let source = Source::new("a \"b\".md", "x\nyé z\n");
        vec![
            Diagnostic::error("duplicate-id", &source, Span::new(5, 7), "given \"twice\"")
                .label("here")
                .note("background")
                .help("remove it")
                .cell("add-column")
                .statement(2)
                .fix(Fix::replace("take it out", Span::new(5, 7), "\"z")),
            Diagnostic::new("raw", Level::Note, &source, Span::new(0, 2), "m"),
        ]
    }

    #[test]
    fn places_are_counted_from_one() {
        let report: Value = serde_json::from_str(&super::json(&findings(), pages)).unwrap();
        assert_eq!(report["version"], 1);
        assert_eq!(
            report["findings"][0],
            json!({
                "rule": "duplicate-id", "level": "error", "message": "given \"twice\"", "label": "here",
                "note": "background", "help": "remove it", "file": "a \"b\".md", "line": 2, "column": 3,
                "end_line": 2, "end_column": 5, "cell": "add-column", "statement": 2,
                "explain": "rollbook rules explain duplicate-id",
                "fix": { "title": "take it out", "edits": [
                    { "line": 2, "column": 3, "end_line": 2, "end_column": 5, "text": "\"z" },
                ] },
            })
        );
        assert_eq!(report["findings"][1]["level"], "note");
        assert_eq!(report["findings"][1]["cell"], Value::Null);
        assert_eq!(report["findings"][1]["explain"], Value::Null);
        assert_eq!(report["findings"][1]["fix"], Value::Null);
        assert_eq!(report["findings"][1]["end_line"], 2);
    }
}
