use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "detach-not-concurrent",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("detach_not_concurrent.md"),
    covers: &[
        ("squawk", "require-concurrent-partition-detach"),
        ("pgls", "requireConcurrentDetachPartition"),
        ("pgfence", "detach-partition"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let Some(alter) = site.alter_table() else { continue };
        let only = alter.clauses.len() == 1;
        for clause in alter.clauses {
            let words = &site.words;
            let gentle = ["concurrently", "finalize"];
            if !words.starts(clause.start, &["detach", "partition"])
                || gentle.iter().any(|word| words.find_flat(clause.clone(), &[word]).is_some())
                || context.is_new(&alter.table, site)
            {
                continue;
            }
            let message = format!("reads and writes of every partition of `{}` wait", alter.table);
            findings.push(
                site.finding(&RULE, clause.start..clause.start + 2, message)
                    .label("ACCESS EXCLUSIVE on the parent, behind whoever uses it")
                    .help("write `DETACH PARTITION … CONCURRENTLY` in a cell of its own (PostgreSQL 14, no default partition)")
                    .fix(only.then(|| site.concurrently(context, clause)).flatten()),
            );
        }
    }
    findings
}
