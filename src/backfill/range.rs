use crate::dialect::Dialect;

/// A walk over a table in the order of a key, a range at a time.
///
/// Bounds are SQL literals as the server itself quotes them, so that a key of any type works: the
/// server reads back what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyWalk<'a> {
    pub dialect: Dialect,
    pub table: &'a str,
    pub key: &'a str,
    pub size: u64,
}

/// A key range, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: String,
    pub to: String,
}

impl KeyWalk<'_> {
    fn quote(&self) -> &'static str {
        match self.dialect {
            Dialect::Postgres => "quote_literal",
            Dialect::Sqlite | Dialect::Mysql => "quote",
        }
    }

    /// The last key: where the walk will end, whatever is added behind it meanwhile.
    pub fn last_key(&self) -> String {
        let Self { table, key, .. } = self;
        format!(
            "SELECT {}({key}) FROM {table} WHERE {key} IS NOT NULL ORDER BY {key} DESC LIMIT 1",
            self.quote()
        )
    }

    /// A row that no range can hold, if there is one.
    pub fn null_key(&self) -> String {
        let Self { table, key, .. } = self;
        format!("SELECT 1 FROM {table} WHERE {key} IS NULL LIMIT 1")
    }

    /// The next range: up to `size` keys after `after`, none beyond `upto`.
    ///
    /// The answer has one row: first key, last key, both NULL where nothing is left.
    pub fn next_range(&self, after: Option<&str>, upto: &str) -> String {
        let Self { table, key, size, .. } = self;
        let quote = self.quote();
        let lower = after.map_or_else(|| format!("{key} IS NOT NULL"), |after| format!("{key} > {after}"));
        format!(
            "WITH walk AS (SELECT {key} AS k FROM {table} WHERE {lower} AND {key} <= {upto} \
             ORDER BY {key} LIMIT {size}) \
             SELECT (SELECT {quote}(k) FROM walk ORDER BY k LIMIT 1), \
             (SELECT {quote}(k) FROM walk ORDER BY k DESC LIMIT 1)"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_range_has_no_lower_bound_and_none_goes_past_the_end() {
        let walk = KeyWalk { dialect: Dialect::Postgres, table: "users", key: "id", size: 10 };
        let first = walk.next_range(None, "'99'");
        assert!(first.contains("id IS NOT NULL AND id <= '99' ORDER BY id LIMIT 10"), "{first}");
        let next = walk.next_range(Some("'7'"), "'99'");
        assert!(next.contains("id > '7' AND id <= '99'"), "{next}");
    }
}
