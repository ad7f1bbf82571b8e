use super::answer::{gives_no_row, gives_one_row, is_constant};
use super::verify_never_holds::never_holds;
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Words;
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
        findings.push(
            context.of_check(&RULE, check, &words, words.all(), format!("verify cell `{}` cannot fail", check.cell))
                .label(label)
                .help("select the rows that must not be there (`expect=empty`), or compare a figure with `expect=value:…`"),
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
