//! Values that are SQL already, and the formatter that turns every other value into a literal.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value, ValueKind};
use minijinja::{Error, ErrorKind};

use crate::dialect::{self, Dialect};

/// Brackets the formatter puts around what an expression wrote, so that the places can be found in
/// the rendered text. Both are Unicode noncharacters, which no value and no runbook may hold.
pub(super) const OPEN: char = '\u{FDD0}';
pub(super) const CLOSE: char = '\u{FDD1}';
/// Stands after [`OPEN`] where the expression used `raw`.
pub(super) const RAW: char = '\u{FDD2}';
/// Stands after [`OPEN`] where the expression wrote a secret.
pub(super) const SECRET: char = '\u{FDD3}';

/// Text that reaches the SQL as it is.
#[derive(Debug)]
pub(super) struct Fragment {
    pub sql: String,
    pub raw: bool,
}

impl Object for Fragment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql)
    }
}

/// `{{ x | ident }}`: a quoted identifier; a list becomes identifiers between commas.
pub(super) fn ident(dialect: Dialect, value: &Value) -> Result<Value, Error> {
    let sql = joined(value, &|item| {
        let name = item.as_str().ok_or_else(|| refuse("`ident` takes a string"))?;
        dialect::identifier(dialect, name).map_err(|error| refuse(error.to_string()))
    })?;
    Ok(Value::from_object(Fragment { sql, raw: false }))
}

/// `{{ x | raw }}`: the text itself, which a reviewer is shown as a finding.
pub(super) fn raw(value: &Value) -> Result<Value, Error> {
    let sql = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(Value::from_object(Fragment { sql, raw: true }))
}

/// What an expression's value is in SQL.
pub(super) fn literal(dialect: Dialect, value: &Value) -> Result<String, Error> {
    joined(value, &|item| match item.kind() {
        ValueKind::None => Ok("NULL".to_owned()),
        ValueKind::Bool => Ok(if item.is_true() { "TRUE" } else { "FALSE" }.to_owned()),
        ValueKind::Number => number(item),
        ValueKind::String => {
            let text = item.as_str().unwrap_or_default();
            dialect::literal(dialect, text).map_err(|error| refuse(error.to_string()))
        }
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        kind => Err(refuse(format!("a {kind} has no literal in SQL"))),
    })
}

fn number(value: &Value) -> Result<String, Error> {
    let text = value.to_string();
    let finite = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
    if finite { Ok(text) } else { Err(refuse(format!("{text} is not a finite number"))) }
}

fn joined(value: &Value, one: &dyn Fn(&Value) -> Result<String, Error>) -> Result<String, Error> {
    if value.kind() != ValueKind::Seq {
        return one(value);
    }
    let items: Vec<String> = value.try_iter()?.map(|item| one(&item)).collect::<Result<_, _>>()?;
    if items.is_empty() {
        return Err(refuse("an empty list has no literal in SQL"));
    }
    Ok(items.join(", "))
}

pub(super) fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}
