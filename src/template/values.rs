//! Parameter values, bound to their declared types before anything is rendered.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{ParamError, ParamSpec, ParamType};

/// A value as it arrives.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Typed by a person: `--set name=value` or an answer to a prompt.
    Text(String),
    /// From a parameter file, where values have types.
    Typed(Value),
}

/// Values that fit their declarations. The one way to make it is [`Values::bind`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    values: BTreeMap<String, Value>,
    secret: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParameterError {
    #[error("parameter `{name}` has no value and no default")]
    Missing { name: String, kind: &'static str },
    #[error("there is no parameter `{name}`")]
    Unknown { name: String, suggestion: Option<String> },
    #[error("parameter `{name}` takes a value of type {kind}, which the given text is not")]
    NotOfType { name: String, kind: &'static str },
    #[error("parameter `{name}` {}", source.chain())]
    Refused { name: String, source: ParamError },
}

impl Values {
    /// Gives every declared parameter its value: the given one, else its default.
    pub fn bind(specs: &[ParamSpec], given: &BTreeMap<String, Given>) -> Result<Self, Vec<ParameterError>> {
        let mut bound = Self::default();
        let mut errors = Vec::new();
        for spec in specs {
            match Self::one(spec, given.get(&spec.name)) {
                Ok(value) => {
                    if spec.secret {
                        bound.secret.push(spec.name.clone());
                    }
                    bound.values.insert(spec.name.clone(), value);
                }
                Err(error) => errors.push(error),
            }
        }
        for name in given.keys().filter(|name| !specs.iter().any(|spec| spec.name == **name)) {
            let known = specs.iter().map(|spec| spec.name.as_str());
            let suggestion = crate::diagnostics::did_you_mean(name, known).map(str::to_owned);
            errors.push(ParameterError::Unknown { name: name.clone(), suggestion });
        }
        if errors.is_empty() { Ok(bound) } else { Err(errors) }
    }

    fn one(spec: &ParamSpec, given: Option<&Given>) -> Result<Value, ParameterError> {
        let name = || spec.name.clone();
        let value = match given {
            Some(Given::Typed(value)) => value.clone(),
            Some(Given::Text(text)) => read(&spec.kind, text)
                .ok_or_else(|| ParameterError::NotOfType { name: name(), kind: spec.kind.name() })?,
            None => spec
                .default
                .clone()
                .ok_or_else(|| ParameterError::Missing { name: name(), kind: spec.kind.name() })?,
        };
        spec.check(&value).map_err(|source| ParameterError::Refused { name: name(), source })?;
        Ok(value)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn is_secret(&self, name: &str) -> bool {
        self.secret.iter().any(|secret| secret == name)
    }

    /// The values that may be shown, journaled and recorded.
    pub fn shown(&self) -> BTreeMap<String, Value> {
        self.iter()
            .map(|(name, value)| {
                let hidden = || Value::String("(secret)".to_owned());
                (name.to_owned(), if self.is_secret(name) { hidden() } else { value.clone() })
            })
            .collect()
    }

    /// Texts that must never leave the process, longest first so that replacing one leaves no part
    /// of another.
    pub fn secrets(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for name in &self.secret {
            if let Some(value) = self.get(name) {
                collect_text(value, &mut texts);
            }
        }
        texts.retain(|text| !text.is_empty());
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts
    }
}

fn collect_text(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_text(item, texts)),
        Value::Number(number) => texts.push(number.to_string()),
        _ => {}
    }
}

/// Reads what a person typed as a value of `kind`. A list is JSON, or its items between commas.
fn read(kind: &ParamType, text: &str) -> Option<Value> {
    match kind {
        ParamType::String | ParamType::Identifier | ParamType::Enum(_) => {
            Some(Value::String(text.to_owned()))
        }
        ParamType::Integer => text.trim().parse::<i64>().ok().map(Value::from),
        ParamType::Number => serde_json::from_str(text.trim()).ok().filter(Value::is_number),
        ParamType::Boolean => match text.trim() {
            "true" | "yes" => Some(Value::Bool(true)),
            "false" | "no" => Some(Value::Bool(false)),
            _ => None,
        },
        ParamType::List(_) if text.trim_start().starts_with('[') => {
            serde_json::from_str(text).ok().filter(Value::is_array)
        }
        ParamType::List(item) => {
            text.split(',').map(|part| read(item, part.trim())).collect::<Option<Vec<_>>>().map(Value::Array)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(name: &str, kind: ParamType) -> ParamSpec {
        ParamSpec {
            name: name.into(),
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
    fn text_is_read_as_the_declared_type() {
        let specs = [spec("n", ParamType::Integer), spec("l", ParamType::List(Box::new(ParamType::String)))];
        let given = BTreeMap::from([
            ("n".to_owned(), Given::Text("42".into())),
            ("l".to_owned(), Given::Text("a, b".into())),
        ]);
        let values = Values::bind(&specs, &given).unwrap();
        assert_eq!(values.get("n"), Some(&Value::from(42)));
        assert_eq!(values.get("l"), Some(&serde_json::json!(["a", "b"])));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let specs = [spec("n", ParamType::Integer), spec("m", ParamType::Integer)];
        let given = BTreeMap::from([
            ("n".to_owned(), Given::Text("x".into())),
            ("nn".to_owned(), Given::Text("1".into())),
        ]);
        let errors = Values::bind(&specs, &given).unwrap_err();
        let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "parameter `n` takes a value of type integer, which the given text is not",
                "parameter `m` has no value and no default",
                "there is no parameter `nn`",
            ]
        );
    }

    #[test]
    fn a_secret_is_never_among_the_shown_values() {
        let mut token = spec("token", ParamType::String);
        token.secret = true;
        let given = BTreeMap::from([("token".to_owned(), Given::Text("hunter2".into()))]);
        let values = Values::bind(&[token], &given).unwrap();
        assert!(!format!("{:?}", values.shown()).contains("hunter2"));
        assert_eq!(values.secrets(), ["hunter2"]);
    }
}
