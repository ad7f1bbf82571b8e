use super::answer::{gives_no_row, gives_one_row, is_bare};
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{TokenKind, Words};
use crate::document::Expect;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};
use std::ops::Range;

pub static RULE: Rule = Rule {
    id: "verify-never-holds",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("verify_never_holds.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for check in context.plan.checks() {
        let words = Words::of(context.plan.dialect, &check.statement.sql);
        let Some(label) = never_holds(&words, &check.expect) else { continue };
        findings.push(
            context
                .of_check(
                    &RULE,
                    check,
                    &words,
                    words.all(),
                    format!("verify cell `{}` can never hold", check.cell),
                )
                .label(label)
                .help("select the rows that must not be there, or compare a figure with `expect=value:…`"),
        );
    }
    findings
}

pub(super) fn never_holds(words: &Words<'_>, expect: &Expect) -> Option<String> {
    let one = gives_one_row(words) || is_bare(words);
    match expect {
        Expect::Empty if one => Some("this gives one row, whatever the tables hold".to_owned()),
        Expect::Rows(rows) if one && *rows != 1 => {
            Some("this gives one row, whatever the tables hold".to_owned())
        }
        Expect::Rows(rows) if limit(words).is_some_and(|limit| limit < *rows) => {
            Some(format!("it is limited to fewer rows than {rows}"))
        }
        Expect::True | Expect::Value(_) if gives_no_row(words) => {
            Some("this gives no row, whatever the tables hold".to_owned())
        }
        Expect::True | Expect::Value(_) if columns(words).is_some_and(|columns| columns > 1) => {
            Some("one value is expected, and a row of this has more".to_owned())
        }
        Expect::True if is_bare(words) && words.len() == 2 && words.is(1, "false") => {
            Some("this is false".to_owned())
        }
        Expect::Value(value) if is_bare(words) && words.len() == 2 && is_other(words, value) => {
            Some(format!("this is never {value}"))
        }
        _ => None,
    }
}

fn limit(words: &Words<'_>) -> Option<u64> {
    let at = words.find_flat(words.all(), &["limit"])?;
    words.text(at.end).parse().ok()
}

/// How many columns a row has, where no star stands for them.
fn columns(words: &Words<'_>) -> Option<usize> {
    if !words.is(0, "select") {
        return None;
    }
    let end = words.find_flat(words.all(), &["from"]).map_or(words.len(), |from| from.start);
    let items = words.list(1..end);
    let star = |item: &Range<usize>| words.is(item.end - 1, "*");
    (!items.iter().any(star)).then_some(items.len())
}

/// Whether a literal prints otherwise than `value`.
fn is_other(words: &Words<'_>, value: &str) -> bool {
    match words.kind(1) {
        Some(TokenKind::Number) => {
            words.text(1) != value && words.text(1).parse::<f64>().ok() != value.parse().ok()
        }
        Some(TokenKind::Str) => words.text(1).trim_matches('\'') != value,
        _ => false,
    }
}
