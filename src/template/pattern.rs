//! A template as its header declares it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fill::Fill;
use super::library::Files;
use super::{Given, ParameterError, Values};
use crate::dialect::Dialect;
use crate::document::ParamSpec;
use crate::source::Source;

/// A pattern of migration, from which runbooks are written.
#[derive(Clone, Debug)]
pub struct Template {
    pub name: String,
    pub title: String,
    /// What a person wants who needs it, after "I want to".
    pub intent: String,
    pub dialects: Vec<Dialect>,
    /// Engines that cannot do it: why, and what to do there instead.
    pub cannot: Vec<(Dialect, String)>,
    pub asks: Vec<Asked>,
    /// Values that show what the template is for.
    pub example: BTreeMap<String, Given>,
    pub origin: Origin,
    pub(super) source: Arc<Source>,
    pub(super) files: Files,
}

/// Where a template comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Shipped,
    /// A folder that `rollbook.toml` names.
    Team,
    /// The same, and it takes the place of a shipped one.
    Overrides,
}

/// A parameter of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub spec: ParamSpec,
    /// What a database can answer in a person's place.
    pub fill: Option<Fill>,
    pub form: Form,
}

/// What a text parameter must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// One line of text.
    #[default]
    Line,
    /// One SQL expression.
    Expression,
    /// The name of an SQL type.
    Type,
    /// What follows `ALTER TABLE` and the table's name, or stands in the brackets of `CREATE TABLE`.
    Clauses,
    /// The name of a table, in PostgreSQL and MySQL perhaps with its schema.
    Relation,
    /// A column that the table of the parameter `table` has. One whose facts another parameter asks for is
    /// such a column without a word.
    Column,
}

impl Form {
    pub(super) const NAMES: [(&'static str, Self); 6] = [
        ("line", Self::Line),
        ("expression", Self::Expression),
        ("type", Self::Type),
        ("clauses", Self::Clauses),
        ("relation", Self::Relation),
        ("column", Self::Column),
    ];
}

impl Template {
    /// The file that it stands in, as messages name it.
    pub fn file(&self) -> &str {
        self.source.name()
    }

    pub fn specs(&self) -> Vec<ParamSpec> {
        self.asks.iter().map(|asked| asked.spec.clone()).collect()
    }

    /// The values that [`Template::render`] takes, from what was given and the defaults.
    pub fn bind(&self, given: &BTreeMap<String, Given>) -> Result<Values, Vec<ParameterError>> {
        Values::bind(&self.specs(), given)
    }

    /// The parameters to ask a person for, in the template's order.
    pub fn missing<'a>(&'a self, given: &BTreeMap<String, Given>) -> Vec<&'a Asked> {
        let open = |asked: &&Asked| asked.spec.default.is_none() && !given.contains_key(&asked.spec.name);
        self.asks.iter().filter(open).collect()
    }
}
