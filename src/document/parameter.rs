//! Declared parameters and the one function that says whether a value fits one.

use serde_json::Value;

use crate::diagnostics::did_you_mean;

/// The type of a parameter; a value of another type is refused before anything is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParamType {
    String,
    Integer,
    Number,
    Boolean,
    Identifier,
    Enum(Vec<String>),
    List(Box<ParamType>),
}

impl ParamType {
    /// The words of `type:`.
    pub const NAMES: [&'static str; 7] =
        ["string", "integer", "number", "boolean", "identifier", "enum", "list"];

    /// The word for it in front matter.
    pub fn name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Identifier => "identifier",
            Self::Enum(_) => "enum",
            Self::List(_) => "list",
        }
    }
}

/// A declared parameter, of a runbook or of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct ParamSpec {
    pub name: String,
    pub kind: ParamType,
    /// Asked for, and said in `--help` and errors.
    pub description: Option<String>,
    pub default: Option<serde_json::Value>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    /// The whole text must match.
    pub pattern: Option<String>,
    /// Never shown, journaled or recorded.
    pub secret: bool,
}

/// Why a value does not fit its parameter. The value itself is not in it: it may be a secret.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParamError {
    #[error("expected {expected}, found {found}")]
    Type { expected: &'static str, found: &'static str },
    #[error("is below the minimum {min}")]
    BelowMin { min: f64 },
    #[error("is above the maximum {max}")]
    AboveMax { max: f64 },
    #[error("is none of the declared values")]
    NotAValue { values: Vec<String>, near: Option<String> },
    #[error("does not match the pattern `{pattern}`")]
    Pattern { pattern: String },
    #[error("cannot be checked, since the pattern `{pattern}` is invalid")]
    InvalidPattern { pattern: String },
    #[error("holds a NUL character")]
    Nul,
    #[error("is an empty identifier")]
    EmptyIdentifier,
    #[error("is an identifier of {bytes} bytes, and 63 is the most")]
    LongIdentifier { bytes: usize },
    #[error("is an identifier with a control character")]
    ControlCharacter,
    #[error("item {position}")]
    Item { position: usize, source: Box<ParamError> },
}

impl ParamError {
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotAValue { near: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::NotAValue { values, .. } => {
                Some(format!("values: {}", super::slug::list(values.iter().map(String::as_str))))
            }
            Self::Item { source, .. } => source.hint(),
            _ => None,
        }
    }

    /// The error and what is inside it, as one fragment.
    pub fn chain(&self) -> String {
        match self {
            Self::Item { source, .. } => format!("{self} {}", source.chain()),
            _ => self.to_string(),
        }
    }
}

impl ParamSpec {
    /// Whether `value` is of the type and inside the limits. The limits of a list are those of its items.
    pub fn check(&self, value: &Value) -> Result<(), ParamError> {
        self.check_as(&self.kind, value)
    }

    fn check_as(&self, kind: &ParamType, value: &Value) -> Result<(), ParamError> {
        let wrong = |expected| ParamError::Type { expected, found: describe(value) };
        match kind {
            ParamType::String => self.check_text(value.as_str().ok_or_else(|| wrong("a string"))?),
            ParamType::Identifier => {
                let text = value.as_str().ok_or_else(|| wrong("an identifier"))?;
                check_identifier(text)?;
                self.check_text(text)
            }
            ParamType::Integer => {
                let number = value.as_i64().ok_or_else(|| wrong("an integer"))?;
                self.check_range(number as f64)
            }
            ParamType::Number => {
                let number = value.as_f64().filter(|number| number.is_finite());
                self.check_range(number.ok_or_else(|| wrong("a number"))?)
            }
            ParamType::Boolean => value.as_bool().map(drop).ok_or_else(|| wrong("a boolean")),
            ParamType::Enum(values) => {
                let text = value.as_str().ok_or_else(|| wrong("one of the declared values"))?;
                if values.iter().any(|known| known == text) {
                    return Ok(());
                }
                let near = did_you_mean(text, values.iter().map(String::as_str)).map(str::to_owned);
                Err(ParamError::NotAValue { values: values.clone(), near })
            }
            ParamType::List(of) => {
                let items = value.as_array().ok_or_else(|| wrong("a list"))?;
                (1..).zip(items).try_for_each(|(position, item)| {
                    self.check_as(of, item)
                        .map_err(|source| ParamError::Item { position, source: Box::new(source) })
                })
            }
        }
    }

    fn check_range(&self, number: f64) -> Result<(), ParamError> {
        if let Some(min) = self.min.filter(|min| number < *min) {
            return Err(ParamError::BelowMin { min });
        }
        self.max.filter(|max| number > *max).map_or(Ok(()), |max| Err(ParamError::AboveMax { max }))
    }

    fn check_text(&self, text: &str) -> Result<(), ParamError> {
        if text.contains('\0') {
            return Err(ParamError::Nul);
        }
        let Some(pattern) = &self.pattern else { return Ok(()) };
        let regex = whole(pattern).map_err(|_| ParamError::InvalidPattern { pattern: pattern.clone() })?;
        if regex.is_match(text) { Ok(()) } else { Err(ParamError::Pattern { pattern: pattern.clone() }) }
    }
}

/// The pattern, held to the whole text.
pub(super) fn whole(pattern: &str) -> Result<regex_lite::Regex, regex_lite::Error> {
    // Alone first: `a)(b` is no pattern, but would become one inside a group.
    regex_lite::Regex::new(pattern)?;
    regex_lite::Regex::new(&format!(r"\A(?:{pattern})\z"))
}

fn check_identifier(text: &str) -> Result<(), ParamError> {
    if text.is_empty() {
        return Err(ParamError::EmptyIdentifier);
    }
    if text.contains('\0') {
        return Err(ParamError::Nul);
    }
    if text.chars().any(char::is_control) {
        return Err(ParamError::ControlCharacter);
    }
    // PostgreSQL cuts longer names off without an error (NAMEDATALEN - 1).
    if text.len() > 63 {
        return Err(ParamError::LongIdentifier { bytes: text.len() });
    }
    Ok(())
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number with a fraction",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(kind: ParamType) -> ParamSpec {
        ParamSpec {
            name: "p".to_owned(),
            kind,
            description: None,
            default: None,
            min: None,
            max: None,
            pattern: None,
            secret: false,
        }
    }

    #[test]
    fn values_of_another_type_are_refused() {
        let int = spec(ParamType::Integer);
        assert_eq!(int.check(&json!(5)), Ok(()));
        for wrong in [json!("5"), json!(5.0), json!(null), json!(true), json!(u64::MAX)] {
            assert!(matches!(int.check(&wrong), Err(ParamError::Type { .. })), "{wrong}");
        }
        assert_eq!(spec(ParamType::Number).check(&json!(5)), Ok(()));
        assert!(spec(ParamType::Boolean).check(&json!("true")).is_err());
        let list = spec(ParamType::List(Box::new(ParamType::Integer)));
        assert_eq!(list.check(&json!([1, 2])), Ok(()));
        assert_eq!(
            list.check(&json!([1, "x"])).unwrap_err().chain(),
            "item 2 expected an integer, found a string"
        );
    }

    #[test]
    fn limits_are_inclusive() {
        let spec = ParamSpec { min: Some(1.0), max: Some(3.0), ..spec(ParamType::Integer) };
        assert_eq!(spec.check(&json!(1)), Ok(()));
        assert_eq!(spec.check(&json!(3)), Ok(()));
        assert_eq!(spec.check(&json!(0)), Err(ParamError::BelowMin { min: 1.0 }));
        assert_eq!(spec.check(&json!(4)), Err(ParamError::AboveMax { max: 3.0 }));
    }

    #[test]
    fn a_pattern_holds_the_whole_text() {
        let with = |pattern: &str| ParamSpec { pattern: Some(pattern.to_owned()), ..spec(ParamType::String) };
        assert_eq!(with("a|ab").check(&json!("ab")), Ok(()));
        assert!(with("a").check(&json!("ab")).is_err());
        assert!(with("a").check(&json!("a\n")).is_err());
        assert!(matches!(with("a)(b").check(&json!("ab")), Err(ParamError::InvalidPattern { .. })));
    }

    #[test]
    fn identifiers_and_strings_are_what_a_server_takes() {
        let ident = spec(ParamType::Identifier);
        assert_eq!(ident.check(&json!("Users \"x\"")), Ok(()));
        assert_eq!(ident.check(&json!("")), Err(ParamError::EmptyIdentifier));
        assert_eq!(ident.check(&json!("é".repeat(32))), Err(ParamError::LongIdentifier { bytes: 64 }));
        assert_eq!(ident.check(&json!("a\nb")), Err(ParamError::ControlCharacter));
        assert_eq!(spec(ParamType::String).check(&json!("a\0")), Err(ParamError::Nul));
    }

    #[test]
    fn a_near_value_is_named() {
        let spec = spec(ParamType::Enum(vec!["hash".to_owned(), "btree".to_owned()]));
        assert_eq!(spec.check(&json!("hash")), Ok(()));
        assert_eq!(spec.check(&json!("has")).unwrap_err().hint().as_deref(), Some("did you mean `hash`?"));
    }
}
