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
}
