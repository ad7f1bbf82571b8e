//! `tests/cases/parse`: what a runbook is, and every way of not being one.

use rollbook::document::parse;
use rollbook::source::Source;

use crate::case_file;

#[test]
fn every_case_says_exactly_this() {
    let count = case_file::run("parse", |case| {
        let source = Source::new("case.md", case.input.clone());
        let parsed = parse(&source);
        assert_eq!(parsed.document.print(), case.input, "{}", case.title);
        let mut lines = String::new();
        for diagnostic in &parsed.diagnostics {
            let at = source.position(diagnostic.span.start);
            lines +=
                &format!("error[{}] {}:{}: {}\n", diagnostic.rule, at.line, at.column, diagnostic.message);
        }
        let cells: Vec<&str> = parsed.document.cells.iter().map(|cell| cell.id.as_str()).collect();
        lines + format!("cells: {}", cells.join(", ")).trim_end() + "\n"
    });
    assert!(count >= 75, "{count} cases");
}

#[test]
fn every_error_says_what_to_write() {
    for file in case_file::files("parse") {
        for case in case_file::read(&file) {
            for diagnostic in parse(&Source::new("case.md", case.input)).diagnostics {
                let said = diagnostic.help.is_some() || diagnostic.label.is_some();
                assert!(said, "{}: {} has neither label nor help", case.title, diagnostic.rule);
            }
        }
    }
}
