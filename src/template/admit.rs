//! Which values may reach a document: the part of a parameter's check that is about the text around it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::pattern::{Asked, Form};
use super::{Given, Values, spelling};
use crate::dialect::{self, Dialect, TokenKind};
use crate::document::ParamType;

/// Why a value cannot stand in a runbook, though it is of the declared type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("holds a line break")]
    LineBreak,
    #[error("holds the control character U+{code:04X}")]
    ControlCharacter { code: u32 },
    #[error("holds U+{code:04X}, which makes a text read as another one than it is")]
    Deceptive { code: u32 },
    #[error("holds `{mark}`, which opens an expression in a runbook")]
    Expression { mark: &'static str },
    #[error("holds an SQL comment")]
    Comment,
    #[error("does not end: a string, a name or a bracket stays open")]
    Open,
    #[error("closes a bracket that it does not open")]
    Closed,
    #[error("holds `{mark}`, so it is not one {what}")]
    NotOne { mark: String, what: &'static str },
    #[error("is empty")]
    Empty,
    #[error("is not the name of a table")]
    NotATable,
}

impl Asked {
    /// Whether a text that is a value of the parameter's type may stand in a runbook.
    pub fn admits(&self, dialect: Dialect, text: &str) -> Result<(), Unfit> {
        let given = BTreeMap::from([(self.spec.name.clone(), Given::Text(text.to_owned()))]);
        let values = Values::bind(std::slice::from_ref(&self.spec), &given).unwrap_or_default();
        values.get(&self.spec.name).map_or(Ok(()), |value| admit(self, dialect, value))
    }
}

/// Whether every text in `value` fits.
pub(super) fn admit(asked: &Asked, dialect: Dialect, value: &Value) -> Result<(), Unfit> {
    match value {
        Value::String(text) => admit_text(asked, dialect, text),
        Value::Array(items) => items.iter().try_for_each(|item| admit(asked, dialect, item)),
        _ => Ok(()),
    }
}

fn admit_text(asked: &Asked, dialect: Dialect, text: &str) -> Result<(), Unfit> {
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => return Err(Unfit::LineBreak),
            _ if c.is_control() => return Err(Unfit::ControlCharacter { code }),
            // Marks of direction and noncharacters.
            '\u{200E}'
            | '\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}'
            | '\u{FEFF}'
            | '\u{FDD0}'..='\u{FDEF}' => return Err(Unfit::Deceptive { code }),
            _ => {}
        }
    }
    if let Some(mark) = ["{{", "{%", "{#"].into_iter().find(|mark| text.contains(mark)) {
        return Err(Unfit::Expression { mark });
    }
    // What may be left out is left out.
    if text.is_empty() && asked.spec.default == Some(Value::from("")) {
        return Ok(());
    }
    let textual = match &asked.spec.kind {
        ParamType::List(of) => **of == ParamType::String,
        kind => *kind == ParamType::String,
    };
    match asked.form {
        Form::Expression if textual => admit_sql(dialect, text, "expression", |_, _| false),
        Form::Clauses if textual => admit_sql(dialect, text, CLAUSES, |_, _| false),
        Form::Relation => spelling::relation(dialect, text).map(drop).map_err(|_| Unfit::NotATable),
        Form::Type if textual => admit_sql(dialect, text, "type", belongs_to_no_type),
        _ => Ok(()),
    }
}

/// Whole tokens and whole brackets, no comment, nothing at the outermost level that ends what the
/// value stands for, and nothing that `refused` names.
fn admit_sql(
    dialect: Dialect,
    sql: &str,
    what: &'static str,
    refused: impl Fn(usize, &str) -> bool,
) -> Result<(), Unfit> {
    let mut depth = 0_usize;
    let mut any = false;
    for token in dialect::lex(dialect, sql) {
        let text = &sql[token.span.start..token.span.end];
        let not_one = || Unfit::NotOne { mark: text.to_owned(), what };
        any |= token.kind != TokenKind::Space;
        match token.kind {
            TokenKind::Comment | TokenKind::Hint | TokenKind::Conditional => return Err(Unfit::Comment),
            TokenKind::Bad => return Err(Unfit::Open),
            TokenKind::Param => return Err(not_one()),
            TokenKind::Punct if matches!(text, "(" | "[") => depth += 1,
            TokenKind::Punct if matches!(text, ")" | "]") => {
                depth = depth.checked_sub(1).ok_or(Unfit::Closed)?;
            }
            TokenKind::Punct if text == ";" || (text == "," && depth == 0 && what != CLAUSES) => {
                return Err(not_one());
            }
            _ if refused(depth, text) => return Err(not_one()),
            _ => {}
        }
    }
    match (depth, any) {
        (0, true) => Ok(()),
        (0, false) => Err(Unfit::Empty),
        _ => Err(Unfit::Open),
    }
}

/// What a text is that may hold commas.
const CLAUSES: &str = "list of clauses";

/// Words that follow a type in a column's definition, and marks that no type has. The values of an enum stand
/// in brackets, and a collation belongs to the type.
fn belongs_to_no_type(depth: usize, token: &str) -> bool {
    const WORDS: [&str; 12] = [
        "not",
        "null",
        "default",
        "references",
        "check",
        "unique",
        "primary",
        "constraint",
        "generated",
        "as",
        "add",
        "drop",
    ];
    let first = token.chars().next().unwrap_or(' ');
    let known = first.is_alphanumeric()
        || first.is_whitespace()
        || matches!(first, '"' | '_' | '(' | ')' | ',' | '.' | '[' | ']');
    let mark = !known && (first != '\'' || depth == 0);
    let word = token.to_ascii_lowercase();
    mark || WORDS.contains(&word.as_str())
}

/// A value of the same form that can do no harm: what a rendering with `value` is held against.
pub(super) fn harmless(asked: &Asked, value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() || matches!(asked.spec.kind, ParamType::Enum(_)) => {
            value.clone()
        }
        Value::String(text) => match (asked.form, &asked.spec.kind) {
            (Form::Expression, ParamType::String) => "1".into(),
            // What a template makes of an enum's values it can only make of an enum.
            (Form::Type, ParamType::String) if text.to_ascii_lowercase().starts_with("enum(") => {
                "enum('a')".into()
            }
            // Which type it is decides what a change to it is; plain words can be nothing but a type.
            (Form::Type, ParamType::String)
                if text.bytes().all(|b| b.is_ascii_alphanumeric() || b" (),_".contains(&b)) =>
            {
                value.clone()
            }
            (Form::Type, ParamType::String) => "text".into(),
            // Which clauses there are decides what is done.
            (Form::Clauses, ParamType::String) => value.clone(),
            _ => format!("a_{}", asked.spec.name).into(),
        },
        Value::Array(items) => items
            .iter()
            .zip(1..)
            .map(|(item, place)| match harmless(asked, item) {
                Value::String(text) if *item != Value::String(text.clone()) => {
                    format!("{text}_{place}").into()
                }
                other => other,
            })
            .collect(),
        _ => value.clone(),
    }
}
