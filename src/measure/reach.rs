//! Which statements stay in the database that they are sent to.

use crate::dialect::{Dialect, Facts, TokenKind, Words};

/// Why the statement reaches beyond its database, as a fragment; None where it stays in it.
///
/// What a function does is not in a statement's text: whoever fills a scratch database answers for what is in it.
pub(super) fn beyond(dialect: Dialect, sql: &str, facts: &Facts) -> Option<&'static str> {
    let words = Words::of(dialect, sql);
    if facts.kind == "unknown" {
        return Some("it could not be classified, so that it may reach beyond the scratch database");
    }
    match dialect {
        Dialect::Postgres => postgres(&words, facts.kind),
        Dialect::Mysql | Dialect::Sqlite => None,
    }
}

/// Objects that belong to the whole server or to another one (PostgreSQL manual, "Managing Databases").
const SHARED: [&str; 8] =
    ["_database", "_role", "_user", "_group", "_tablespace", "_system", "_subscription", "_user_mapping"];

fn postgres(words: &Words<'_>, kind: &str) -> Option<&'static str> {
    const WHOLE: &str = "it changes the whole server, not only the scratch database";
    match kind {
        "drop_owned" | "reassign_owned" | "load" => Some(WHOLE),
        "import_foreign_schema" => Some("it asks another server"),
        "copy" => Some("it reads or writes what is not in the database"),
        // Membership in a role has no object.
        "grant" | "revoke" if words.find(words.all(), &["on"]).is_none() => Some(WHOLE),
        "comment" | "security_label" if is_about_shared(words) => Some(WHOLE),
        kind if SHARED.iter().any(|shared| kind.ends_with(shared)) => Some(WHOLE),
        _ if calls_out(words) => Some("it calls what connects to another server"),
        _ => None,
    }
}

fn is_about_shared(words: &Words<'_>) -> bool {
    ["database", "role", "tablespace", "subscription"]
        .iter()
        .any(|kind| words.find(words.all(), &["on", kind]).is_some())
}

/// `dblink` and its like, quoted or in a block's text too.
fn calls_out(words: &Words<'_>) -> bool {
    words.all().any(|at| {
        let text = matches!(words.kind(at), Some(TokenKind::Word | TokenKind::QuotedIdent | TokenKind::Str));
        text && words.text(at).to_ascii_lowercase().contains("dblink")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::classify;

    #[test]
    fn what_belongs_to_a_server_is_told_from_what_belongs_to_a_database() {
        let reaches = |sql: &str| beyond(Dialect::Postgres, sql, &classify(Dialect::Postgres, sql)).is_some();
        for sql in [
            "CREATE DATABASE shop",
            "DROP DATABASE IF EXISTS shop",
            "ALTER DATABASE shop SET work_mem = '8MB'",
            "CREATE ROLE app",
            "ALTER USER app PASSWORD 'x'",
            "DROP ROLE app",
            "GRANT readers TO app",
            "ALTER SYSTEM SET work_mem = '8MB'",
            "CREATE TABLESPACE fast LOCATION '/srv/fast'",
            "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION p",
            "COPY t FROM '/tmp/t'",
            "COPY t TO PROGRAM 'cat'",
            "COMMENT ON DATABASE shop IS 'x'",
            "SELECT dblink_exec('host=prod', 'DROP TABLE t')",
            "DO $$ BEGIN PERFORM dblink('host=prod', 'SELECT 1'); END $$",
            "not sql at all",
        ] {
            assert!(reaches(sql), "{sql}");
        }
        for sql in [
            "CREATE TABLE t (id int)",
            "GRANT SELECT ON t TO app",
            "REVOKE ALL ON SCHEMA app FROM PUBLIC",
            "COMMENT ON TABLE t IS 'a database'",
            "DROP SCHEMA app CASCADE",
            "DO $$ BEGIN UPDATE t SET a = 1; END $$",
            "VACUUM t",
        ] {
            assert!(!reaches(sql), "{sql}");
        }
    }
}
