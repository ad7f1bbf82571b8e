use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::KeyKind;
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::{Placed, is};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "unique-with-nulls",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("unique_with_nulls.md"),
    covers: &[("schemacrawler", "NullColumnsInIndex")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, _) in context.schema.made() {
        for Placed { site, part: key } in table.keys.iter().filter(|key| key.part.kind == KeyKind::Unique) {
            let words = &context.sites[*site].words;
            if key.partial || words.find(words.all(), &["nulls", "not", "distinct"]).is_some() {
                continue;
            }
            let nullable = |name: &&String| {
                let primary = table.keys.iter().any(|other| {
                    other.part.kind == KeyKind::Primary && other.part.columns.iter().any(|own| is(own, name))
                });
                table.column(name).is_some_and(|column| !column.part.not_null && !primary)
            };
            let hole = key.columns.iter().find(nullable).filter(|_| key.columns.len() > 1);
            let marked = table.columns.iter().find(|column| {
                ["deleted_at", "deleted_on"].contains(&column.part.name.to_lowercase().as_str())
            });
            let kept = marked.filter(|mark| !key.columns.iter().any(|own| is(own, &mark.part.name)));
            let (message, label) = match (hole, kept) {
                (Some(hole), _) => (
                    format!("the key does not hold where `{hole}` is NULL"),
                    "NULL equals nothing, so that such rows are there twice",
                ),
                (_, Some(mark)) => (
                    format!("a row with `{}` still holds its key", mark.part.name),
                    "nobody can have the name of a deleted row again",
                ),
                _ => continue,
            };
            findings.push(context.sites[*site].finding(&RULE, key.at.clone(), message).label(label).help(
                match hole {
                    Some(_) => "make each column NOT NULL, or write `NULLS NOT DISTINCT`",
                    None => {
                        "make it an index with `WHERE deleted_at IS NULL`, or tell deleted rows apart in it"
                    }
                },
            ));
        }
    }
    findings
}
