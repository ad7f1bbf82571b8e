use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{ObjectKind, TokenKind};
use crate::rules::context::Site;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "enum-value-in-use",
    level: Level::Error,
    dialects: ONLY,
    page: include_str!("enum_value_in_use.md"),
    covers: &[("pgls", "avoidAlterEnumAddValue"), ("pgfence", "alter-enum-add-value")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in &context.sites {
        let before = context.before_in_transaction(site);
        for added in before.iter().filter_map(added) {
            let used = |at: &usize| {
                site.words.kind(*at) == Some(TokenKind::Str) && site.words.text(*at) == added.value
            };
            let made = before.iter().any(|before| {
                before.kind() == "create_type"
                    && before.statement.facts.objects.iter().any(|made| made.name == added.of)
            });
            let Some(at) = site.words.all().find(used).filter(|_| !made && site.kind() != "alter_type")
            else {
                continue;
            };
            findings.push(
                site.finding(&RULE, at..at + 1, format!("{} is used in the transaction that adds it", added.value))
                    .label("refused: unsafe use of a new value of an enum (55P04)")
                    .help("give the ALTER TYPE a cell of its own, or write `--| tx: statement` at the top of this one"),
            );
        }
    }
    findings
}

struct Added<'a> {
    of: &'a str,
    value: &'a str,
}

fn added<'a>(site: &'a Site<'_>) -> Option<Added<'a>> {
    let words = &site.words;
    let at = words.find_flat(words.all(), &["add", "value"]).filter(|_| site.kind() == "alter_type")?;
    let at = words.skip(at.end, &["if", "not", "exists"]);
    let of = site.statement.facts.objects.iter().find(|object| object.kind == ObjectKind::Type)?;
    Some(Added { of: &of.name, value: words.text(at) })
}
