//! The SQL that finds the next keys of a table.

use super::{Key, Pacing, Range, Start, predicate};
use crate::diagnostics::did_you_mean;
use crate::dialect::{Column, Dialect, Table};
use crate::document::{OnError, Order, Pause, Throttle};

/// A backfill as its cell asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backfill {
    pub table: String,
    /// What the statement calls it.
    pub alias: Option<String>,
    /// Columns as SQL takes them, at least one.
    pub key: Vec<String>,
    pub order: Order,
    pub pacing: Pacing,
    pub pause: Pause,
    pub on_error: OnError,
    pub throttle: Throttle,
}

impl Backfill {
    /// The key's columns as the statement names them.
    pub fn called(&self) -> Vec<String> {
        let called = |column: &String| match &self.alias {
            Some(alias) => format!("{alias}.{column}"),
            None => column.clone(),
        };
        self.key.iter().map(called).collect()
    }
}

/// A walk over a table that is known to have the key.
#[derive(Clone, Debug)]
pub struct Walk {
    dialect: Dialect,
    table: String,
    columns: Vec<String>,
    /// As the statement names them.
    called: Vec<String>,
    order: Order,
    /// How the server is to write each column's value.
    forms: Vec<Form>,
    /// Columns that may hold NULL, which no range would reach.
    nullable: Vec<String>,
}

/// What makes a literal of a value. It has to mean the same value in a comparison with its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As it prints.
    Number,
    Quoted,
    /// MySQL: `x'…'`. A string would be read in the connection's character set.
    Hex,
    /// MySQL: a string would be compared as a floating-point number.
    Bit,
}

/// Why a table cannot be walked along a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("there is no table {table}")]
    NoTable { table: String },
    #[error("{table} has no column {column}")]
    NoColumn { table: String, column: String, near: Option<String> },
    #[error("{column} is of type {kind}, whose values are not compared in the order they are sorted in")]
    Unordered { column: String, kind: String },
    #[error("{key} is not unique in {table}: no unique index is on exactly that")]
    NotUnique { table: String, key: String, others: Vec<Vec<String>> },
}

impl Misfit {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NoTable { .. } => {
                "name the table in `batch` as the statement does, with its schema where it has one".to_owned()
            }
            Self::NoColumn { near: Some(near), .. } => format!("did you mean `key: {near}`?"),
            Self::NoColumn { near: None, .. } => "name the columns of the table's primary key".to_owned(),
            Self::Unordered { .. } => "walk another unique key".to_owned(),
            Self::NotUnique { others, .. } if others.is_empty() => {
                "make a unique index first, in a cell of its own, and walk its columns".to_owned()
            }
            Self::NotUnique { others, .. } => {
                let keys: Vec<String> = others
                    .iter()
                    .map(|key| match &key[..] {
                        [column] => format!("`key: {column}`"),
                        columns => format!("`key: [{}]`", columns.join(", ")),
                    })
                    .collect();
                format!("walk a key that is: {}", keys.join(" or "))
            }
        }
    }
}

impl Walk {
    /// Holds the backfill against what the database says of its table.
    pub fn new(dialect: Dialect, backfill: &Backfill, table: Option<&Table>) -> Result<Self, Misfit> {
        let named = || backfill.table.clone();
        let Some(table) = table else { return Err(Misfit::NoTable { table: named() }) };
        let mut columns: Vec<&Column> = Vec::new();
        for name in &backfill.key {
            let found = table.columns.iter().find(|column| is_named(dialect, name, &column.name));
            columns.push(found.ok_or_else(|| {
                let names = table.columns.iter().map(|column| column.name.as_str());
                let near = did_you_mean(name, names).map(str::to_owned);
                Misfit::NoColumn { table: named(), column: name.clone(), near }
            })?);
        }
        let forms = columns.iter().map(|column| {
            let unordered = || Misfit::Unordered { column: column.name.clone(), kind: column.kind.clone() };
            Form::of(dialect, &column.kind).ok_or_else(unordered)
        });
        let forms = forms.collect::<Result<_, _>>()?;
        let is_this = |key: &&Vec<String>| {
            key.len() == columns.len() && key.iter().zip(&columns).all(|(name, column)| *name == column.name)
        };
        if !table.unique.iter().any(|key| is_this(&key)) {
            return Err(Misfit::NotUnique {
                table: named(),
                key: listed(&backfill.key),
                others: table.unique.clone(),
            });
        }
        let nullable = columns.iter().zip(&backfill.key).filter(|(column, _)| column.nullable);
        Ok(Self {
            dialect,
            table: named(),
            columns: backfill.key.clone(),
            called: backfill.called(),
            order: backfill.order,
            forms,
            nullable: nullable.map(|(_, name)| name.clone()).collect(),
        })
    }

    /// The key's columns for people.
    pub fn key(&self) -> String {
        listed(&self.columns)
    }

    /// The first and the last key of the walk, each alone: what is added beyond it later is not walked.
    pub fn ends(&self) -> [String; 2] {
        let end = |order: Order| {
            format!("SELECT {} FROM {} ORDER BY {} LIMIT 1", self.literals(), self.table, self.sorted(order))
        };
        match self.order {
            Order::Ascending => [end(Order::Ascending), end(Order::Descending)],
            Order::Descending => [end(Order::Descending), end(Order::Ascending)],
        }
    }

    /// A row that no range can hold, where there can be one.
    pub fn keyless(&self) -> Option<String> {
        let nulls: Vec<String> = self.nullable.iter().map(|column| format!("{column} IS NULL")).collect();
        (!nulls.is_empty())
            .then(|| format!("SELECT 1 FROM {} WHERE {} LIMIT 1", self.table, nulls.join(" OR ")))
    }

    /// The last of the next `size` keys, or no row where fewer are left.
    pub fn step(&self, start: &Start, end: &Key, size: u64) -> String {
        format!(
            "SELECT {} FROM {} WHERE {} ORDER BY {} LIMIT 1 OFFSET {}",
            self.literals(),
            self.table,
            self.within(start, end),
            self.sorted(self.order),
            size.saturating_sub(1)
        )
    }

    /// How many keys are left.
    pub fn count(&self, start: &Start, end: &Key) -> String {
        format!("SELECT count(*) FROM {} WHERE {}", self.table, self.within(start, end))
    }

    /// What `{{ batch }}` becomes.
    pub fn predicate(&self, range: &Range) -> String {
        predicate(self.dialect, &self.called, self.order, range)
    }

    fn within(&self, start: &Start, end: &Key) -> String {
        predicate(self.dialect, &self.columns, self.order, &Range { start: start.clone(), end: end.clone() })
    }

    fn sorted(&self, order: Order) -> String {
        let direction = if order == Order::Descending { " DESC" } else { "" };
        let columns: Vec<String> = self.columns.iter().map(|column| format!("{column}{direction}")).collect();
        columns.join(", ")
    }

    fn literals(&self) -> String {
        let literals: Vec<String> = self
            .columns
            .iter()
            .zip(&self.forms)
            .map(|(column, form)| form.sql(self.dialect, column))
            .collect();
        literals.join(", ")
    }
}

impl Form {
    /// None where the engine compares the type in another order than it sorts it in.
    fn of(dialect: Dialect, kind: &str) -> Option<Self> {
        let kind = kind.to_ascii_lowercase();
        let word: String = kind.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        Some(match (dialect, word.as_str()) {
            // `quote()` knows each value's own storage class.
            (Dialect::Sqlite, _) => Self::Quoted,
            (Dialect::Postgres, "smallint" | "integer" | "bigint") => Self::Number,
            (Dialect::Postgres, _) => Self::Quoted,
            // An ENUM is sorted by its number and compared as text; of a FLOAT the literal is another value
            // (MySQL 8.4 manual, 13.3.6 and B.3.4.8).
            (Dialect::Mysql, "enum" | "set" | "json" | "geometry" | "float" | "double" | "real") => {
                return None;
            }
            (Dialect::Mysql, "bit") => Self::Bit,
            (Dialect::Mysql, word) if word.ends_with("int") || ["decimal", "year"].contains(&word) => {
                Self::Number
            }
            (Dialect::Mysql, word) if word.ends_with("binary") || word.ends_with("blob") => Self::Hex,
            (Dialect::Mysql, _) => Self::Quoted,
        })
    }

    fn sql(self, dialect: Dialect, column: &str) -> String {
        match (dialect, self) {
            (Dialect::Postgres, Self::Number) => column.to_owned(),
            (Dialect::Postgres, _) => format!("quote_literal({column})"),
            (Dialect::Mysql, Self::Number) => format!("CAST({column} AS CHAR)"),
            (Dialect::Mysql, Self::Bit) => format!("CAST({column} + 0 AS CHAR)"),
            (Dialect::Mysql, Self::Hex) => format!("CONCAT('x''', HEX({column}), '''')"),
            (Dialect::Mysql | Dialect::Sqlite, _) => format!("quote({column})"),
        }
    }
}

fn listed(columns: &[String]) -> String {
    match columns {
        [column] => column.clone(),
        columns => format!("({})", columns.join(", ")),
    }
}

/// Whether a name of the catalog is meant by one that is written in SQL.
fn is_named(dialect: Dialect, written: &str, name: &str) -> bool {
    let mut chars = written.chars();
    let quoted = match (chars.next(), chars.next_back()) {
        (Some(open @ ('"' | '`')), Some(close)) if open == close => {
            Some(chars.as_str().replace(&format!("{open}{open}"), &open.to_string()))
        }
        (Some('['), Some(']')) => Some(chars.as_str().to_owned()),
        _ => None,
    };
    match (dialect, quoted) {
        (Dialect::Postgres, Some(quoted)) => quoted == name,
        (Dialect::Postgres, None) => written.to_lowercase() == name,
        (_, quoted) => quoted.as_deref().unwrap_or(written).eq_ignore_ascii_case(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(columns: &[(&str, &str)], unique: &[&[&str]]) -> Table {
        let names = |key: &&[&str]| key.iter().map(|name| (*name).to_owned()).collect();
        Table {
            columns: columns
                .iter()
                .map(|(name, kind)| Column {
                    name: (*name).into(),
                    kind: (*kind).into(),
                    nullable: false,
                    ..Column::default()
                })
                .collect(),
            primary_key: unique.first().map(names).unwrap_or_default(),
            unique: unique.iter().map(names).collect(),
        }
    }

    fn backfill(key: &[&str]) -> Backfill {
        Backfill {
            table: "t".to_owned(),
            alias: None,
            key: key.iter().map(|name| (*name).to_owned()).collect(),
            order: Order::Ascending,
            pacing: Pacing::Fixed(10),
            pause: Pause::Auto,
            on_error: OnError::Stop,
            throttle: Throttle::default(),
        }
    }

    #[test]
    fn a_step_ends_at_the_last_of_its_keys() {
        let table = table(&[("id", "bigint")], &[&["id"]]);
        let walk = Walk::new(Dialect::Postgres, &backfill(&["id"]), Some(&table)).unwrap();
        let start = Start::After(Key(vec!["7".to_owned()]));
        assert_eq!(
            walk.step(&start, &Key(vec!["99".to_owned()]), 10),
            "SELECT id FROM t WHERE (id > 7 AND id <= 99) ORDER BY id LIMIT 1 OFFSET 9"
        );
        assert_eq!(walk.keyless(), None);
    }

    #[test]
    fn a_batch_names_its_columns_as_the_statement_calls_their_table() {
        let table = table(&[("id", "bigint")], &[&["id"]]);
        let backfill = Backfill { alias: Some("u".to_owned()), ..backfill(&["id"]) };
        let walk = Walk::new(Dialect::Postgres, &backfill, Some(&table)).unwrap();
        let keys = ["7", "9"].map(|literal| Key(vec![literal.to_owned()]));
        let [start, end] = keys;
        let start = Start::After(start);
        assert!(walk.step(&start, &end, 10).contains("WHERE (id > 7 AND id <= 9)"));
        assert_eq!(walk.predicate(&Range { start, end }), "(u.id > 7 AND u.id <= 9)");
    }

    #[test]
    fn a_key_must_be_a_unique_one_of_the_table() {
        let table = table(&[("id", "bigint"), ("a", "text"), ("b", "text")], &[&["id"], &["a", "b"]]);
        let misfit = |key: &[&str]| Walk::new(Dialect::Postgres, &backfill(key), Some(&table)).err();
        assert_eq!(misfit(&["ID"]), None);
        assert_eq!(misfit(&["a", "b"]), None);
        let gone = misfit(&["\"ID\""]).unwrap();
        assert_eq!(gone.to_string(), "t has no column \"ID\"");
        let half = misfit(&["a"]).unwrap();
        assert_eq!(half.to_string(), "a is not unique in t: no unique index is on exactly that");
        assert_eq!(half.help(), "walk a key that is: `key: id` or `key: [a, b]`");
        assert!(matches!(misfit(&["b", "a"]), Some(Misfit::NotUnique { .. })), "another order");
    }

    #[test]
    fn mysql_compares_each_type_with_a_literal_of_its_own() {
        let form = |kind: &str| Form::of(Dialect::Mysql, kind);
        assert_eq!(form("bigint(20) unsigned"), Some(Form::Number));
        assert_eq!(form("decimal(20,4)"), Some(Form::Number));
        assert_eq!(form("binary(16)"), Some(Form::Hex));
        assert_eq!(form("bit(3)"), Some(Form::Bit));
        assert_eq!(form("varchar(36)"), Some(Form::Quoted));
        assert_eq!(form("datetime(6)"), Some(Form::Quoted));
        assert_eq!((form("enum('b','a')"), form("float")), (None, None));
    }
}
