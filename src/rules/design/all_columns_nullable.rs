use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::KeyKind;
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "all-columns-nullable",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("all_columns_nullable.md"),
    covers: &[("schemacrawler", "TableAllNullableColumns"), ("sqlcheck", "NOT NULL Usage")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, made) in context.schema.made() {
        let keyed = |name: &str| {
            table.keys.iter().any(|key| {
                key.part.kind == KeyKind::Primary && key.part.columns.iter().any(|own| is(own, name))
            })
        };
        let mut free = table.columns.iter().filter(|column| !keyed(&column.part.name)).peekable();
        let several = free.clone().count() >= 3;
        let all = free
            .all(|column| !column.part.not_null && column.part.default.is_none() && !column.part.generated);
        if !(several && all) {
            continue;
        }
        findings.push(
            context.sites[made.site]
                .finding(&RULE, made.part.clone(), format!("a row of `{}` may hold nothing", table.name))
                .label("no column has to have a value")
                .help("write NOT NULL on what a row cannot do without: it costs nothing while the table is empty"),
        );
    }
    findings
}
