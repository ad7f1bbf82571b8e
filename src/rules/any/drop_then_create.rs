use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, ObjectKind};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "drop-then-create",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("drop_then_create.md"),
    covers: &[("strong_migrations", "create_table"), ("online_migrations", "create_table")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    // Tables that the runbook has dropped and not made again.
    let mut gone: Vec<String> = Vec::new();
    for site in context.forward() {
        let tables = |effect| {
            let objects = site.statement.facts.objects.iter();
            objects.filter(move |object| object.kind == ObjectKind::Table && object.action == effect)
        };
        for table in tables(Effect::Drop).filter(|table| !context.is_new(&table.name, site)) {
            gone.push(table.name.clone());
        }
        for table in tables(Effect::Create) {
            let replaces = site.words.starts(0, &["create", "or", "replace", "table"]);
            let dropped = gone.iter().any(|name| is(name, &table.name));
            if (replaces || dropped) && site.kind().starts_with("create_table") {
                gone.retain(|name| !is(name, &table.name));
                findings.push(
                    site.finding(&RULE, 0..4, format!("the rows of `{}` do not outlive this", table.name))
                        .label("the table that was there before has been dropped")
                        .help("create it alone, which fails where it is there; or empty it in a cell that says so"),
                );
            }
        }
    }
    findings
}
