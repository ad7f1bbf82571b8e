use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::KeyKind;
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "index-columns",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("index_columns.md"),
    covers: &[
        ("strong_migrations", "add_index_columns"),
        ("spirit", "datetime_index_position"),
        ("sqlcheck", "Index Attribute Order"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    const TIMES: [&str; 6] = [
        "date",
        "datetime",
        "timestamp",
        "timestamptz",
        "timestamp with time zone",
        "timestamp without time zone",
    ];
    let mut findings = Vec::new();
    for table in context.schema.tables() {
        let keys = table.keys.iter().filter(|key| key.part.kind == KeyKind::Plain);
        for Placed { site, part: key } in keys {
            let mut before_last = key.columns.iter().rev().skip(1);
            let time =
                before_last.find(|name| table.column(name).is_some_and(|column| column.part.is_of(&TIMES)));
            let (message, label) = if key.columns.len() > 3 {
                (
                    format!("an index over {} columns", key.columns.len()),
                    "the fourth seldom leaves out rows that the first three let in".to_owned(),
                )
            } else if let Some(time) = time {
                (
                    format!("`{time}` stands before another column of its index"),
                    format!("a query for a range of `{time}` makes no use of what follows it"),
                )
            } else {
                continue;
            };
            findings.push(context.sites[*site].finding(&RULE, key.at.clone(), message).label(label).help(
                "put columns that are compared with `=` first, the one with a range last, and no more",
            ));
        }
    }
    findings
}
