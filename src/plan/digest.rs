use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::dialect::{self, Dialect};

/// SHA-256 over tokens: comments and white space do not change it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// Version of what goes into a digest. It is hashed too, so that a later version cannot be
    /// mistaken for this one.
    const VERSION: &'static str = "rollbook-digest-1";

    pub fn of_sql<'a>(dialect: Dialect, statements: impl IntoIterator<Item = &'a str>) -> Self {
        let canonical: Vec<String> =
            statements.into_iter().map(|sql| dialect::canonical(dialect, sql)).collect();
        Self::of_parts(std::iter::once(dialect.name()).chain(canonical.iter().map(String::as_str)))
    }

    /// Each part is hashed with its length, so that moving a boundary changes the digest.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = Sha256::new();
        for part in std::iter::once(Self::VERSION).chain(parts) {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        Self(crate::source::hex(&hasher.finalize()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Enough of it to type and to tell two apart.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_space_do_not_change_a_digest_and_tokens_do() {
        let of = |sql| Digest::of_sql(Dialect::Postgres, [sql]);
        assert_eq!(of("SELECT 1 -- one"), of("  SELECT\n1"));
        assert_ne!(of("SELECT 1"), of("SELECT 2"));
        assert_ne!(of("SELECT 'a b'"), of("SELECT 'a  b'"));
        assert_ne!(Digest::of_parts(["ab", "c"]), Digest::of_parts(["a", "bc"]));
    }
}
