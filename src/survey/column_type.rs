//! What a PostgreSQL statement's text leaves open and the table's definition answers: whether a column's
//! new type rewrites the table, and whether a `NOT NULL` is proved already.
//!
//! Measured on PostgreSQL 15.18 and 18.6 (`tests/data/measured/postgres-locks.jsonl`).

use std::ops::Range;

use crate::backend::survey::{Column, Relation};
use crate::dialect::{AlterTable, Dialect, Facts, Words};

/// What is known of a statement once the table is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Answered {
    pub rewrites: Option<bool>,
    pub scans: Option<bool>,
    pub builds_index: Option<bool>,
}

/// Of an `ALTER TABLE`, clause by clause.
pub(super) fn answer(sql: &str, facts: &Facts, relation: &Relation) -> Option<Answered> {
    let words = Words::of(Dialect::Postgres, sql);
    let AlterTable { clauses, .. } = AlterTable::read(&words)?;
    let nothing = Answered { rewrites: Some(false), scans: Some(false), builds_index: Some(false) };
    Some(clauses.into_iter().fold(nothing, |answered, clause| {
        let span = words.span(clause.clone());
        let told =
            facts.clauses.iter().filter(|told| span.start <= told.span.start && told.span.end <= span.end);
        let of_text = told.map(|told| Answered {
            rewrites: told.rewrites,
            scans: told.scans,
            builds_index: told.builds_index,
        });
        let answer = of_definition(&words, clause, relation)
            .or_else(|| of_text.reduce(Answered::and))
            .unwrap_or(Answered { rewrites: None, scans: None, builds_index: None });
        answered.and(answer)
    }))
}

impl Answered {
    fn and(self, other: Self) -> Self {
        let either = |a: Option<bool>, b: Option<bool>| match (a, b) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        Self {
            rewrites: either(self.rewrites, other.rewrites),
            scans: either(self.scans, other.scans),
            builds_index: either(self.builds_index, other.builds_index),
        }
    }
}

/// `ALTER COLUMN c TYPE …` and `ALTER COLUMN c SET NOT NULL`, where the column is known.
fn of_definition(words: &Words<'_>, clause: Range<usize>, relation: &Relation) -> Option<Answered> {
    if !words.is(clause.start, "alter") {
        return None;
    }
    let (column, at) = words.name(words.skip(clause.start + 1, &["column"]))?;
    let known = relation.columns.iter().find(|known| known.name == column)?;
    if words.starts(at, &["set", "not", "null"]) {
        let proved = !known.nullable || is_proved(relation, &column);
        return Some(Answered { rewrites: Some(false), scans: Some(!proved), builds_index: Some(false) });
    }
    let at = words.skip(at, &["set", "data"]);
    if !words.is(at, "type") {
        return None;
    }
    let written = rewrites(words, at + 1..clause.end, known)?;
    Some(Answered { rewrites: Some(written), scans: Some(written), builds_index: Some(written) })
}

/// A validated `CHECK` that says exactly this, or PostgreSQL 18's own `NOT NULL`.
fn is_proved(relation: &Relation, column: &str) -> bool {
    let plain = format!("CHECK (({column} IS NOT NULL))");
    let quoted = format!("CHECK ((\"{column}\" IS NOT NULL))");
    relation
        .constraints
        .iter()
        .any(|known| known.validated && (known.definition == plain || known.definition == quoted))
}

/// None where it is not known.
fn rewrites(words: &Words<'_>, clause: Range<usize>, known: &Column) -> Option<bool> {
    let using = words.find_flat(clause.clone(), &["using"]);
    if words.find_flat(clause.clone(), &["collate"]).is_some() {
        return None;
    }
    if let Some(using) = &using {
        // `USING c` and `USING c::type` may still cost nothing; what else is computed is written.
        let plain = words.name(using.end).is_some_and(|(name, end)| name == known.name && end == clause.end);
        if !plain {
            return Some(true);
        }
    }
    let end = using.map_or(clause.end, |using| using.start);
    let new = Type::of(words.written(clause.start..end));
    let old = Type::of(&known.kind);
    Some(!is_free(&old, &new))
}

/// A type's name and its numbers.
#[derive(Debug, PartialEq, Eq)]
struct Type {
    name: String,
    numbers: Vec<i64>,
    array: bool,
}

impl Type {
    fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        let (before, rest) = text.split_once('(').unwrap_or((&text, ""));
        let (inside, after) = rest.split_once(')').unwrap_or(("", rest));
        let name: Vec<&str> = before.split_whitespace().chain(after.split_whitespace()).collect();
        let array = text.contains("[]");
        let name = name.join(" ").replace("[]", "");
        let name = match name.trim() {
            "varchar" => "character varying",
            "char" | "bpchar" => "character",
            "int" | "int4" => "integer",
            "int8" => "bigint",
            "int2" => "smallint",
            "decimal" => "numeric",
            "timestamp" => "timestamp without time zone",
            "timestamptz" => "timestamp with time zone",
            "varbit" => "bit varying",
            "bool" => "boolean",
            "float8" => "double precision",
            "float4" => "real",
            other => other,
        };
        let numbers = inside.split(',').filter_map(|number| number.trim().parse().ok()).collect();
        Self { name: name.to_owned(), numbers, array }
    }
}

/// Whether the old values serve as they are.
fn is_free(old: &Type, new: &Type) -> bool {
    if old == new {
        return true;
    }
    if old.array || new.array {
        return false;
    }
    let grows = || match (old.numbers.first(), new.numbers.first()) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(old), Some(new)) => new >= old,
    };
    match (old.name.as_str(), new.name.as_str()) {
        ("character varying" | "text", "text") => true,
        ("text", "character varying") => new.numbers.is_empty(),
        ("character varying", "character varying") | ("bit varying", "bit varying") => grows(),
        ("numeric", "numeric") => match (&old.numbers[..], &new.numbers[..]) {
            (_, []) => true,
            ([], _) => false,
            (old, new) => {
                let scale = |numbers: &[i64]| numbers.get(1).copied().unwrap_or_default();
                new[0] >= old[0] && scale(old) == scale(new)
            }
        },
        ("cidr", "inet") => true,
        ("timestamp without time zone", "timestamp with time zone")
        | ("timestamp with time zone", "timestamp without time zone") => {
            // Because our sessions' `TimeZone` is UTC.
            old.numbers == new.numbers
        }
        (a, b)
            if a == b
                && matches!(
                    a,
                    "interval"
                        | "timestamp without time zone"
                        | "timestamp with time zone"
                        | "time without time zone"
                        | "time with time zone"
                ) =>
        {
            grows()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::classify;

    fn table(kind: &str) -> Relation {
        let column = Column { name: "a".into(), kind: kind.into(), nullable: true, width: None };
        Relation { columns: vec![column], ..Relation::default() }
    }

    fn told(sql: &str, table: &Relation) -> Answered {
        answer(sql, &classify(Dialect::Postgres, sql), table).unwrap()
    }

    #[test]
    fn a_type_s_cost_is_known_once_the_old_one_is() {
        let free = [
            ("character varying(20)", "varchar(40)"),
            ("character varying(20)", "text"),
            ("text", "varchar"),
            ("numeric(10,2)", "numeric(12,2)"),
            ("numeric(10,2)", "numeric"),
            ("cidr", "inet"),
            ("timestamp without time zone", "timestamptz"),
            ("integer", "int4 USING a"),
        ];
        let written = [
            ("integer", "bigint"),
            ("character varying(20)", "varchar(10)"),
            ("text", "varchar(10)"),
            ("character(5)", "text"),
            ("numeric(10,2)", "numeric(12,3)"),
            ("json", "jsonb"),
            ("timestamp without time zone", "timestamp(3)"),
            ("text", "text USING upper(a)"),
            ("text[]", "varchar[]"),
        ];
        let of = |old: &str, new: &str| {
            let sql = format!("ALTER TABLE t ALTER COLUMN a SET DATA TYPE {new}");
            told(&sql, &table(old)).rewrites
        };
        for (old, new) in free {
            assert_eq!(of(old, new), Some(false), "{old} to {new}");
        }
        for (old, new) in written {
            assert_eq!(of(old, new), Some(true), "{old} to {new}");
        }
        assert_eq!(of("text", "text COLLATE \"C\""), None);
    }

    #[test]
    fn a_not_null_is_free_where_a_check_proves_it() {
        let sql = "ALTER TABLE t ALTER a SET NOT NULL";
        let scans = |table: &Relation| told(sql, table).scans;
        let mut table = table("text");
        assert_eq!(scans(&table), Some(true));
        table.constraints.push(crate::backend::survey::Constraint {
            name: "c".into(),
            definition: "CHECK ((a IS NOT NULL))".into(),
            validated: true,
            references: None,
        });
        assert_eq!(scans(&table), Some(false));
        table.constraints[0].validated = false;
        assert_eq!(scans(&table), Some(true));
        table.constraints[0].validated = true;
        let both = |more: &str| told(&format!("{sql}, {more}"), &table).scans;
        assert_eq!([both("ADD CHECK (a > 0)"), both("ADD b integer")], [Some(true), Some(false)]);
    }
}
