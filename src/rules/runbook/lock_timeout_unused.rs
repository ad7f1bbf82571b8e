use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Waiting;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule, Site};

pub static RULE: Rule = Rule {
    id: "lock-timeout-unused",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("lock_timeout_unused.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let is_patient = |site: &Site<'_>| site.statement.facts.waiting() == Waiting::Patient;
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| is_patient(site)) {
        let cell = context.document.cell(&site.action.cell);
        let Some(cell) = cell.filter(|cell| cell.options.lock_timeout.is_some()) else { continue };
        // Another statement of the cell may have a use for it.
        let unused = context.cell(site).iter().all(is_patient);
        let fix = unused.then(|| cell.remove_option(&context.document.source, "lock_timeout")).flatten();
        findings.push(
            site.finding(&RULE, site.words.all(), "a lock timeout is not used for this statement")
                .label("waiting for it keeps nobody out, and a timeout would waste what it has done")
                .help("take `lock_timeout` away; `timeout` bounds the whole statement")
                .fix(fix),
        );
    }
    findings
}
