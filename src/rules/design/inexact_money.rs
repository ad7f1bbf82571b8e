use super::{columns, parts};
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "inexact-money",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("inexact_money.md"),
    covers: &[("sqlcheck", "Imprecise Data Type"), ("spirit", "has_float"), ("pgfence", "MONEY")],
    finder: Finder::Rule(find),
};

const MONEY: [&str; 12] = [
    "price", "amount", "total", "subtotal", "balance", "fee", "tax", "cost", "salary", "revenue", "discount",
    "payment",
];

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (_, Placed { site, part: column }) in columns(context) {
        let inexact = ["float", "float4", "float8", "real", "double", "double precision"]
            .contains(&column.kind.as_str());
        let money = parts(&column.name).iter().any(|part| MONEY.contains(&part.as_str()));
        let typed = context.plan.dialect == Dialect::Postgres && column.kind == "money";
        if !(typed || inexact && money) {
            continue;
        }
        findings.push(
            context.sites[*site]
                .finding(
                    &RULE,
                    column.kind_at.clone(),
                    format!("`{}` cannot hold every amount exactly", column.name),
                )
                .label("sums and comparisons are off by a cent")
                .help("write `numeric(12, 2)`, or whole cents in a bigint"),
        );
    }
    findings
}
