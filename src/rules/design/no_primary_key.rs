use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::KeyKind;
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "no-primary-key",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("no_primary_key.md"),
    covers: &[
        ("splinter", "0004"),
        ("pglinter", "B001"),
        ("schemalint", "require-primary-key"),
        ("schemacrawler", "TableWithNoPrimaryKey"),
        ("spirit", "primary_key"),
        ("sqlcheck", "Primary Key Does Not Exist"),
        ("pg-index-health", "tables_without_primary_key"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for (table, made) in context.schema.made() {
        let site = &context.sites[made.site];
        let keyed = table.keys.iter().any(|key| key.part.kind == KeyKind::Primary)
            // `serial` of MySQL is a unique key, and `INHERITS` may bring one.
            || site.words.find_flat(site.words.all(), &["inherits"]).is_some();
        // `USING INDEX`, which makes a key of an index, names no columns.
        let later = context.forward().any(|other| {
            other.alter_table().is_some_and(|alter| is(&alter.table, &table.name))
                && other.words.find_flat(other.words.all(), &["primary", "key"]).is_some()
        });
        if keyed || later {
            continue;
        }
        findings.push(
            site.finding(&RULE, made.part.clone(), format!("table `{}` has no primary key", table.name))
                .label("nothing tells two equal rows apart")
                .help("add `id bigint PRIMARY KEY`, or name the columns by which rows are known"),
        );
    }
    findings
}
