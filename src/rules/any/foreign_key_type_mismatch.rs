use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::{ColumnDefinition, Dialect, KeyKind};
use crate::rules::rule::EVERYWHERE;
use crate::rules::schema::Placed;
use crate::rules::sqlite::affinity;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "foreign-key-type-mismatch",
    level: Level::Warning,
    dialects: EVERYWHERE,
    page: include_str!("foreign_key_type_mismatch.md"),
    covers: &[
        ("online_migrations", "mismatched_foreign_key_type"),
        ("schemacrawler", "ForeignKeyMismatch"),
        ("pglinter", "B008"),
        ("spirit", "type_pedantic"),
    ],
    finder: Finder::Rule(find),
};

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    let dialect = context.plan.dialect;
    for table in context.schema.tables() {
        for Placed { site, part: reference } in &table.references {
            let Some(parent) = context.schema.table(&reference.table) else { continue };
            let primary = parent.keys.iter().find(|key| key.part.kind == KeyKind::Primary);
            let to = match (&reference.to[..], primary) {
                ([], Some(key)) => &key.part.columns,
                (named, _) => named,
            };
            for (own, other) in reference.columns.iter().zip(to) {
                let (Some(own), Some(other)) = (table.column(own), parent.column(other)) else { continue };
                let (own, other) = (&own.part, &other.part);
                if own.kind.is_empty()
                    || other.kind.is_empty()
                    || type_of(dialect, own) == type_of(dialect, other)
                {
                    continue;
                }
                let message = format!(
                    "`{}` is {} and refers to `{}.{}`, which is {}",
                    own.name, own.kind, parent.name, other.name, other.kind
                );
                findings.push(
                    context.sites[*site]
                        .finding(&RULE, reference.at.clone(), message)
                        .label("values of the one may not fit, or not be found by, the other")
                        .help(format!("make `{}` {}", own.name, other.kind)),
                );
            }
        }
    }
    findings
}

/// What a type is called whatever it was called by.
fn type_of(dialect: Dialect, column: &ColumnDefinition) -> String {
    if dialect == Dialect::Sqlite {
        return affinity(&column.kind).to_owned();
    }
    let (kind, sign) = match column.kind.strip_suffix(" unsigned") {
        Some(kind) => (kind, " unsigned"),
        None => (column.kind.as_str(), ""),
    };
    let kind = match kind {
        "int" | "integer" | "int4" | "serial" | "serial4" => "integer",
        "bigserial" | "serial8" | "int8" => "bigint",
        "smallserial" | "serial2" | "int2" => "smallint",
        "character varying" => "varchar",
        "character" => "char",
        "decimal" => "numeric",
        other => other.strip_prefix("pg_catalog.").unwrap_or(other),
    };
    format!("{kind}{sign}")
}
