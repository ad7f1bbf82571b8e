//! `tests/cases/statements`: what each rule says of statements, and what it leaves alone.
//!
//! A heading names an engine and a rule. Under it stand statements in which the rule finds something (`finds`),
//! and others of which no rule says more than a note, and this one nothing (`silent`). An empty line parts one
//! case from the next; a case is one forward cell of the last phase.

use rollbook::diagnostics::{Diagnostics, Level, render};
use rollbook::rules::{self, Levels};

use crate::case_file;
use crate::rules::findings;

struct Case<'a> {
    dialect: &'a str,
    rule: &'a str,
    finds: bool,
    sql: String,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    let (mut dialect, mut rule) = ("", "");
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("## ") {
            (dialect, rule) = heading.split_once(": ").unwrap();
            assert!(rules::find(rule).is_ok(), "{heading}");
        }
        let finds = match line {
            "```sql finds" => true,
            "```sql silent" => false,
            _ => continue,
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        for sql in block.split(|line| line.is_empty()).filter(|lines| !lines.is_empty()) {
            cases.push(Case { dialect, rule, finds, sql: sql.join("\n") });
        }
    }
    cases
}

fn said(case: &Case<'_>) -> Diagnostics {
    let (dialect, sql) = (case.dialect, &case.sql);
    let text = format!(
        "---\nrollbook: 1\nid: case\ntitle: Case\ndialect: {dialect}\nphases: [contract]\n---\n```sql {{id=case phase=contract role=forward .destructive}}\n--| irreversible: a case\n{sql}\n```\n"
    );
    findings("case.md", &text, &Levels::default())
}

#[test]
fn rules_find_what_they_are_about_and_nothing_else() {
    let (mut finds, mut silent, mut wrong) = (0, 0, String::new());
    for file in case_file::files("statements") {
        let text = std::fs::read_to_string(&file).unwrap();
        for case in cases(&text) {
            let found = said(&case);
            let own = found.iter().any(|finding| finding.rule == case.rule);
            let loud = found.iter().any(|finding| finding.level != Level::Note);
            let right = if case.finds { own } else { !own && !loud };
            *if case.finds { &mut finds } else { &mut silent } += 1;
            if !right {
                let verb = if case.finds { "finds nothing in" } else { "is not alone with" };
                wrong += &format!(
                    "{}: {} {verb}\n{}\n{}\n",
                    case.dialect,
                    case.rule,
                    case.sql,
                    render::concise(&found)
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    println!("statements: {finds} found, {silent} left alone");
    assert!(finds >= 150 && silent >= 150, "{finds} and {silent}");
}
