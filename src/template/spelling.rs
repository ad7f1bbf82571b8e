//! How a value is written into the text of a new runbook: the filters of whole documents.
//!
//! There, an expression without a filter is refused unless it is a number or a boolean: the template
//! says of every text what it is, and no text reaches the document as it came.

use minijinja::value::{Rest, Value, ValueKind};
use minijinja::{Environment, Error};

use super::fragment::{Fragment, refuse};
use crate::dialect::{self, Dialect, Token, TokenKind};

/// Words that need quotes as a name: reserved in PostgreSQL (manual, appendix C) or keywords that
/// SQLite does not take for a name (sqlite.org/lang_keywords.html), each where it may hurt.
const RESERVED: &str = " all alter analyse analyze and any array as asc asymmetric authorization autoincrement \
    between binary both case cast check collate collation column commit concurrently constraint create cross \
    current_catalog current_date current_role current_schema current_time current_timestamp current_user \
    default deferrable delete desc distinct do drop else end escape except exists false fetch for foreign freeze \
    from full grant group having if ilike in index initially inner insert intersect into is isnull join lateral \
    leading left like limit localtime localtimestamp natural not nothing notnull null offset on only or order \
    outer overlaps placing primary references returning right select session_user set similar some symmetric \
    system_user table tablesample then to trailing transaction true union unique update user using values \
    variadic verbose view when where window with ";

pub(super) fn add_filters(env: &mut Environment<'_>, dialect: Dialect) {
    let add =
        |env: &mut Environment<'_>, name: &'static str, write: fn(Dialect, &str) -> Result<String, Error>| {
            env.add_filter(name, move |value: &Value| each(value, &|text| write(dialect, text)));
        };
    add(env, "ident", ident);
    add(env, "relation", relation);
    add(env, "literal", |dialect, text| dialect::literal(dialect, text).map_err(|e| refuse(e.to_string())));
    add(env, "sql", |_, text| Ok(text.to_owned()));
    add(env, "expression", |dialect, text| Ok(expression(dialect, text)));
    add(env, "slug", |_, text| Ok(slug(text)));
    add(env, "code", |_, text| Ok(code(text)));
    add(env, "prose", |_, text| Ok(prose(text)));
    env.add_filter("bare", move |value: &Value| Ok::<_, Error>(split(dialect, &text(value)?).1));
    env.add_filter("schema", move |value: &Value| {
        Ok::<_, Error>(split(dialect, &text(value)?).0.unwrap_or_default())
    });
    env.add_function("name", move |parts: Rest<Value>| {
        let parts: Vec<String> =
            parts.iter().map(|part| Ok(split(dialect, &text(part)?).1)).collect::<Result<_, Error>>()?;
        Ok::<_, Error>(name(&parts))
    });
    env.add_filter("yaml", |value: &Value| written(yaml(&text(value)?)));
    env.add_filter("beside", move |value: &Value, table: &Value| {
        let (schema, name) = (schema(dialect, &text(table)?)?, ident(dialect, &text(value)?)?);
        written(schema.map_or(name.clone(), |schema| format!("{schema}.{name}")))
    });
}

/// The formatter: what no filter made SQL or prose is refused.
pub(super) fn plain(value: &Value) -> Result<String, Error> {
    match value.kind() {
        ValueKind::Number | ValueKind::Bool => Ok(value.to_string()),
        // Of a macro or a block: see `whole`. The line ends around its text are those of its tags.
        ValueKind::String if value.is_safe() => Ok(value.to_string().trim_matches('\n').to_owned()),
        _ => match value.downcast_object_ref::<Fragment>() {
            Some(fragment) => Ok(fragment.sql.clone()),
            None => Err(refuse(
                "a text must say through a filter what it is (`ident`, `literal`, `code`, `yaml` …)",
            )),
        },
    }
}

/// A value that stands in the document as `sql` says.
pub(super) fn written(sql: String) -> Result<Value, Error> {
    Ok(Value::from_object(Fragment { sql, raw: false }))
}

fn each(value: &Value, write: &dyn Fn(&str) -> Result<String, Error>) -> Result<Value, Error> {
    if value.kind() != ValueKind::Seq {
        return written(write(&text(value)?)?);
    }
    let items: Vec<String> = value.try_iter()?.map(|item| write(&text(&item)?)).collect::<Result<_, _>>()?;
    if items.is_empty() {
        return Err(refuse("the list is empty"));
    }
    written(items.join(", "))
}

fn text(value: &Value) -> Result<String, Error> {
    if let Some(fragment) = value.downcast_object_ref::<Fragment>() {
        return Ok(fragment.sql.clone());
    }
    match value.kind() {
        ValueKind::String => Ok(value.as_str().unwrap_or_default().to_owned()),
        ValueKind::Number | ValueKind::Bool => Ok(value.to_string()),
        ValueKind::Undefined => Err(Error::from(minijinja::ErrorKind::UndefinedError)),
        kind => Err(refuse(format!("a {kind} is no text"))),
    }
}

/// A name, in quotes only where SQL would read it otherwise.
pub(super) fn ident(dialect: Dialect, name: &str) -> Result<String, Error> {
    let quoted = dialect::identifier(dialect, name).map_err(|error| refuse(error.to_string()))?;
    if dialect == Dialect::Mysql {
        // What is reserved grows with every release of either server (manual §11.3).
        return Ok(quoted);
    }
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    let plain = starts && name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
    Ok(if plain && !RESERVED.contains(&format!(" {name} ")) { name.to_owned() } else { quoted })
}

/// A table's schema and its own name. In PostgreSQL and MySQL a dot stands between them; in SQLite it is a
/// letter like another.
fn split(dialect: Dialect, name: &str) -> (Option<String>, String) {
    match (dialect, name.split_once('.')) {
        (Dialect::Postgres | Dialect::Mysql, Some((schema, table))) => (Some(schema.into()), table.into()),
        _ => (None, name.to_owned()),
    }
}

/// A table's name.
pub(super) fn relation(dialect: Dialect, name: &str) -> Result<String, Error> {
    match split(dialect, name) {
        (Some(schema), table) => Ok(format!("{}.{}", ident(dialect, &schema)?, ident(dialect, &table)?)),
        (None, table) => ident(dialect, &table),
    }
}

/// A table's name as SQL takes it; None where it is no name.
pub fn table(dialect: Dialect, name: &str) -> Option<String> {
    relation(dialect, name).ok()
}

/// The schema of a table's name.
fn schema(dialect: Dialect, table: &str) -> Result<Option<String>, Error> {
    split(dialect, table).0.map(|schema| ident(dialect, &schema)).transpose()
}

/// Bytes that the name of an object may have in every engine: PostgreSQL takes 63, and rules and
/// sequences put an ending of their own after it.
const LONGEST_NAME: usize = 56;

/// A name for an object that a runbook makes, of the names that it is about. A long one is cut, with a
/// number of the whole behind it, so that two long names stay two.
fn name(parts: &[String]) -> String {
    let whole = parts.join("_");
    if whole.len() <= LONGEST_NAME {
        return whole;
    }
    // FNV-1a: it has to tell names apart, and to be the same in every release.
    let hash = whole.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    let mut end = LONGEST_NAME - 9;
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{hash:08x}", &whole[..end])
}

/// An expression that no operator beside it reaches into: in parentheses, unless it is one token or
/// one call.
fn expression(dialect: Dialect, sql: &str) -> String {
    let sql = sql.trim();
    let tokens = dialect::lex(dialect, sql);
    let is = |token: &Token, text: &str| &sql[token.span.start..token.span.end] == text;
    let call = match &tokens[..] {
        [name, open, inner @ .., close] => {
            let level = |depth: &mut i32, token: &Token| {
                *depth += i32::from(is(token, "(")) - i32::from(is(token, ")"));
                Some(*depth)
            };
            name.kind == TokenKind::Word
                && !RESERVED
                    .contains(&format!(" {} ", sql[name.span.start..name.span.end].to_ascii_lowercase()))
                && is(open, "(")
                && is(close, ")")
                && inner.iter().scan(0, level).all(|depth| depth >= 0)
        }
        _ => false,
    };
    if tokens.len() == 1 || call { sql.to_owned() } else { format!("({sql})") }
}

/// Lower-case letters, digits and hyphens: a part of a runbook's id.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "x".to_owned() } else { slug.to_owned() }
}

/// An inline code span; its fence is longer than any run of backticks inside (CommonMark 6.1).
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text in which no character means anything to Markdown (CommonMark 2.4).
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A scalar that YAML reads back as this text. JSON's strings are YAML's (YAML 1.2, 1.3).
fn yaml(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    let word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if plain && !word.contains(&text.to_ascii_lowercase().as_str()) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_only_where_sql_needs_it() {
        let pg = |name| relation(Dialect::Postgres, name).unwrap();
        assert_eq!(pg("orders"), "orders");
        assert_eq!(pg("order"), "\"order\"");
        assert_eq!(pg("Orders"), "\"Orders\"");
        assert_eq!(pg("app.user"), "app.\"user\"");
        assert_eq!(pg(r#"we"ird"#), r#""we""ird""#);
        assert_eq!(relation(Dialect::Sqlite, "a.b").unwrap(), "\"a.b\"");
        assert_eq!(relation(Dialect::Mysql, "app.orders").unwrap(), "`app`.`orders`");
    }

    #[test]
    fn an_expression_stands_alone() {
        let of = |sql| expression(Dialect::Postgres, sql);
        assert_eq!(of("lower(trim(a))"), "lower(trim(a))");
        assert_eq!(of("f(a) + g(b)"), "(f(a) + g(b))");
        assert_eq!(of("a OR b"), "(a OR b)");
        assert_eq!((of("42"), of("not (a)")), ("42".into(), "(not (a))".into()));
    }

    #[test]
    fn prose_code_and_yaml_hold_any_text() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(prose("<!-- *x*"), r"\<!-- \*x\*");
        assert_eq!(
            (yaml("orders"), yaml("no"), yaml("a: b")),
            ("orders".into(), "\"no\"".into(), "\"a: b\"".into())
        );
        assert_eq!((slug("Order Items"), slug("ä")), ("order-items".into(), "x".into()));
    }
}
