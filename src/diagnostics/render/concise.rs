use std::fmt::Write;

use super::printable::printable;
use crate::diagnostics::{Diagnostic, Level};

/// `file:line:column: error[rule]: message`, one line each.
pub fn concise(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let at = diagnostic.source.position(diagnostic.span.start);
        let level = match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        let line = format!(
            "{}:{}:{}: {level}[{}]: {}",
            diagnostic.source.name(),
            at.line,
            at.column,
            diagnostic.rule,
            diagnostic.message
        );
        let _ = writeln!(out, "{}", printable(&line.replace('\n', " ")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, Span};

    #[test]
    fn one_line_for_each_finding() {
        let source = Source::new("a b.md", "x\nyé z\n");
        let findings = [
            Diagnostic::error("duplicate-id", &source, Span::new(6, 7), "id `z` is given twice").help("no"),
            Diagnostic::warning("raw", &source, Span::new(0, 1), "two\nlines"),
        ];
        assert_eq!(
            concise(&findings),
            "a b.md:2:4: error[duplicate-id]: id `z` is given twice\na b.md:1:1: warning[raw]: two lines\n"
        );
    }
}
