use crate::dialect::{Dialect, identifier};

/// Words that are no names unless they are quoted, of those that tables and columns are often called.
const RESERVED: [&str; 24] = [
    "all",
    "and",
    "check",
    "column",
    "constraint",
    "default",
    "desc",
    "end",
    "from",
    "group",
    "index",
    "key",
    "limit",
    "not",
    "null",
    "offset",
    "or",
    "order",
    "primary",
    "references",
    "select",
    "table",
    "user",
    "where",
];

/// A name with its qualifiers as it would be written, quoted where it has to be.
pub(super) fn spelled(dialect: Dialect, name: &str) -> String {
    let parts: Vec<String> = name.split('.').map(|part| one(dialect, part)).collect();
    parts.join(".")
}

fn one(dialect: Dialect, name: &str) -> String {
    let folds = dialect == Dialect::Postgres;
    let plain = |c: char| {
        c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit() || (!folds && c.is_ascii_alphabetic())
    };
    let bare = name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit());
    if bare && !RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
        return name.to_owned();
    }
    identifier(dialect, name).unwrap_or_else(|_| name.to_owned())
}
