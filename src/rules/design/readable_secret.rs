use super::{columns, is_text, parts};
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "readable-secret",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("readable_secret.md"),
    covers: &[("sqlcheck", "Readable Passwords"), ("splinter", "0023")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in columns(context) {
        let parts = parts(&column.name);
        let is = |words: &[&str]| parts.iter().any(|part| words.contains(&part.as_str()));
        let secret = is(&["password", "passwd", "pwd", "passphrase", "secret", "ssn", "cvv", "cvc"])
            || column.name.to_lowercase().contains("card_number");
        let safe = is(&[
            "hash",
            "hashed",
            "digest",
            "encrypted",
            "encryption",
            "salt",
            "at",
            "id",
            "hint",
            "reset",
            "changed",
            "expires",
            "enc",
            "cipher",
        ]);
        if !secret || safe || !is_text(&column.kind) {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(
                    &RULE,
                    column.at.clone(),
                    format!("`{}` can be read by whoever reads the table", column.name),
                )
                .label("and its dumps, replicas and logs")
                .help("keep a hash of a password, and anything else encrypted, under a name that says so"),
        );
    }
    findings
}
