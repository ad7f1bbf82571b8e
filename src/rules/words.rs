//! Names and `ALTER TABLE` in words, for rules whose condition is in the grammar and not in the facts.

use std::ops::Range;

pub use crate::dialect::Words;

/// `ALTER TABLE` as its table and its clauses.
#[derive(Clone, Debug)]
pub struct AlterTable {
    pub table: String,
    pub clauses: Vec<Range<usize>>,
}

impl AlterTable {
    pub fn read(words: &Words<'_>) -> Option<Self> {
        let at = words.skip(words.skip(words.skip(0, &["alter"]), &["online"]), &["ignore"]);
        if at == 0 || !words.is(at, "table") {
            return None;
        }
        let at = words.skip(words.skip(at + 1, &["if", "exists"]), &["only"]);
        let (table, at) = words.name(at)?;
        let at = words.skip(at, &["*"]);
        Some(Self { table, clauses: words.list(at..words.len()) })
    }
}

/// Whether two names, each with or without a schema, can be those of one object.
pub fn same_name(a: &str, b: &str) -> bool {
    let ends_with = |long: &str, short: &str| {
        long.len() > short.len() + 1
            && long.is_char_boundary(long.len() - short.len())
            && long[long.len() - short.len()..].eq_ignore_ascii_case(short)
            && long[..long.len() - short.len()].ends_with('.')
    };
    a.eq_ignore_ascii_case(b) || ends_with(a, b) || ends_with(b, a)
}

/// The name without what stands before its last dot.
pub fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    #[test]
    fn clauses_names_and_words_are_told_apart() {
        let sql = "ALTER TABLE IF EXISTS ONLY app.\"Order\"\"s\" ADD COLUMN a numeric(1, 2) -- x\n, ADD CHECK (b, c) NOT VALID";
        let words = Words::of(Dialect::Postgres, sql);
        let alter = AlterTable::read(&words).unwrap();
        assert_eq!(alter.table, "app.Order\"s");
        let [column, check] = &alter.clauses[..] else { panic!("{alter:?}") };
        assert!(words.starts(column.start, &["add", "column", "a"]));
        let valid = words.find_flat(check.clone(), &["not", "valid"]).unwrap();
        assert_eq!(&sql[words.span(valid).start..], "NOT VALID");
        assert_eq!(words.find_flat(check.clone(), &["b"]), None);
        assert_eq!(words.find(check.clone(), &["b"]).map(|at| words.text(at.start)), Some("b"));
        assert!(!Words::of(Dialect::Postgres, "\"cascade\"").is(0, "cascade"));
    }

    #[test]
    fn a_schema_may_be_left_out() {
        assert!(same_name("app.users", "users") && same_name("users", "App.Users"));
        assert!(!same_name("app_users", "users") && !same_name("a.users", "b.users"));
        assert_eq!(last_part("a.b.c"), "c");
    }
}
