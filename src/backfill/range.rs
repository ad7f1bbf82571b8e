//! A stretch of keys as a predicate that each engine answers from the key's index.

use super::Key;
use crate::dialect::Dialect;
use crate::document::Order;

/// Keys from `start` to `end`, in the walk's direction. `end` is one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub start: Start,
    pub end: Key,
}

/// Where a range begins: with the first key of the walk, or behind the last key of the range before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    At(Key),
    After(Key),
}

/// The condition that a row's key is in the range, in parentheses.
///
/// The comparisons are of the columns themselves, so that they are made under the columns' own
/// collations, as is the order of the walk.
pub fn predicate(dialect: Dialect, columns: &[String], order: Order, range: &Range) -> String {
    let (start, open) = match &range.start {
        Start::At(key) => (key, false),
        Start::After(key) => (key, true),
    };
    let beyond = Bound { dialect, columns, greater: order == Order::Ascending, open };
    let within = Bound { greater: !beyond.greater, open: false, ..beyond };
    format!("({} AND {})", beyond.sql(&start.0), within.sql(&range.end.0))
}

/// The predicate with a name at each literal: what `{{ batch }}` is until a range takes its place.
pub fn placeholder(dialect: Dialect, columns: &[String], order: Order) -> String {
    let keys = |from: usize| {
        let marker = |i: usize| match dialect {
            Dialect::Postgres => format!("${i}"),
            Dialect::Sqlite => format!("?{i}"),
            // Its own marker, `?`, has no number.
            Dialect::Mysql => format!("@batch_{i}"),
        };
        Key((from..from + columns.len()).map(marker).collect())
    };
    let range = Range { start: Start::After(keys(1)), end: keys(1 + columns.len()) };
    predicate(dialect, columns, order, &range)
}

/// One side of a range.
#[derive(Clone, Copy)]
struct Bound<'a> {
    dialect: Dialect,
    columns: &'a [String],
    greater: bool,
    /// The key itself is not inside.
    open: bool,
}

impl Bound<'_> {
    fn sql(self, literals: &[String]) -> String {
        match (self.columns, literals) {
            ([column], [literal]) => format!("{column} {} {literal}", self.sign(self.open)),
            // A comparison of rows does not use the index there (MySQL 8.4 manual, 10.2.1.22).
            _ if self.dialect == Dialect::Mysql => self.spelled_out(self.columns, literals),
            _ => format!("({}) {} ({})", self.columns.join(", "), self.sign(self.open), literals.join(", ")),
        }
    }

    /// `(a > 1 OR (a = 1 AND b > 2))`
    fn spelled_out(self, columns: &[String], literals: &[String]) -> String {
        match (columns, literals) {
            ([column, columns @ ..], [literal, literals @ ..]) if !columns.is_empty() => format!(
                "({column} {} {literal} OR ({column} = {literal} AND {}))",
                self.sign(true),
                self.spelled_out(columns, literals)
            ),
            ([column, ..], [literal, ..]) => format!("{column} {} {literal}", self.sign(self.open)),
            _ => String::new(),
        }
    }

    fn sign(self, open: bool) -> &'static str {
        match (self.greater, open) {
            (true, true) => ">",
            (true, false) => ">=",
            (false, true) => "<",
            (false, false) => "<=",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(literals: &[&str]) -> Key {
        Key(literals.iter().map(|literal| (*literal).to_owned()).collect())
    }

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_range_begins_behind_the_one_before_it() {
        let range = Range { start: Start::After(keys(&["7"])), end: keys(&["9"]) };
        let one = columns(&["id"]);
        assert_eq!(predicate(Dialect::Postgres, &one, Order::Ascending, &range), "(id > 7 AND id <= 9)");
        let first = Range { start: Start::At(keys(&["9"])), end: keys(&["7"]) };
        assert_eq!(predicate(Dialect::Sqlite, &one, Order::Descending, &first), "(id <= 9 AND id >= 7)");
    }

    #[test]
    fn a_key_of_several_columns_is_compared_as_each_engine_does_from_its_index() {
        let range = Range { start: Start::After(keys(&["1", "'x'"])), end: keys(&["2", "'y'"]) };
        let two = columns(&["a", "b"]);
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            assert_eq!(
                predicate(dialect, &two, Order::Ascending, &range),
                "((a, b) > (1, 'x') AND (a, b) <= (2, 'y'))"
            );
        }
        assert_eq!(
            predicate(Dialect::Mysql, &two, Order::Ascending, &range),
            "((a > 1 OR (a = 1 AND b > 'x')) AND (a < 2 OR (a = 2 AND b <= 'y')))"
        );
    }

    #[test]
    fn a_placeholder_has_a_name_for_each_literal() {
        let two = columns(&["a", "b"]);
        assert_eq!(
            placeholder(Dialect::Postgres, &two, Order::Ascending),
            "((a, b) > ($1, $2) AND (a, b) <= ($3, $4))"
        );
        assert_eq!(
            placeholder(Dialect::Mysql, &columns(&["id"]), Order::Descending),
            "(id < @batch_1 AND id >= @batch_2)"
        );
    }
}
