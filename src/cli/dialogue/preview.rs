//! The runbook before there is a file: its outline, and its text a page at a time.

use std::collections::BTreeMap;

use super::super::draft::Draft;
use super::super::prompt::{Choice, Reply};
use crate::document;
use crate::plan;
use crate::report::{Style, outline, shown};
use crate::source::Source;
use crate::template::{Values, Written};

/// Lines of the text that are shown at once: with the question below them they fit the smallest of screens.
const PAGE: usize = 18;

/// Shows the runbook; None where the person goes back.
pub fn show(runbook: &Written, draft: &Draft<'_>, into_file: bool, style: Style) -> Reply<()> {
    let lines: Vec<&str> = runbook.text.lines().collect();
    eprint!("\n{}", outlined(runbook, draft, style));
    eprintln!();
    let mut at = page(&lines, 0, style);
    loop {
        let done = if into_file { "write it" } else { "print it" };
        let mut options = vec![(done.to_owned(), String::new(), false)];
        if at < lines.len() {
            let next = PAGE.min(lines.len() - at);
            options.push((
                format!("read on: lines {} to {} of {}", at + 1, at + next, lines.len()),
                String::new(),
                true,
            ));
        }
        // Whoever has begun to read goes on with Enter.
        let usual = usize::from(at > PAGE && at < lines.len());
        let help = "↑↓ choose, Enter, Esc goes back to the last answer";
        match (Choice { question: "This is the runbook:", help, options, usual }).ask()? {
            None => return Ok(None),
            Some(false) => return Ok(Some(())),
            Some(true) => at = page(&lines, at, style),
        }
    }
}

/// Prints a page, and says where the next one begins.
fn page(lines: &[&str], from: usize, style: Style) -> usize {
    let to = lines.len().min(from + PAGE);
    for line in &lines[from..to] {
        eprintln!("{} {}", style.dim("│"), shown(line));
    }
    to
}

fn outlined(runbook: &Written, draft: &Draft<'_>, style: Style) -> String {
    let source = Source::new(format!("{}.md", runbook.id), runbook.text.as_str());
    let document = document::parse(&source).document;
    let values = Values::bind(&document.front.params, &BTreeMap::new()).unwrap_or_default();
    let plan = draft.dialect().and_then(|dialect| plan::build(&document, dialect, &values).0);
    let Some(plan) = plan else { return String::new() };
    format!("{}: {}\n{}", style.bold(&plan.runbook), shown(&plan.title), shown(&outline(&plan)))
}
