use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Transactional;
use crate::plan::Unit;
use crate::rules::{Context, Finder, Rule, Site};

pub static RULE: Rule = Rule {
    id: "implicit-commit",
    level: Level::Note,
    dialects: ONLY,
    page: include_str!("implicit_commit.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let commits = |site: &Site<'_>| matches!(site.statement.facts.transactional, Transactional::Commits(_));
    let mut findings = Vec::new();
    for site in context.sites.iter().filter(|site| commits(site) && site.action.unit == Unit::Cell) {
        if site.action.statements.len() < 2 || context.before_in_cell(site).iter().any(commits) {
            continue;
        }
        findings.push(
            site.finding(&RULE, 0..1, "the cell is not one transaction: this statement commits by itself")
                .label("what stands before it is committed first, and what follows is not undone with it")
                .help("give each such statement a cell and a rollback of its own"),
        );
    }
    findings
}
