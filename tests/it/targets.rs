//! What `--db` may name, and what it never gives away.

use crate::support::{Engine, Lab, Outcome};

const BOOK: &str = "---\nrollbook: 1\nid: book\ntitle: A test\ndialect: any\n---\n\n```sql {id=make phase=apply role=forward}\nCREATE TABLE t (n integer);\n```\n```sql {of=make phase=apply role=rollback .destructive}\nDROP TABLE t;\n```\n";

#[test]
fn a_named_target_takes_its_url_from_the_environment() {
    let lab = Lab::new(Engine::Sqlite);
    lab.write("book.md", BOOK);
    lab.write("rollbook.toml", "[targets.prod]\nurl_env = \"PROD_URL\"\n");
    lab.rollbook(&["run", "book.md", "--db", "prod"]).expect(2).says("PROD_URL, which is not set");
    lab.rollbook(&["run", "book.md", "--db", "prdo"]).expect(2).says("did you mean `prod`?");
    let mut command = lab.command(&["run", "book.md", "--db", "prod"]);
    Outcome::of(command.env("PROD_URL", "sqlite:app.db")).expect(0).says("target prod").says("--db prod");
    lab.write("rollbook.toml", "[targets.prod]\nurl = \"sqlite:app.db\"\n");
    lab.rollbook(&["run", "book.md", "--db", "prod"]).expect(2).says("rollbook.toml").says("url_env");
}

#[test]
fn a_password_appears_nowhere() {
    let lab = Lab::new(Engine::Postgres);
    lab.write("book.md", BOOK);
    let secret = lab.url.replace("postgres@", "postgres:hunter2@");
    let mut said = String::new();
    for verb in ["run", "verify", "status", "rollback"] {
        let end = lab.rollbook(&[verb, "book.md", "--db", &secret]);
        said.push_str(&format!("{}{}", end.out, end.err));
    }
    let refused = lab.rollbook(&["run", "book.md", "--db", "postgres://ann:hunter2@127.0.0.1:1/x"]).expect(2);
    let malformed =
        lab.rollbook(&["run", "book.md", "--db", "postgres://ann:hunter2@127.0.0.1:port/x"]).expect(2);
    for end in [&refused, &malformed] {
        said.push_str(&format!("{}{}", end.out, end.err));
    }
    said.push_str(&lab.sql("SELECT entry FROM rollbook.journal"));
    for record in lab.records() {
        said.push_str(&lab.read(record));
    }
    assert!(said.contains("postgres://postgres@") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_role_that_may_only_read_can_replay() {
    let lab = Lab::new(Engine::Postgres);
    let verified = format!(
        "{BOOK}```sql {{of=make phase=apply role=verify expect=value:0}}\nSELECT count(*) FROM t;\n```\n"
    );
    lab.write("book.md", &verified);
    lab.on("run", &[]).expect(0);
    let role = format!("reader_{}", lab.database());
    lab.sql(&format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA rollbook TO {role}; \
         GRANT SELECT ON rollbook.journal, t TO {role}"
    ));
    let url = lab.url.replace("postgres@", &format!("{role}@"));
    lab.rollbook(&["verify", "book.md", "--db", &url]).expect(0).says("the same answer");
    lab.rollbook(&["rollback", "book.md", "--db", &url]).expect(1).says("the journal cannot be written");
    lab.sql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_role_that_may_not_make_the_journal_is_told_what_to_grant() {
    let lab = Lab::new(Engine::Postgres);
    lab.write("book.md", BOOK);
    let role = format!("weak_{}", lab.database());
    lab.sql(&format!("CREATE ROLE {role} LOGIN"));
    let url = lab.url.replace("postgres@", &format!("{role}@"));
    lab.rollbook(&["run", "book.md", "--db", &url]).expect(2).says("CREATE SCHEMA rollbook AUTHORIZATION");
    lab.sql(&format!("DROP ROLE {role}"));
}

/// The server refuses to change rows of a published table that has nothing to tell them by.
#[test]
fn tables_that_are_all_published_take_a_run() {
    let lab = Lab::new(Engine::Postgres);
    lab.write("book.md", BOOK);
    lab.sql("CREATE PUBLICATION everything FOR ALL TABLES");
    lab.on("run", &[]).expect(0);
    lab.through("rollback", &[]).expect(0);
    assert_eq!(
        lab.sql("SELECT token, count(*) OVER () FROM rollbook.lease"),
        "3|1",
        "a token for each attempt"
    );
}

#[test]
fn completions_are_printed_for_a_shell() {
    let lab = Lab::new(Engine::Sqlite);
    lab.rollbook(&["completions", "bash"]).expect(0).says("rollback");
}
