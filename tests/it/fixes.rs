//! Fixes: what `check --fix` shows, and what it writes.

use rollbook::diagnostics::Diagnostic;
use rollbook::rules::{self, Levels};

use crate::case_file;
use crate::rules::{examples, findings};
use crate::support::{Engine, Lab};

/// `tests/cases/fix`: the diff that is shown. Nothing is written without a terminal.
#[test]
fn every_case_is_mended_as_written() {
    let lab = Lab::new(Engine::Sqlite);
    let count = case_file::run("fix", |case| {
        lab.write("case.md", &case.input);
        let end = lab.rollbook(&["check", "--fix", "--format", "json", "case.md"]);
        assert_eq!(lab.read("case.md"), case.input);
        let told = end
            .err
            .lines()
            .take_while(|line| !line.contains(" in 1 runbook; ") && !line.contains(" checked: "));
        told.map(|line| format!("{}\n", line.trim_end())).collect()
    });
    assert!(count >= 10, "{count} cases");
}

/// Over every example of every page: the change takes its own finding away.
#[test]
fn every_fix_takes_its_finding_away() {
    let mut made = 0;
    for rule in rules::all() {
        for text in examples(rule, "Bad") {
            let found = findings("bad.md", &text, &Levels::default());
            for finding in &found {
                let Some(fix) = &finding.fix else { continue };
                let mended = fix.apply(&text);
                let left = findings("bad.md", &mended, &Levels::default());
                let count =
                    |all: &[Diagnostic]| all.iter().filter(|other| other.rule == finding.rule).count();
                assert!(count(&left) < count(&found), "{}: {}\n{mended}", finding.rule, fix.title);
                made += 1;
            }
        }
    }
    assert!(made >= 8, "only {made} fixes were found");
}

const BOOK: &str = "---\nrollbook: 1\nid: book\ntitle: A book\ndialect: postgres\n---\n\n## Requirements\n\n## Strategy\n\n\
    ## Safety\n\n## Implementation\n\n```sql {id=drop phase=apply role=forward}\n--| irreversible: test\n\
    ALTER TABLE users DROP COLUMN email;\n```\n\n## Validation\n";

#[test]
fn what_is_written_is_what_was_shown_and_checks_clean() {
    let lab = Lab::new(Engine::Sqlite);
    lab.write("book.md", BOOK);
    lab.rollbook(&["check", "book.md"]).expect(1).says("`--fix` can add `.destructive` to the braces");
    lab.rollbook(&["check", "book.md"]).expect(1).says("1 of them can be mended mechanically");
    lab.rollbook(&["check", "--fix", "book.md"])
        .expect(1)
        .says("+```sql {id=drop phase=apply role=forward .destructive}")
        .says("1 change in 1 runbook; nothing is written, because there is no terminal to ask at");
    assert_eq!(lab.read("book.md"), BOOK);
    lab.rollbook(&["check", "--fix", "--write", "book.md"])
        .expect(0)
        .says("book.md is written: add `.destructive` to the braces [undeclared-destructive]")
        .says("1 runbook checked: 0 errors");
    assert_eq!(lab.read("book.md"), BOOK.replace("role=forward}", "role=forward .destructive}"));
    lab.rollbook(&["check", "--fix", "--write", "book.md"])
        .expect(0)
        .says("nothing can be mended mechanically");
    lab.rollbook(&["check", "--write", "book.md"]).expect(2).says("--fix");
}
