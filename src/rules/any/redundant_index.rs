use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Key, KeyKind};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "redundant-index",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("redundant_index.md"),
    covers: &[
        ("spirit", "redundant_indexes"),
        ("splinter", "0009"),
        ("pglinter", "B002"),
        ("pg-index-health", "duplicated_indexes"),
        ("pg-index-health", "intersected_indexes"),
        ("schemacrawler", "RedundantIndexes"),
        ("sqlcheck", "Too Many Indexes"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for table in context.schema.tables() {
        for (at, Placed { site, part: key }) in table.keys.iter().enumerate() {
            let others = table.keys.iter().map(|other| &other.part).enumerate();
            let mut others = others.filter(|(other, _)| *other != at);
            let Some((_, other)) = others.find(|(index, other)| serves(other, key, *index < at)) else {
                continue;
            };
            let message = format!("an index on ({}) is there already", key.columns.join(", "));
            findings.push(
                context.sites[*site]
                    .finding(&RULE, key.at.clone(), message)
                    .label(format!("the one on ({}) leads to the same rows", other.columns.join(", ")))
                    .help("leave this one out"),
            );
        }
    }
    findings
}

/// Whether `other` does all that `key` does. Of two alike, the later one is too many.
fn serves(other: &Key, key: &Key, earlier: bool) -> bool {
    let whole = |key: &Key| key.plain && !key.partial && key.kind != KeyKind::Other;
    let first = other.columns.iter().zip(&key.columns).all(|(a, b)| a.eq_ignore_ascii_case(b));
    let alike = other.columns.len() == key.columns.len();
    let unique = |key: &Key| key.kind != KeyKind::Plain;
    whole(other)
        && whole(key)
        && first
        && other.columns.len() >= key.columns.len()
        && key.kind != KeyKind::Primary
        && if unique(key) {
            alike && unique(other) && (earlier || other.kind == KeyKind::Primary)
        } else {
            !alike || unique(other) || earlier
        }
}
