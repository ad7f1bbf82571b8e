//! What a runbook must be before it is Markdown: LF line ends, no NUL, no byte order mark.

use super::findings::Findings;
use crate::diagnostics::Fix;
use crate::source::Span;

/// Where reading starts; `None` where reading on would only repeat one error on every line.
pub fn check_encoding(findings: &mut Findings) -> Option<usize> {
    let source = std::sync::Arc::clone(&findings.source);
    let text = source.text();
    let bom = text.len() - text.trim_start_matches('\u{feff}').len();
    if bom > 0 {
        findings.push(
            findings
                .error("byte-order-mark", Span::new(0, bom), "the file starts with a byte order mark")
                .help("save it as UTF-8 without BOM")
                .fix(Fix::delete("take it out", Span::new(0, bom))),
        );
    }
    if let Some(at) = text.find('\0') {
        findings.push(
            findings
                .error("nul", Span::new(at, at + 1), "the file holds a NUL character")
                .help("remove it; the file must be UTF-8 text"),
        );
        return None;
    }
    if let Some(at) = text.find('\r') {
        let (end, message) = match text[at + 1..].starts_with('\n') {
            true => (at + 2, "the line ends with CR LF"),
            false => (at + 1, "the file holds a carriage return"),
        };
        findings.push(
            findings
                .error("line-ends", Span::new(at, end), message)
                .label("first of its kind in the file")
                .note("a digest would depend on who checked the file out")
                .help("convert the file to LF, and put `*.md text eol=lf` into .gitattributes"),
        );
        return None;
    }
    Some(bom)
}
