use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "partition-of-parent",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("partition_of_parent.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| site.kind() == "create_table") {
        let words = &site.words;
        let Some(at) = words.find_flat(words.all(), &["partition", "of"]) else { continue };
        let Some((parent, _)) = words.name(at.end) else { continue };
        if context.is_new(&parent, site) {
            continue;
        }
        findings.push(
            site.finding(&RULE, at, format!("reads and writes of `{parent}` wait, and of all its partitions"))
                .label("ACCESS EXCLUSIVE; a default partition is read through under it")
                .help(format!(
                    "make the table alone with `LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS`, and attach it",
                )),
        );
    }
    findings
}
