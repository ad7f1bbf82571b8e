//! What a database can answer in a person's place.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::pattern::{Asked, Form, Template};
use super::{Given, Values, spelling};
use crate::diagnostics::did_you_mean;
use crate::dialect::{Column, Dialect, Surroundings, Table};
use crate::figures;

/// The parameter that names the table which a template is about.
const TABLE: &str = "table";
/// The parameter that names a column of it.
const COLUMN: &str = "column";
/// The parameter that names several.
const COLUMNS: &str = "columns";

/// What a database is asked for a parameter's value: `from: <fact>`, or `from: <fact> of <parameter>`
/// where the table or the column is not the one that `table` or `column` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    pub fact: Fact,
    /// The parameter that names the table, or the column of `table`.
    pub of: String,
}

/// A fact about a table, or about a column of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The one column of the table's primary key.
    PrimaryKey,
    /// About how many rows it has, and how large it is.
    Size,
    /// Indexes, keys, views and triggers that name the table.
    Dependants,
    /// All columns that a statement may write, in the table's order.
    Columns,
    /// The type of each column of a list.
    ColumnTypes,
    ColumnType,
    ColumnNotNull,
    /// The expression of its default; a column without one has nothing to say.
    ColumnDefault,
}

impl Fact {
    pub(super) const NAMES: [(&'static str, Self); 8] = [
        ("primary_key", Self::PrimaryKey),
        ("size", Self::Size),
        ("dependants", Self::Dependants),
        ("columns", Self::Columns),
        ("column_types", Self::ColumnTypes),
        ("column_type", Self::ColumnType),
        ("column_not_null", Self::ColumnNotNull),
        ("column_default", Self::ColumnDefault),
    ];

    fn is_about_a_column(self) -> bool {
        matches!(self, Self::ColumnType | Self::ColumnTypes | Self::ColumnNotNull | Self::ColumnDefault)
    }

    /// The parameter that is meant where `from` names none.
    pub(super) fn usual(self) -> &'static str {
        match self {
            Self::ColumnTypes => COLUMNS,
            fact if fact.is_about_a_column() => COLUMN,
            _ => TABLE,
        }
    }
}

impl Fill {
    /// Whether it is something of the whole table that a text can do without.
    pub fn is_about_a_table(&self) -> bool {
        matches!(self.fact, Fact::Size | Fact::Dependants)
    }

    /// The parameter that names the table to look at.
    pub fn table(&self) -> &str {
        if self.fact.is_about_a_column() { TABLE } else { &self.of }
    }

    /// What is looked up, for a person.
    pub fn what(&self) -> String {
        let of = &self.of;
        match self.fact {
            Fact::PrimaryKey => format!("the primary key of `{of}`"),
            Fact::Size => format!("rows and bytes of `{of}`"),
            Fact::Dependants => format!("what depends on `{of}`"),
            Fact::Columns => format!("the columns of `{of}`"),
            Fact::ColumnType => format!("the type of `{of}`"),
            Fact::ColumnTypes => format!("the types of `{of}`"),
            Fact::ColumnNotNull => format!("whether `{of}` refuses NULL"),
            Fact::ColumnDefault => format!("the default of `{of}`"),
        }
    }
}

/// What a database knows of one table.
#[derive(Clone, Debug, Default)]
pub struct Known {
    pub table: Table,
    pub around: Surroundings,
}

/// Why a table does not answer for a template's parameters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    #[error("table `{table}` has no column `{column}`")]
    NoSuchColumn { table: String, column: String, suggestion: Option<String>, known: Vec<String> },
}

impl FillError {
    pub fn hint(&self) -> Option<String> {
        let Self::NoSuchColumn { suggestion, known, .. } = self;
        Some(match suggestion {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("it has {}", known.join(", ")),
        })
    }
}

impl Template {
    /// The parameters whose tables a database is to describe for [`Template::fill`], each with the name
    /// as `Session::describe` takes it. None is listed that no open parameter needs.
    pub fn tables_to_describe(
        &self,
        dialect: Dialect,
        given: &BTreeMap<String, Given>,
    ) -> Vec<(String, String)> {
        let fills = self.asks.iter().filter(|asked| !given.contains_key(&asked.spec.name));
        let tables: BTreeSet<&str> = fills.filter_map(|asked| asked.fill.as_ref()).map(Fill::table).collect();
        let spelled = tables.into_iter().filter_map(|parameter| {
            let name = given.get(parameter).and_then(text)?;
            Some((parameter.to_owned(), spelling::relation(dialect, name).ok()?))
        });
        spelled.collect()
    }

    /// The parameter that names the table of which this one names columns that are there.
    pub fn table_of_columns<'a>(&'a self, asked: &'a Asked) -> Option<&'a str> {
        if let Some(Fill { fact: Fact::PrimaryKey | Fact::Columns, of }) = &asked.fill {
            return Some(of);
        }
        let asks_for_its_facts = |other: &Asked| {
            other
                .fill
                .as_ref()
                .is_some_and(|fill| fill.fact.is_about_a_column() && fill.of == asked.spec.name)
        };
        let is_column = asked.form == Form::Column || self.asks.iter().any(asks_for_its_facts);
        is_column.then_some(TABLE)
    }

    /// Whether the parameter names a table that must be there.
    pub fn is_table(&self, asked: &Asked) -> bool {
        let name = asked.spec.name.as_str();
        let looked_at = |other: &Asked| {
            other.fill.as_ref().is_some_and(|fill| fill.table() == name)
                || self.table_of_columns(other) == Some(name)
        };
        asked.form == Form::Relation && self.asks.iter().any(looked_at)
    }

    /// Whether a table has the columns that the parameter is given for, if it names columns of that table.
    pub fn check_columns(
        &self,
        asked: &Asked,
        given: &Given,
        name: &str,
        table: &Table,
    ) -> Result<(), FillError> {
        let given = BTreeMap::from([(asked.spec.name.clone(), given.clone())]);
        // What is no value of the parameter is told where it is bound.
        let Ok(values) = Values::bind(std::slice::from_ref(&asked.spec), &given) else { return Ok(()) };
        let named = values.get(&asked.spec.name).into_iter().flat_map(|value| match value {
            Value::Array(items) => items.iter().collect(),
            one => vec![one],
        });
        named.filter_map(Value::as_str).try_for_each(|column| find(column, name, table).map(drop))
    }

    /// What was given, and what the tables answer for the rest, by the parameter that names them. A given
    /// value is never replaced.
    pub fn fill(
        &self,
        given: &BTreeMap<String, Given>,
        tables: &BTreeMap<String, Known>,
    ) -> Result<BTreeMap<String, Given>, FillError> {
        for asked in &self.asks {
            let of = self.table_of_columns(asked);
            if let Some((of, table)) = of.and_then(|of| Some((of, tables.get(of)?)))
                && let Some(columns) = given.get(&asked.spec.name)
            {
                let name = given.get(of).and_then(text).unwrap_or_default();
                self.check_columns(asked, columns, name, &table.table)?;
            }
        }
        let mut filled = given.clone();
        for asked in self.asks.iter().filter(|asked| !given.contains_key(&asked.spec.name)) {
            let Some(fill) = &asked.fill else { continue };
            let Some(table) = tables.get(fill.table()) else { continue };
            if let Some(answer) = answer(fill, &filled, table)? {
                filled.insert(asked.spec.name.clone(), answer);
            }
        }
        Ok(filled)
    }
}

fn answer(fill: &Fill, given: &BTreeMap<String, Given>, known: &Known) -> Result<Option<Given>, FillError> {
    let Known { table, around } = known;
    let list = |texts: &[String]| Given::Typed(texts.iter().map(String::as_str).collect());
    let of = given.get(TABLE).and_then(text).unwrap_or_default();
    Ok(match fill.fact {
        Fact::PrimaryKey => match &table.primary_key[..] {
            [key] => Some(Given::Text(key.clone())),
            _ => None,
        },
        Fact::Size => size(around).map(Given::Text),
        Fact::Dependants => Some(list(&around.dependants)),
        Fact::Columns => {
            let written = table.columns.iter().filter(|column| !column.generated);
            Some(list(&written.map(|column| column.name.clone()).collect::<Vec<_>>()))
        }
        Fact::ColumnTypes => match given.get(&fill.of).map(names) {
            Some(names) => {
                let types: Result<Vec<String>, FillError> =
                    names.iter().map(|name| Ok(column_type(find(name, of, table)?))).collect();
                Some(list(&types?))
            }
            None => None,
        },
        fact => match given.get(&fill.of).and_then(text) {
            Some(name) => about_column(fact, find(name, of, table)?),
            None => None,
        },
    })
}

/// The column of that name in the table `of`.
fn find<'a>(name: &str, of: &str, table: &'a Table) -> Result<&'a Column, FillError> {
    let known = || table.columns.iter().map(|column| column.name.as_str());
    table.columns.iter().find(|column| column.name == name).ok_or_else(|| FillError::NoSuchColumn {
        table: of.to_owned(),
        column: name.to_owned(),
        suggestion: did_you_mean(&name.to_lowercase(), known()).map(str::to_owned),
        known: known().map(str::to_owned).collect(),
    })
}

fn about_column(fact: Fact, column: &Column) -> Option<Given> {
    match fact {
        Fact::ColumnNotNull => Some(Given::Typed((!column.nullable).into())),
        Fact::ColumnDefault => column.default.clone().map(Given::Text),
        _ => Some(Given::Text(column_type(column))),
    }
}

fn column_type(column: &Column) -> String {
    match &column.collation {
        // A column without a type has the affinity BLOB (sqlite.org/datatype3.html, 3.1).
        _ if column.kind.is_empty() => "BLOB".to_owned(),
        Some(collation) => format!("{} COLLATE {collation}", column.kind),
        None => column.kind.clone(),
    }
}

/// The items of a list, typed or between commas.
fn names(given: &Given) -> Vec<String> {
    match given {
        Given::Text(text) => text.split(',').map(|item| item.trim().to_owned()).collect(),
        Given::Typed(value) => value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
    }
}

/// `about 1,200,000 rows, 310 MB`.
fn size(around: &Surroundings) -> Option<String> {
    let rows = around.rows?;
    let bytes = around.bytes.map_or_else(String::new, |bytes| format!(", {}", figures::bytes(bytes)));
    Some(format!("about {} rows{bytes}", figures::count(rows)))
}

fn text(given: &Given) -> Option<&str> {
    match given {
        Given::Text(text) => Some(text),
        Given::Typed(value) => value.as_str(),
    }
}
