//! Makes the fixes that findings carry, one after the other, and looks at the runbook again after each.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostics::{Diagnostic, Diagnostics, Fix, Level};
use crate::rules::Gone;
use crate::source::Source;

/// What `check` says of one text.
#[derive(Clone)]
pub struct Checked {
    pub source: Arc<Source>,
    pub findings: Diagnostics,
    /// Whether it is a runbook, so that its SQL was looked at too.
    pub is_runbook: bool,
    /// What it takes away from the code that uses it.
    pub gone: Vec<Gone>,
}

/// A runbook after its fixes.
pub struct Mended {
    pub checked: Checked,
    /// The rule and the title of each fix, in the order in which they were made.
    pub made: Vec<(&'static str, String)>,
}

/// Fixes that are tried in one file. Each makes the file better, so that there is an end; this is for
/// the file that has more to mend than anybody would read.
const MOST: usize = 500;

/// Makes every fix that takes its finding away and brings no error with it.
pub fn mend<E>(first: Checked, check: impl Fn(&Arc<Source>) -> Result<Checked, E>) -> Result<Mended, E> {
    let mut now = first;
    let mut made = Vec::new();
    let mut refused: Vec<(&'static str, Fix)> = Vec::new();
    for _ in 0..MOST {
        let next = now.findings.iter().find_map(|finding| {
            let fix = finding.fix.clone()?;
            (!refused.contains(&(finding.rule, fix.clone()))).then_some((finding.rule, fix))
        });
        let Some((rule, fix)) = next else { break };
        let text = fix.apply(now.source.text());
        let after = check(&Source::new(now.source.name(), text))?;
        if is_better(&now, &after, rule) {
            made.push((rule, fix.title));
            // Places have moved: what was refused may be another change now.
            refused.clear();
            now = after;
        } else {
            refused.push((rule, fix));
        }
    }
    Ok(Mended { checked: now, made })
}

fn is_better(before: &Checked, after: &Checked, rule: &str) -> bool {
    let said = |checked: &Checked| checked.findings.iter().filter(|finding| finding.rule == rule).count();
    if said(after) >= said(before) {
        return false;
    }
    match (before.is_runbook, after.is_runbook) {
        // What is said of its SQL was not looked for before.
        (false, true) => true,
        (true, false) => false,
        _ => {
            let known = errors(&before.findings);
            errors(&after.findings)
                .iter()
                .all(|(rule, count)| known.get(rule).is_some_and(|was| count <= was))
        }
    }
}

fn errors(findings: &[Diagnostic]) -> HashMap<&'static str, usize> {
    let mut errors = HashMap::new();
    for finding in findings.iter().filter(|finding| finding.level == Level::Error) {
        *errors.entry(finding.rule).or_default() += 1;
    }
    errors
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::source::Span;

    /// A check that wants no `a` and has `b` for an error.
    fn check(source: &Arc<Source>, instead: &str) -> Result<Checked, Infallible> {
        let findings = source.text().match_indices(['a', 'b']).map(|(at, letter)| match letter {
            "a" => Diagnostic::warning("no-a", source, Span::new(at, at + 1), "an a").fix(Fix::replace(
                "change it",
                Span::new(at, at + 1),
                instead,
            )),
            _ => Diagnostic::error("no-b", source, Span::new(at, at + 1), "a b"),
        });
        Ok(Checked {
            source: source.clone(),
            findings: findings.collect(),
            is_runbook: true,
            gone: Vec::new(),
        })
    }

    fn mended(text: &str, instead: &str) -> (String, usize) {
        let first = check(&Source::new("a.md", text), instead).unwrap();
        let mended = mend(first, |source| check(source, instead)).unwrap();
        (mended.checked.source.text().to_owned(), mended.made.len())
    }

    #[test]
    fn every_fix_is_made_and_the_rest_stays() {
        assert_eq!(mended("xa ya b a", "cc"), ("xcc ycc b cc".to_owned(), 3));
    }

    #[test]
    fn a_fix_that_mends_nothing_or_brings_an_error_is_not_made() {
        assert_eq!(mended("xaxa", "a"), ("xaxa".to_owned(), 0));
        assert_eq!(mended("xaxa", "b"), ("xaxa".to_owned(), 0));
    }
}
