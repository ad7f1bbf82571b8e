//! A template as its header declares it, and what a database can answer in a person's place.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::spelling;
use super::{Given, ParameterError, Values};
use crate::diagnostics::did_you_mean;
use crate::dialect::{Dialect, Table};
use crate::document::ParamSpec;
use crate::source::{Source, Span};

/// The parameter that names the table which a template is about.
const TABLE: &str = "table";
/// The parameter that names a column of it.
const COLUMN: &str = "column";

/// A pattern of migration, from which runbooks are written.
#[derive(Clone, Debug)]
pub struct Template {
    pub name: String,
    pub title: String,
    /// What a person wants who needs it, after "I want to".
    pub intent: String,
    pub dialects: Vec<Dialect>,
    pub asks: Vec<Asked>,
    pub(super) source: Arc<Source>,
    /// The runbook's text in `source`, after the header.
    pub(super) body: Span,
}

/// A parameter of a template.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub spec: ParamSpec,
    /// What a database can answer in a person's place.
    pub fill: Option<Fill>,
    pub form: Form,
}

/// What a database is asked for a parameter's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// The one column of the table's primary key.
    PrimaryKey,
    /// The type of the column that parameter `column` names.
    ColumnType,
    /// Whether that column refuses NULL.
    ColumnNotNull,
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
    /// The name of a table, in PostgreSQL perhaps with its schema.
    Relation,
}

impl Fill {
    pub(super) const NAMES: [(&'static str, Self); 3] = [
        ("primary_key", Self::PrimaryKey),
        ("column_type", Self::ColumnType),
        ("column_not_null", Self::ColumnNotNull),
    ];
}

impl Form {
    pub(super) const NAMES: [(&'static str, Self); 4] = [
        ("line", Self::Line),
        ("expression", Self::Expression),
        ("type", Self::Type),
        ("relation", Self::Relation),
    ];
}

/// Why a table does not answer for a template's parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    #[error("table `{table}` has no column `{column}`")]
    NoSuchColumn { table: String, column: String, suggestion: Option<String> },
}

impl FillError {
    pub fn hint(&self) -> Option<String> {
        let Self::NoSuchColumn { suggestion, .. } = self;
        suggestion.as_ref().map(|name| format!("did you mean `{name}`?"))
    }
}

impl Template {
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

    /// The table that a database is to describe for [`Template::fill`], spelled as
    /// `Session::describe` takes it; `None` where no parameter is open that it could fill.
    pub fn table_to_describe(&self, dialect: Dialect, given: &BTreeMap<String, Given>) -> Option<String> {
        let open = |asked: &Asked| asked.fill.is_some() && !given.contains_key(&asked.spec.name);
        let table = text(given.get(TABLE)?).filter(|_| self.asks.iter().any(open))?;
        match dialect {
            Dialect::Postgres | Dialect::Mysql => spelling::relation(dialect, table).ok(),
            Dialect::Sqlite => Some(table.to_owned()),
        }
    }

    /// What was given, and what the table answers for the rest. A given value is never replaced.
    pub fn fill(
        &self,
        given: &BTreeMap<String, Given>,
        table: &Table,
    ) -> Result<BTreeMap<String, Given>, FillError> {
        let mut filled = given.clone();
        for asked in self.asks.iter().filter(|asked| !given.contains_key(&asked.spec.name)) {
            let answer = match asked.fill {
                None => None,
                Some(Fill::PrimaryKey) => match &table.primary_key[..] {
                    [key] => Some(Given::Text(key.clone())),
                    _ => None,
                },
                Some(fill) => match given.get(COLUMN).and_then(text) {
                    Some(column) => Some(about_column(fill, column, given, table)?),
                    None => None,
                },
            };
            if let Some(answer) = answer {
                filled.insert(asked.spec.name.clone(), answer);
            }
        }
        Ok(filled)
    }
}

fn about_column(
    fill: Fill,
    name: &str,
    given: &BTreeMap<String, Given>,
    table: &Table,
) -> Result<Given, FillError> {
    let same = table.columns.iter().find(|column| column.name == name);
    let Some(column) = same else {
        return Err(FillError::NoSuchColumn {
            table: given.get(TABLE).and_then(text).unwrap_or_default().to_owned(),
            column: name.to_owned(),
            suggestion: did_you_mean(
                &name.to_lowercase(),
                table.columns.iter().map(|column| column.name.as_str()),
            )
            .map(str::to_owned),
        });
    };
    Ok(match fill {
        Fill::ColumnNotNull => Given::Typed((!column.nullable).into()),
        // A column without a type has the affinity BLOB (sqlite.org/datatype3.html, 3.1).
        _ if column.kind.is_empty() => Given::Text("BLOB".to_owned()),
        _ => Given::Text(column.kind.clone()),
    })
}

fn text(given: &Given) -> Option<&str> {
    match given {
        Given::Text(text) => Some(text),
        Given::Typed(value) => value.as_str(),
    }
}
