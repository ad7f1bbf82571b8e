use super::verify_never_holds::never_holds;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{TokenKind, Words};
use crate::document::Expect;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "verify-cannot-fail",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("verify_cannot_fail.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for check in context.plan.checks() {
        let words = Words::of(context.plan.dialect, &check.statement.sql);
        if never_holds(&words, &check.expect).is_some() {
            continue;
        }
        let Some(label) = cannot_fail(&words, &check.expect) else { continue };
        let span = check.statement.provenance.to_source(words.span(words.all()));
        findings.push(
            RULE.at(&context.plan.source, span, format!("verify cell `{}` cannot fail", check.cell))
                .label(label)
                .help("select the rows that must not be there (`expect=empty`), or compare a figure with `expect=value:…`")
                .cell(&check.cell)
                .statement(1),
        );
    }
    findings
}

fn cannot_fail(words: &Words<'_>, expect: &Expect) -> Option<&'static str> {
    if is_constant(words) {
        return Some("the answer does not depend on the database");
    }
    match expect {
        Expect::Rows(1) if gives_one_row(words) => {
            Some("an aggregate without GROUP BY gives one row, also over no rows at all")
        }
        Expect::Empty if gives_no_row(words) => Some("this gives no row, whatever the tables hold"),
        _ => None,
    }
}

/// A SELECT of literals alone.
fn is_constant(words: &Words<'_>) -> bool {
    const PLAIN: [&str; 12] =
        ["select", "as", "true", "false", "null", "where", "and", "or", "not", "is", "limit", "values"];
    words.all().all(|at| match words.kind(at) {
        Some(TokenKind::Word) => {
            PLAIN.iter().any(|word| words.is(at, word)) || (at > 0 && words.is(at - 1, "as"))
        }
        Some(TokenKind::Number | TokenKind::Str | TokenKind::Punct) => true,
        Some(TokenKind::QuotedIdent) => at > 0 && words.is(at - 1, "as"),
        _ => false,
    })
}

/// `SELECT count(*) …` without anything that makes more of it, or less.
pub(super) fn gives_one_row(words: &Words<'_>) -> bool {
    const AGGREGATES: [&str; 6] = ["count", "sum", "min", "max", "avg", "every"];
    const OTHERWISE: [&str; 7] = ["group", "having", "limit", "offset", "union", "intersect", "except"];
    let flat = |word: &str| words.find_flat(words.all(), &[word]);
    if !words.is(0, "select") || OTHERWISE.iter().any(|word| flat(word).is_some()) {
        return false;
    }
    let end = flat("from").map_or(words.len(), |from| from.start);
    let first = AGGREGATES.iter().any(|name| words.starts(1, &[name, "("]));
    first && words.find(0..end, &["over"]).is_none()
}

pub(super) fn gives_no_row(words: &Words<'_>) -> bool {
    let after = |texts: &[&str]| words.find_flat(words.all(), texts).map(|at| at.end);
    let ends = |at: usize| at + 1 >= words.len() || words.is(at + 1, "limit");
    after(&["limit"]).is_some_and(|at| words.text(at) == "0")
        || after(&["where"]).is_some_and(|at| words.is(at, "false") && ends(at))
}
