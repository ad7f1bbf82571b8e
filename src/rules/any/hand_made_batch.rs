use crate::diagnostics::{Diagnostics, Level};
use crate::plan::Unit;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "hand-made-batch",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("hand_made_batch.md"),
    covers: &[("strong_migrations", "backfill guide")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward().filter(|site| matches!(site.kind(), "update" | "delete")) {
        let Some(table) = site.table().filter(|table| !context.is_new(table, site)) else { continue };
        let words = &site.words;
        let own = words.find_flat(words.all(), &["limit"]);
        let chosen = || {
            let query = words.find(words.all(), &["in", "(", "select"])?;
            words.find_flat(query.end..words.close(query.start + 1), &["limit"])
        };
        let with = || {
            let verb = ["update", "delete"].iter().find_map(|verb| words.find_flat(words.all(), &[verb]))?;
            words.find(0..verb.start, &["limit"])
        };
        let Some(at) = own.or_else(chosen).or_else(with) else { continue };
        let batched = matches!(site.action.unit, Unit::Batch { .. });
        findings.push(
            site.finding(&RULE, at.start..at.end + 1, match batched {
                true => format!("rows of `{table}` beyond the limit are left out of their batch"),
                false => format!("rows of `{table}` beyond the limit are not done by anybody"),
            })
            .label(match batched {
                true => "the next batch begins behind this one's range",
                false => "a cell runs once",
            })
            .help(match batched {
                true => "take the limit away; `size` in `batch` says how many rows a range has".to_owned(),
                false => format!(
                    "walk the table: `--| batch: {{table: {table}, key: <primary key>}}`, and in the statement \
                     `WHERE {{{{ batch }}}} AND …`"
                ),
            }),
        );
    }
    findings
}
