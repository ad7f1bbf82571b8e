//! Reading a YAML mapping whose keys are a closed set.

use std::time::Duration;

use super::duration::parse_duration;
use super::findings::Findings;
use super::slug::suggest;
use super::yaml::{Node, Value};
use crate::source::Span;

/// The entries of a mapping; unknown keys were reported when it was made.
#[derive(Debug)]
pub struct Fields<'a> {
    entries: Vec<Field<'a>>,
}

#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    pub name: &'a str,
    pub key: Span,
    pub node: &'a Node,
}

impl<'a> Fields<'a> {
    /// `what` is the mapping in messages (`the front matter`, "`batch`").
    pub fn read(node: &'a Node, what: &str, known: &[&'static str], findings: &mut Findings) -> Option<Self> {
        let mut fields = Self::open(node, what, findings)?;
        fields.entries.retain(|field| {
            let is_known = known.contains(&field.name);
            if !is_known {
                findings.push(
                    findings
                        .error("unknown-key", field.key, format!("{what} has no key `{}`", field.name))
                        .help(suggest(field.name, known.iter().copied())),
                );
            }
            is_known
        });
        Some(fields)
    }

    /// Of a mapping whose keys are names that the author chooses.
    pub fn open(node: &'a Node, what: &str, findings: &mut Findings) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            wrong_type(findings, node, what, "a mapping");
            return None;
        };
        let mut fields = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            match &key.value {
                Value::Text(name) => fields.push(Field { name, key: key.span, node }),
                other => findings.push(
                    findings
                        .error("wrong-type", key.span, format!("a key of {what} is {}", other.describe()))
                        .label("not text")
                        .help("write the key as a plain word"),
                ),
            }
        }
        Some(Self { entries: fields })
    }

    pub fn get(&self, name: &str) -> Option<Field<'a>> {
        self.entries.iter().copied().find(|field| field.name == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = Field<'a>> + '_ {
        self.entries.iter().copied()
    }

    pub fn text(&self, name: &str, findings: &mut Findings) -> Option<&'a str> {
        self.get(name)?.text(findings)
    }
}

impl<'a> Field<'a> {
    /// Text that is not blank, without the line end of a block scalar.
    pub fn text(self, findings: &mut Findings) -> Option<&'a str> {
        match &self.node.value {
            Value::Text(text) if text.contains('\0') => {
                findings.push(
                    findings
                        .error("nul", self.node.span, format!("`{}` holds a NUL character", self.name))
                        .help("remove it: no engine takes it in a text"),
                );
                None
            }
            Value::Text(text) if !text.trim().is_empty() => Some(text.trim_end_matches('\n')),
            Value::Text(_) => {
                findings.push(
                    findings
                        .error("empty-value", self.node.span, format!("`{}` is empty", self.name))
                        .help(format!("write a text after `{}:`, or remove the line", self.name)),
                );
                None
            }
            _ => self.wrong(findings, "text"),
        }
    }

    pub fn boolean(self, findings: &mut Findings) -> Option<bool> {
        match self.node.value {
            Value::Boolean(value) => Some(value),
            _ => self.wrong(findings, "`true` or `false`"),
        }
    }

    pub fn number(self, findings: &mut Findings) -> Option<f64> {
        match self.node.value {
            Value::Integer(value) => Some(value as f64),
            Value::Number(value) if value.is_finite() => Some(value),
            _ => self.wrong(findings, "a number"),
        }
    }

    /// A whole number from `least` up.
    pub fn count(self, least: u64, findings: &mut Findings) -> Option<u64> {
        match self.node.value {
            Value::Integer(value) if u64::try_from(value).is_ok_and(|value| value >= least) => {
                Some(value.unsigned_abs())
            }
            _ => self.wrong(findings, &format!("an integer from {least} up")),
        }
    }

    /// How often something is tried again.
    pub fn retries(self, findings: &mut Findings) -> Option<u32> {
        match self.count(0, findings)? {
            count @ 0..=1000 => u32::try_from(count).ok(),
            _ => self.wrong(findings, "at most 1000"),
        }
    }

    /// A limit: none at all would wait forever, so zero is refused.
    pub fn timeout(self, findings: &mut Findings) -> Option<Duration> {
        let limit = self.duration(findings)?;
        if limit.is_zero() {
            findings.push(
                findings
                    .error("bad-duration", self.node.span, format!("`{}` of 0 would wait forever", self.name))
                    .help("give a limit, such as `2s`"),
            );
            return None;
        }
        Some(limit)
    }

    pub fn duration(self, findings: &mut Findings) -> Option<Duration> {
        let duration = match &self.node.value {
            Value::Integer(0) => Some(Duration::ZERO),
            Value::Text(text) => parse_duration(text),
            _ => None,
        };
        if duration.is_none() {
            findings.push(
                findings
                    .error("bad-duration", self.node.span, format!("`{}` is not a duration", self.name))
                    .label("expected a number and a unit")
                    .help(
                        "write a whole number and `ms`, `s`, `m` or `h`, such as `100ms` (at most 24 days)",
                    ),
            );
        }
        duration
    }

    pub fn wrong<T>(self, findings: &mut Findings, expected: &str) -> Option<T> {
        wrong_type(findings, self.node, &format!("`{}`", self.name), expected);
        None
    }
}

pub fn wrong_type(findings: &mut Findings, node: &Node, what: &str, expected: &str) {
    let diagnostic = findings
        .error("wrong-type", node.span, format!("{what} must be {expected}"))
        .label(format!("this is {}", node.value.describe()));
    let scalar = matches!(node.value, Value::Integer(_) | Value::Number(_) | Value::Boolean(_));
    findings.push(if expected == "text" && scalar {
        diagnostic.help("put it in quotes")
    } else {
        diagnostic
    });
}
