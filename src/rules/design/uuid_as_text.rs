use super::{columns, is_text, parts};
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "uuid-as-text",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("uuid_as_text.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in columns(context) {
        let named = parts(&column.name).iter().any(|part| part == "uuid" || part == "guid");
        let is_text = is_text(&column.kind) || column.is_of(&["char", "character"]);
        if !(named && is_text) {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(
                    &RULE,
                    column.kind_at.clone(),
                    format!("`{}` takes twice the room that it needs", column.name),
                )
                .label("and so does every index and every key that refers to it")
                .help(match context.plan.dialect {
                    Dialect::Postgres => "write `uuid`",
                    Dialect::Mysql => "write `binary(16)` with `uuid_to_bin`, or `uuid` on MariaDB",
                    Dialect::Sqlite => "store its 16 bytes as a BLOB",
                }),
        );
    }
    findings
}
