use std::fmt::Write;

use crate::diagnostics::{Diagnostic, Level};

/// Workflow commands, which GitHub Actions shows as annotations in the diff.
///
/// Escapes are those of `@actions/core` (`escapeData`, `escapeProperty`). Columns are given for a
/// place on one line only: GitHub refuses them for others.
pub fn github(diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let start = diagnostic.source.position(diagnostic.span.start);
        let end = diagnostic.source.position(diagnostic.span.end);
        let command = match diagnostic.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let mut columns = String::new();
        if start.line == end.line {
            columns = format!(",col={},endColumn={}", start.column, end.column);
        }
        let mut message = diagnostic.message.clone();
        for (name, text) in [("note", &diagnostic.note), ("help", &diagnostic.help)] {
            if let Some(text) = text {
                let _ = write!(message, "\n{name}: {text}");
            }
        }
        let _ = writeln!(
            out,
            "::{command} file={},line={},endLine={}{columns},title={}::{}",
            property(diagnostic.source.name()),
            start.line,
            end.line,
            property(diagnostic.rule),
            data(&message)
        );
    }
    out
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, Span};

    #[test]
    fn commands_are_escaped() {
        let source = Source::new("a,b:c%.md", "x\nyé z\n");
        let findings = [
            Diagnostic::error("duplicate-id", &source, Span::new(5, 7), "50% done: ::error::").help("a\r\nb"),
            Diagnostic::new("raw", Level::Note, &source, Span::new(0, 3), "m"),
        ];
        assert_eq!(
            github(&findings),
            "::error file=a%2Cb%3Ac%25.md,line=2,endLine=2,col=3,endColumn=5,title=duplicate-id::\
             50%25 done: ::error::%0Ahelp: a%0D%0Ab\n\
             ::notice file=a%2Cb%3Ac%25.md,line=1,endLine=2,title=raw::m\n"
        );
    }
}
