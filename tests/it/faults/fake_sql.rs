//! The fake's SQL: the few statements of the matrix's runbook and of the engine's walk over keys.

use std::collections::BTreeMap;

use rollbook::backend::{Answer, DbError};
use rollbook::dialect::{Dialect, TokenKind, lex};

use super::fake::refusal;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    tables: BTreeMap<String, Rows>,
    indexes: BTreeMap<String, Index>,
    /// Objects so far: one that is made again is another one.
    made: u64,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Rows {
    number: u64,
    columns: Vec<String>,
    keyed: bool,
    rows: Vec<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Index {
    number: u64,
    table: String,
    valid: bool,
}

type Done = Result<Answer, DbError>;

fn changed(affected: usize) -> Done {
    Ok(Answer { affected: affected as u64, ..Answer::default() })
}

impl Data {
    pub fn break_index(&mut self, name: &str) {
        if let Some(index) = self.indexes.get_mut(name) {
            index.valid = false;
        }
    }

    pub fn is_broken(&self, name: &str) -> bool {
        self.indexes.get(name).is_some_and(|index| !index.valid)
    }

    pub fn columns(&self, table: &str) -> Option<&[String]> {
        self.tables.get(table).map(|rows| &rows.columns[..])
    }

    /// What the catalog says of a name.
    pub fn define(&self, name: &str) -> Option<String> {
        if let Some(index) = self.indexes.get(name) {
            let state = if index.valid { "valid" } else { "INVALID" };
            return Some(format!("index {name} {} on {} {state}", index.number, index.table));
        }
        self.tables.get(name).map(|rows| format!("table {name} {} {:?}", rows.number, rows.columns))
    }

    pub fn run(&mut self, sql: &str, keep: u64) -> Done {
        let words: Vec<&str> = lex(Dialect::Postgres, sql)
            .into_iter()
            .filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment))
            .map(|token| &sql[token.span.start..token.span.end])
            .collect();
        match &words[..] {
            ["CREATE", "TABLE", name, "(", columns @ .., ")"] => self.create_table(name, columns),
            ["DROP", "TABLE", name] => {
                self.table(name)?;
                self.tables.remove(*name);
                self.indexes.retain(|_, index| index.table != *name);
                changed(0)
            }
            ["ALTER", "TABLE", name, "ADD", "COLUMN", column, _] => self.add_column(name, column),
            ["ALTER", "TABLE", name, "DROP", "COLUMN", column] => self.drop_column(name, column),
            ["CREATE", "INDEX", "CONCURRENTLY", name, "ON", table, "(", _, ")"] => {
                self.table(table)?;
                if self.indexes.contains_key(*name) {
                    return Err(refusal("42P07", &format!("relation {name} already exists")));
                }
                self.made += 1;
                let index = Index { number: self.made, table: (*table).to_owned(), valid: true };
                self.indexes.insert((*name).to_owned(), index);
                changed(0)
            }
            ["DROP", "INDEX", "CONCURRENTLY", name] => match self.indexes.remove(*name) {
                Some(_) => changed(0),
                None => Err(refusal("42704", &format!("index {name} does not exist"))),
            },
            ["INSERT", "INTO", name, "VALUES", values @ ..] => self.insert(name, values),
            ["DELETE", "FROM", name, "WHERE", condition @ ..] => {
                let table = self.table(name)?;
                let before = table.rows.len();
                let columns = table.columns.clone();
                table.rows.retain(|row| !holds(condition, &columns, row));
                let after = table.rows.len();
                changed(before - after)
            }
            ["UPDATE", name, "SET", column, "=", _, sign, by, "WHERE", condition @ ..] => {
                let by: i64 = by.parse().unwrap();
                let by = if *sign == "-" { -by } else { by };
                let table = self.table(name)?;
                let at = table.column(column)?;
                let columns = table.columns.clone();
                let rows = table.rows.iter_mut().filter(|row| holds(condition, &columns, row));
                changed(rows.map(|row| row[at] = (number(&row[at]) + by).to_string()).count())
            }
            ["SELECT", select @ ..] => self.select(select, keep),
            _ => panic!("the fake does not know {sql}"),
        }
    }

    fn table(&mut self, name: &str) -> Result<&mut Rows, DbError> {
        let missing = || refusal("42P01", &format!("relation {name} does not exist"));
        self.tables.get_mut(name).ok_or_else(missing)
    }

    fn create_table(&mut self, name: &str, columns: &[&str]) -> Done {
        if self.tables.contains_key(name) {
            return Err(refusal("42P07", &format!("relation {name} already exists")));
        }
        self.made += 1;
        let names = columns.split(|word| *word == ",").map(|column| column[0].to_owned()).collect();
        let keyed = columns.contains(&"PRIMARY");
        let table = Rows { number: self.made, columns: names, keyed, rows: Vec::new() };
        self.tables.insert(name.to_owned(), table);
        changed(0)
    }

    fn add_column(&mut self, name: &str, column: &str) -> Done {
        let table = self.table(name)?;
        if table.column(column).is_ok() {
            return Err(refusal("42701", &format!("column {column} already exists")));
        }
        table.columns.push(column.to_owned());
        table.rows.iter_mut().for_each(|row| row.push("NULL".to_owned()));
        changed(0)
    }

    fn drop_column(&mut self, name: &str, column: &str) -> Done {
        let table = self.table(name)?;
        let at = table.column(column)?;
        table.columns.remove(at);
        table.rows.iter_mut().for_each(|row| drop(row.remove(at)));
        changed(0)
    }

    fn insert(&mut self, name: &str, values: &[&str]) -> Done {
        let table = self.table(name)?;
        let mut count = 0;
        for row in values.split(|word| *word == ")") {
            let row: Vec<String> = row
                .iter()
                .filter(|word| !matches!(**word, "," | "("))
                .map(|word| word.trim_matches('\'').to_owned())
                .collect();
            if row.is_empty() {
                continue;
            }
            if table.keyed && table.rows.iter().any(|known| known[0] == row[0]) {
                return Err(refusal("23505", "duplicate key value violates unique constraint"));
            }
            table.rows.push(row);
            count += 1;
        }
        changed(count)
    }

    /// `what FROM table [WHERE condition] [ORDER BY column [DESC]] [LIMIT n [OFFSET n]]`.
    fn select(&mut self, words: &[&str], keep: u64) -> Done {
        let from = words.iter().position(|word| *word == "FROM").unwrap();
        let (what, mut rest) = (&words[..from], &words[from + 2..]);
        let table = self.table(words[from + 1])?.clone();
        let (mut limit, mut offset) = (usize::MAX, 0);
        if let [before @ .., "OFFSET", n] = rest {
            (rest, offset) = (before, n.parse().unwrap());
        }
        if let [before @ .., "LIMIT", n] = rest {
            (rest, limit) = (before, n.parse().unwrap());
        }
        let (mut order, mut descending) = (None, false);
        if let [before @ .., "DESC"] = rest {
            (rest, descending) = (before, true);
        }
        if let [before @ .., "ORDER", "BY", column] = rest {
            (rest, order) = (before, Some(table.column(column)?));
        }
        let condition = rest.strip_prefix(&["WHERE"]).unwrap_or(&[]);
        let mut rows: Vec<&Vec<String>> =
            table.rows.iter().filter(|row| holds(condition, &table.columns, row)).collect();
        if let Some(at) = order {
            rows.sort_by(|a, b| (number(&a[at]), &a[at]).cmp(&(number(&b[at]), &b[at])));
        }
        if descending {
            rows.reverse();
        }
        rows = rows.into_iter().skip(offset).take(limit).collect();
        let rows: Vec<Vec<Option<String>>> = match what {
            ["count", "(", "*", ")"] => vec![vec![Some(rows.len().to_string())]],
            ["sum", "(", column, ")"] => {
                let at = table.column(column)?;
                vec![vec![Some(rows.iter().map(|row| number(&row[at])).sum::<i64>().to_string())]]
            }
            ["quote_literal", "(", column, ")"] => {
                let at = table.column(column)?;
                rows.iter().map(|row| vec![Some(quoted(row[at].clone()))]).collect()
            }
            ["1"] => rows.iter().map(|_| vec![Some("1".to_owned())]).collect(),
            columns => {
                let names = columns.iter().filter(|word| **word != ",");
                let places = names.map(|name| table.column(name)).collect::<Result<Vec<_>, _>>()?;
                let row = |row: &&Vec<String>| places.iter().map(|at| Some(row[*at].clone())).collect();
                rows.iter().map(row).collect()
            }
        };
        let (hash, returned) = (format!("{rows:?}"), rows.len() as u64);
        let rows = rows.into_iter().take(usize::try_from(keep).unwrap_or(usize::MAX)).collect();
        Ok(Answer { columns: vec!["c".to_owned()], rows, returned, affected: 0, hash })
    }
}

impl Rows {
    fn column(&self, name: &str) -> Result<usize, DbError> {
        let found = self.columns.iter().position(|column| column == name);
        found.ok_or_else(|| refusal("42703", &format!("column {name} does not exist")))
    }
}

fn quoted(value: String) -> String {
    format!("'{value}'")
}

fn number(value: &str) -> i64 {
    value.parse().unwrap_or_default()
}

/// Comparisons between `AND`, all of them in parentheses or none.
fn holds(condition: &[&str], columns: &[String], row: &[String]) -> bool {
    let value = |name: &str| row[columns.iter().position(|column| column == name).unwrap()].as_str();
    let compare = |name: &str, with: &str| {
        let (value, with) = (value(name), with.trim_matches('\''));
        (number(value), value).cmp(&(number(with), with))
    };
    match condition {
        [] => true,
        ["(", inner @ .., ")"] => holds(inner, columns, row),
        [name, "IS", "NULL"] => value(name) == "NULL",
        [name, "=", with, rest @ ..] => compare(name, with).is_eq() && also(rest, columns, row),
        [name, "<>", with, rest @ ..] => compare(name, with).is_ne() && also(rest, columns, row),
        [name, ">", with, rest @ ..] => compare(name, with).is_gt() && also(rest, columns, row),
        [name, ">=", with, rest @ ..] => compare(name, with).is_ge() && also(rest, columns, row),
        [name, "<=", with, rest @ ..] => compare(name, with).is_le() && also(rest, columns, row),
        _ => panic!("the fake does not know such a condition: {condition:?}"),
    }
}

fn also(rest: &[&str], columns: &[String], row: &[String]) -> bool {
    holds(rest.strip_prefix(&["AND"]).unwrap_or(rest), columns, row)
}
