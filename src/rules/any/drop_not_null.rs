use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, Dialect, ObjectKind};
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "drop-not-null",
    level: Level::Note,
    dialects: &[Dialect::Postgres, Dialect::Sqlite],
    page: include_str!("drop_not_null.md"),
    covers: &[("squawk", "ban-drop-not-null"), ("pgls", "banDropNotNull"), ("pgfence", "drop-not-null")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(alter) = site.alter_table().filter(|alter| !context.is_new(&alter.table, site)) else {
            continue;
        };
        for clause in alter.clauses.iter().filter(|clause| site.words.is(clause.start, "alter")) {
            let Some(at) = site.words.find_flat(clause.clone(), &["drop", "not", "null"]) else { continue };
            if site
                .words
                .name(site.words.skip(clause.start + 1, &["column"]))
                .is_some_and(|(column, _)| leaves(context, &column))
            {
                continue;
            }
            findings.push(
                site.finding(&RULE, at, format!("readers of `{}` may meet NULL from here on", alter.table))
                    .label("the release that is running has never seen one")
                    .help("deploy readers that cope with it first, and allow the rule with their release"),
            );
        }
    }
    findings
}

/// Whether the runbook drops the column later, so that no release reads it any more.
fn leaves(context: &Context<'_>, column: &str) -> bool {
    context.forward().flat_map(|site| &site.statement.facts.objects).any(|object| {
        object.kind == ObjectKind::Column && object.action == Effect::Drop && is(&object.name, column)
    })
}
