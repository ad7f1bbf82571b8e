use std::collections::HashSet;

use super::catalog::parts;
use super::{Context, Finder, Levels, find, runbook};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::document::{Cell, Document};
use crate::plan::Plan;

/// What the rules say of a runbook that could be planned, each thing once however many of its engines
/// it is true of.
///
/// `plans` are the runbook's plans for the engines that are of interest.
pub fn check(document: &Document, plans: &[Plan], levels: &Levels) -> Diagnostics {
    let allowed = Allowed::of(document);
    let mut used = HashSet::new();
    let mut said = HashSet::new();
    let mut findings = Vec::new();
    for plan in plans {
        let context = Context::new(document, plan, plans);
        for rule in parts().filter(|rule| rule.dialects.contains(&plan.dialect)) {
            let (Some(level), Finder::Rule(find)) = (levels.of(rule), rule.finder) else { continue };
            for mut finding in find(&context) {
                if let Some(cell) = finding.cell.as_deref().filter(|cell| allowed.has(cell, rule.id)) {
                    used.insert((cell.to_owned(), rule.id));
                } else if said.insert((rule.id, finding.span, finding.message.clone())) {
                    finding.level = level;
                    findings.push(finding);
                }
            }
        }
    }
    findings.extend(allowed.unknown());
    // Another engine's plan may be the one that an `allow` is for.
    if plans.len() == document.front.dialects.len()
        && let Some(level) = levels.of(&runbook::UNUSED_ALLOW)
    {
        for mut finding in allowed.unused(&used, levels) {
            finding.level = level;
            findings.push(finding);
        }
    }
    findings.sort_by_key(|finding| finding.span);
    findings
}

/// What cells allow.
struct Allowed<'a> {
    document: &'a Document,
    rules: HashSet<(&'a str, &'a str)>,
}

impl<'a> Allowed<'a> {
    fn of(document: &'a Document) -> Self {
        let cells = document.cells.iter();
        let rules = cells
            .flat_map(|cell| cell.options.allow.iter().map(|allow| (cell.id.as_str(), allow.rule.as_str())));
        Self { document, rules: rules.collect() }
    }

    fn has(&self, cell: &str, rule: &str) -> bool {
        self.rules.contains(&(cell, rule))
    }

    fn each(&self) -> impl Iterator<Item = (&'a Cell, &'a crate::document::Allow)> + use<'a> {
        self.document.cells.iter().flat_map(|cell| cell.options.allow.iter().map(move |allow| (cell, allow)))
    }

    /// Names that are no rule's, and rules that nobody can live with.
    fn unknown(&self) -> Diagnostics {
        let mut findings = Vec::new();
        for (cell, allow) in self.each() {
            let source = &self.document.source;
            let finding = match find(&allow.rule) {
                Err(error) => Diagnostic::error("unknown-rule", source, allow.span, error.to_string())
                    .help(error.help()),
                Ok(rule) if rule.is_fixed() => {
                    let message = format!("`{}` cannot be allowed", allow.rule);
                    Diagnostic::error("unknown-rule", source, allow.span, message)
                        .label("what breaks it cannot be run")
                        .help("take it out, and mend the cell")
                }
                Ok(_) => continue,
            };
            findings.push(finding.cell(&cell.id));
        }
        findings
    }

    fn unused(&self, used: &HashSet<(String, &'static str)>, levels: &Levels) -> Diagnostics {
        let mut findings = Vec::new();
        for (cell, allow) in self.each() {
            let Ok(rule) = find(&allow.rule) else { continue };
            let silent = !matches!(rule.finder, Finder::Rule(_)) || levels.of(rule).is_none();
            if silent || used.contains(&(cell.id.clone(), rule.id)) {
                continue;
            }
            findings.push(
                runbook::UNUSED_ALLOW
                    .at(
                        &self.document.source,
                        allow.span,
                        format!("`{}` is allowed and does not occur", rule.id),
                    )
                    .label("nothing in this cell breaks the rule")
                    .help("take it out, so that it hides nothing later")
                    .cell(&cell.id)
                    .fix(match cell.options.allow.len() {
                        1 => cell.remove_option(&self.document.source, "allow"),
                        _ => None,
                    }),
            );
        }
        findings
    }
}
