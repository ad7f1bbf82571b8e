use super::ONLY;
use super::rebuild::{Rebuild, rebuilds};
use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{ColumnDefinition, Definition};
use crate::rules::schema::is;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "rebuild-loses-column",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("rebuild_loses_column.md"),
    covers: &[("atlas", "DS103"), ("atlas", "LT101"), ("django-migration-linter", "NOT_NULL")],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for rebuild in rebuilds(context) {
        let name = &rebuild.name;
        let (message, label) = match rebuild.old_definition(context) {
            Some(old) => {
                let Some(lost) = lost(context, &rebuild, old) else { continue };
                let message = format!("column `{lost}` of `{name}` does not come along");
                (message, "it is dropped with the old table, and no statement fails")
            }
            None if looks_at_columns(context, name) => continue,
            None => (
                format!("nothing shows that every column of `{name}` comes along"),
                "a column that is not named here is dropped with the old table, and no statement fails",
            ),
        };
        let columns: Vec<String> =
            rebuild.new.columns.iter().map(|column| format!("'{}'", column.name)).collect();
        let site = &context.sites[rebuild.copy.unwrap_or(rebuild.drop)];
        findings.push(site.finding(&RULE, 0..3, message).label(label).help(format!(
            "add a `when=before` cell: SELECT name FROM pragma_table_info('{name}') WHERE name NOT IN ({})",
            columns.join(", ")
        )));
    }
    findings
}

/// A column of the old table that is neither copied nor computed.
fn lost<'d>(context: &Context<'_>, rebuild: &Rebuild<'_>, old: &'d Definition) -> Option<&'d str> {
    let copied = rebuild.copied(context);
    let comes_along = |column: &&ColumnDefinition| {
        let kept = rebuild.new.columns.iter().any(|new| is(&new.name, &column.name));
        let named = copied.as_ref().is_none_or(|copied| copied.iter().any(|name| is(name, &column.name)));
        (kept && named) || column.generated
    };
    old.columns.iter().find(|column| !comes_along(column)).map(|column| column.name.as_str())
}

fn looks_at_columns(context: &Context<'_>, table: &str) -> bool {
    context.plan.checks().any(|check| {
        let sql = check.statement.sql.to_lowercase();
        (sql.contains("table_info") || sql.contains("table_xinfo")) && sql.contains(&table.to_lowercase())
    })
}
