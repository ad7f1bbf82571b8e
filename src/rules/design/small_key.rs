use super::{columns, parts};
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Dialect, KeyKind};
use crate::rules::schema::{Placed, is};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "small-key",
    level: Level::Note,
    dialects: &[Dialect::Postgres, Dialect::Mysql],
    page: include_str!("small_key.md"),
    covers: &[
        ("squawk", "prefer-bigint-over-int"),
        ("squawk", "prefer-bigint-over-smallint"),
        ("squawk", "prefer-big-int"),
        ("pgls", "preferBigInt"),
        ("pgls", "preferBigintOverInt"),
        ("pgls", "preferBigintOverSmallint"),
        ("pgfence", "prefer-bigint-over-int"),
        ("online_migrations", "short_primary_key_type"),
        ("spirit", "primary_key"),
        ("spirit", "auto_inc_capacity"),
        ("squawk", "adding-serial-primary-key-field"),
    ],
    finder: Finder::Rule(find),
};

const SMALL: [&str; 11] = [
    "int",
    "integer",
    "int4",
    "smallint",
    "int2",
    "mediumint",
    "tinyint",
    "serial",
    "serial4",
    "smallserial",
    "serial2",
];

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, Placed { site, part: column }) in columns(context) {
        // `serial` of MySQL is a bigint.
        let big = context.plan.dialect == Dialect::Mysql && column.kind == "serial";
        if big || !column.is_of(&SMALL) {
            continue;
        }
        let own = |columns: &[String]| matches!(columns, [one] if is(one, &column.name));
        let primary =
            table.keys.iter().any(|key| key.part.kind == KeyKind::Primary && own(&key.part.columns));
        let refers = table.references.iter().any(|reference| own(&reference.part.columns));
        let counted = column.generated
            && (column.kind.contains("serial")
                || ["identity", "auto_increment"].iter().any(|word| {
                    let words = &context.sites[*site].words;
                    words.find_flat(column.attributes.clone(), &[word]).is_some()
                }));
        let named = parts(&column.name).last().is_some_and(|last| last == "id");
        if !(primary || refers || counted || named) {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(&RULE, column.kind_at.clone(), format!("`{}` runs out of numbers", column.name))
                .label("every insert fails when it has, and the change to a larger type copies the table")
                .help("make it `bigint`, and so whatever refers to it"),
        );
    }
    findings
}
