use serde_json::{Value, json};

use crate::diagnostics::{Diagnostic, Fix, Level, Pages, explain_command};
use crate::source::{Source, Span};

/// SARIF 2.1.0, the format of code scanning services. The pages of the rules come with it.
pub fn sarif(diagnostics: &[Diagnostic], pages: Pages) -> String {
    let mut rules: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let results: Vec<Value> = diagnostics.iter().map(|diagnostic| result(diagnostic, &rules)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "rollbook",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules.iter().map(|rule| descriptor(rule, pages)).collect::<Vec<_>>(),
                },
            },
            // Our columns count characters, not UTF-16 units.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log}\n")
}

fn descriptor(rule: &str, pages: Pages) -> Value {
    let Some(page) = pages(rule) else { return json!({ "id": rule }) };
    json!({
        "id": rule,
        "shortDescription": { "text": page.summary },
        "help": {
            "text": format!("{}\n`{}` prints the page.", page.summary, explain_command(rule)),
            "markdown": page.text,
        },
        "defaultConfiguration": { "level": level(page.level) },
    })
}

fn result(diagnostic: &Diagnostic, rules: &[&str]) -> Value {
    let source = &diagnostic.source;
    let mut text = diagnostic.message.clone();
    for (name, said) in [("note", &diagnostic.note), ("help", &diagnostic.help)] {
        if let Some(said) = said {
            text += &format!("\n{name}: {said}");
        }
    }
    let mut result = json!({
        "ruleId": diagnostic.rule,
        "ruleIndex": rules.binary_search(&diagnostic.rule).unwrap_or_default(),
        "level": level(diagnostic.level),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(source.name()) },
                "region": region(source, diagnostic.span),
            },
        }],
    });
    if let Some(cell) = &diagnostic.cell {
        result["properties"]["cell"] = cell.as_str().into();
    }
    if let Some(statement) = diagnostic.statement {
        result["properties"]["statement"] = statement.into();
    }
    if let Some(fix) = &diagnostic.fix {
        result["fixes"] = json!([change(fix, source)]);
    }
    result
}

fn change(fix: &Fix, source: &Source) -> Value {
    let replacements: Vec<Value> = fix
        .edits()
        .iter()
        .map(|edit| {
            json!({
                "deletedRegion": region(source, edit.span),
                "insertedContent": { "text": edit.text },
            })
        })
        .collect();
    json!({
        "description": { "text": fix.title },
        "artifactChanges": [{
            "artifactLocation": { "uri": uri(source.name()) },
            "replacements": replacements,
        }],
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// `endColumn` is the column after the last character, as in our own format.
fn region(source: &Source, span: Span) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    })
}

/// A path as a URI reference (RFC 3986): relative stays relative, absolute becomes `file:`.
fn uri(path: &str) -> String {
    let mut out = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte))
            }
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::RulePage;

    fn pages(rule: &str) -> Option<RulePage> {
        (rule == "raw").then_some(RulePage { summary: "Quote it.", text: "# raw", level: Level::Warning })
    }

    #[test]
    fn results_point_at_regions_and_rules() {
        let source = Source::new("runbooks/ä b.md", "x\nyé z\n");
        let findings = [
            Diagnostic::warning("raw", &source, Span::new(5, 7), "m")
                .help("h")
                .cell("a")
                .statement(2)
                .fix(Fix::insert("quote it", 5, "'")),
            Diagnostic::error("duplicate-id", &source, Span::new(0, 1), "n"),
            Diagnostic::new("raw", Level::Note, &source, Span::new(0, 1), "o"),
        ];
        let log: Value = serde_json::from_str(&sarif(&findings, pages)).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        assert_eq!(run["tool"]["driver"]["name"], "rollbook");
        assert_eq!(
            run["tool"]["driver"]["rules"],
            json!([{ "id": "duplicate-id" }, {
                "id": "raw",
                "shortDescription": { "text": "Quote it." },
                "help": { "text": "Quote it.\n`rollbook rules explain raw` prints the page.", "markdown": "# raw" },
                "defaultConfiguration": { "level": "warning" },
            }])
        );
        assert_eq!(
            run["results"][0],
            json!({
                "ruleId": "raw", "ruleIndex": 1, "level": "warning", "message": { "text": "m\nhelp: h" },
                "locations": [{ "physicalLocation": {
                    "artifactLocation": { "uri": "runbooks/%C3%A4%20b.md" },
                    "region": { "startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 5 },
                } }],
                "properties": { "cell": "a", "statement": 2 },
                "fixes": [{ "description": { "text": "quote it" }, "artifactChanges": [{
                    "artifactLocation": { "uri": "runbooks/%C3%A4%20b.md" },
                    "replacements": [{
                        "deletedRegion": { "startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 3 },
                        "insertedContent": { "text": "'" },
                    }],
                }] }],
            })
        );
        assert_eq!(run["results"][1]["ruleIndex"], 0);
        assert_eq!(run["results"][1]["level"], "error");
        assert_eq!(run["results"][2]["level"], "note");
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a:b%.md"), "a%3Ab%25.md");
        assert_eq!(uri("/srv/a.md"), "file:///srv/a.md");
    }
}
