use crate::diagnostics::{Diagnostics, Level};
use crate::dialect::Dialect;
use crate::rules::rule::EVERYWHERE;
use crate::rules::{Context, Finder, Rule};

pub static RULE: Rule = Rule {
    id: "name-needs-quotes",
    level: Level::Note,
    dialects: EVERYWHERE,
    page: include_str!("name_needs_quotes.md"),
    covers: &[
        ("spirit", "reserved_words"),
        ("spirit", "name_case"),
        ("pglinter", "B005"),
        ("pglinter", "B010"),
        ("schemalint", "name-casing"),
        ("schemacrawler", "TableWithQuotedNames"),
        ("atlas", "NM101"),
    ],
    finder: Finder::Rule(find),
};

/// Words that PostgreSQL, MySQL or SQLite reserve and that schemas are tempted by.
const RESERVED: [&str; 48] = [
    "all",
    "analyze",
    "and",
    "any",
    "as",
    "asc",
    "between",
    "both",
    "by",
    "case",
    "check",
    "collate",
    "column",
    "condition",
    "constraint",
    "create",
    "cross",
    "default",
    "desc",
    "describe",
    "distinct",
    "end",
    "exists",
    "explain",
    "for",
    "foreign",
    "from",
    "function",
    "grant",
    "group",
    "having",
    "in",
    "index",
    "interval",
    "into",
    "key",
    "keys",
    "limit",
    "match",
    "offset",
    "order",
    "rank",
    "references",
    "row",
    "rows",
    "select",
    "table",
    "user",
];

fn find(context: &Context<'_>) -> Diagnostics {
    let mut findings = Vec::new();
    for site in context.forward() {
        let Some(defines) = &site.defines else { continue };
        let table = defines.makes.then(|| defines.at.end - 1..defines.at.end);
        let columns = defines.columns.iter().filter(|column| !column.redefines);
        for at in table.into_iter().chain(columns.map(|column| column.at.clone())) {
            let Some(name) = site.words.simple_name(at.start) else { continue };
            let folded = context.plan.dialect == Dialect::Postgres && name.chars().any(char::is_uppercase);
            let label = if RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word)) {
                "a word of SQL"
            } else if folded {
                "PostgreSQL reads it in lower case where it is not quoted"
            } else if name.chars().any(|c| !(c.is_alphanumeric() || c == '_' || c == '$'))
                || name.starts_with(|c: char| c.is_ascii_digit())
            {
                "a mark that no bare name has"
            } else {
                continue;
            };
            findings.push(
                site.finding(&RULE, at, format!("`{name}` can only be used in quotes")).label(label).help(
                    "choose a name of lower-case letters, digits and underscores that is no word of SQL",
                ),
            );
        }
    }
    findings
}
