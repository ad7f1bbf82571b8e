use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{Words, last_part};
use crate::document::Expect;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "verify-not-in",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("verify_not_in.md"),
    covers: &[("sqlcheck", "NOT IN")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for check in context.plan.checks().filter(|check| check.expect == Expect::Empty) {
        let words = Words::of(context.plan.dialect, &check.statement.sql);
        let Some(at) = words.find(words.all(), &["not", "in", "(", "select"]) else { continue };
        let close = words.close(at.end - 2);
        let column = words.name(words.skip(at.end, &["distinct"])).map(|(name, _)| name);
        let never_null = column.is_some_and(|name| last_part(&name).eq_ignore_ascii_case("id"));
        if never_null || words.find(at.end..close, &["is", "not", "null"]).is_some() {
            continue;
        }
        findings.push(
            context
                .of_check(
                    &RULE,
                    check,
                    &words,
                    at.start..at.start + 2,
                    format!("a NULL lets verify cell `{}` pass", check.cell),
                )
                .label("not true of any row once the inner query gives a NULL")
                .help("write `NOT EXISTS (SELECT 1 FROM … WHERE …)`, or leave NULL out inside"),
        );
    }
    findings
}
