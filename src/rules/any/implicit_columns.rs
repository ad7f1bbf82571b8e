use crate::diagnostics::{Diagnostics, Level};
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "implicit-columns",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("implicit_columns.md"),
    covers: &[("sqlcheck", "Implicit Columns"), ("sqlcheck", "SELECT *"), ("sqlfluff", "AM04")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let words = &site.words;
        let at = match site.kind() {
            "insert" => match words.find_flat(words.all(), &["into"]).and_then(|into| words.name(into.end)) {
                // `t (a, b)` and `t AS x (a, b)`, and MySQL's `SET a = 1`.
                Some((_, after)) if words.is(after, "(") && !words.is(after + 1, "select") => {
                    words.find_flat(words.all(), &["select", "*"])
                }
                Some((_, after)) if words.is(after, "values") || words.is(after, "select") => {
                    Some(after..after + 1)
                }
                _ => None,
            },
            "create_view" => {
                words.find_flat(words.all(), &["as", "select", "*"]).map(|at| at.start + 1..at.end)
            }
            _ => None,
        };
        let Some(at) = at else { continue };
        findings.push(
            site.finding(&RULE, at, "columns are meant by their place")
                .label("a column more, or another order, and the values are in the wrong ones")
                .help("name the columns"),
        );
    }
    findings
}
