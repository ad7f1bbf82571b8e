use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Action as Effect, Dialect, ObjectKind, last_part, same_name};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "drop-index-unproven",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("drop_index_unproven.md"),
    covers: &[("spirit", "invisible_index_before_drop"), ("squawk", "ban-drop-index")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| site.step.before.is_empty()) {
        for index in &site.statement.facts.objects {
            if index.kind != ObjectKind::Index || index.action != Effect::Drop {
                continue;
            }
            let known = context.forward().take_while(|earlier| earlier.moment < site.moment).any(|earlier| {
                let mut objects = earlier.statement.facts.objects.iter();
                let hides = ["invisible", "ignored"]
                    .iter()
                    .any(|word| earlier.words.find_flat(earlier.words.all(), &[word]).is_some());
                objects.any(|other| {
                    other.kind == ObjectKind::Index
                        && same_name(last_part(&other.name), last_part(&index.name))
                        && (other.action == Effect::Create || hides)
                })
            });
            let new = site.table().is_some_and(|table| context.is_new(table, site));
            if known || new {
                continue;
            }
            let help = match context.plan.dialect {
                Dialect::Postgres => "add a `when=before` cell over `pg_stat_user_indexes.idx_scan`",
                Dialect::Mysql => "make it INVISIBLE (MariaDB: IGNORED) first, hold, and drop it afterwards",
                Dialect::Sqlite => {
                    "look at `EXPLAIN QUERY PLAN` of the application's queries, and say so in `Safety`"
                }
            };
            findings.push(
                site.finding(
                    &RULE,
                    0..2,
                    format!("nothing shows that no query needs index `{}`", last_part(&index.name)),
                )
                .label("queries that use it read the whole table from here on")
                .help(help),
            );
        }
    }
    findings
}
