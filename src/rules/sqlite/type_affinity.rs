use super::ONLY;
use crate::diagnostics::{Diagnostics, Level};
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "type-affinity",
    level: Level::Warning,
    dialects: ONLY,
    page: include_str!("type_affinity.md"),
    covers: &[],
    finder: Finder::Rule(find),
};

/// Names of types that hold text, and to which SQLite gives the affinity of a number.
const TEXTS: [&str; 14] = [
    "string", "str", "uuid", "guid", "json", "enum", "set", "email", "url", "uri", "ip", "inet", "xml",
    "phone",
];

/// Names with `INT` in them that are integers.
const INTEGERS: [&str; 12] = [
    "int",
    "integer",
    "bigint",
    "smallint",
    "tinyint",
    "mediumint",
    "unsigned big int",
    "int unsigned",
    "bigint unsigned",
    "int2",
    "int8",
    "int4",
];

/// What SQLite makes of the name of a type (sqlite.org/datatype3.html §3.1).
pub(in crate::rules) fn affinity(kind: &str) -> &'static str {
    let has = |parts: &[&str]| parts.iter().any(|part| kind.contains(part));
    if has(&["int"]) {
        "INTEGER"
    } else if has(&["char", "clob", "text"]) {
        "TEXT"
    } else if kind.is_empty() || has(&["blob"]) {
        "BLOB"
    } else if has(&["real", "floa", "doub"]) {
        "REAL"
    } else {
        "NUMERIC"
    }
}

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(defines) = &site.defines else { continue };
        if site.words.find_flat(defines.options.clone(), &["strict"]).is_some() {
            continue;
        }
        for column in &defines.columns {
            let label = match affinity(&column.kind) {
                "NUMERIC" if TEXTS.contains(&column.kind.as_str()) => {
                    "a text that looks like a number is stored as that number"
                }
                "INTEGER"
                    if !INTEGERS.contains(&column.kind.as_str()) && !column.kind.contains("integer") =>
                {
                    "a name with `INT` in it is an integer, whatever it means"
                }
                _ => continue,
            };
            findings.push(
                site.finding(
                    &RULE,
                    column.kind_at.clone(),
                    format!("`{}` has the affinity {}", column.name, affinity(&column.kind)),
                )
                .label(label)
                .help("write TEXT, INTEGER, REAL or BLOB, and `STRICT` behind a new table"),
            );
        }
    }
    findings
}
