//! The measuring itself: every form of `postgres-locks.jsonl` is measured again, on both servers.

use std::collections::BTreeMap;

use rollbook::backend::Address;
use rollbook::backend::measure::{InTransaction, Measured, Trial, meter};
use rollbook::dialect::{Dialect, classify, split};
use serde_json::Value;

use crate::support::{Engine, Server};

const FORMS: &str = include_str!("../../data/measured/postgres-locks.jsonl");
const RELATIONS: &str = include_str!("../../data/measured/postgres.sql");

/// What a server has only one of, or names the database that the forms were measured in.
const ELSEWHERE: [&str; 10] = [
    "ALTER DATABASE postgres",
    "ALTER SYSTEM",
    "CREATE DATABASE",
    "CREATE ROLE",
    "CREATE SUBSCRIPTION",
    "CREATE TABLESPACE",
    "DROP DATABASE",
    "DROP TABLESPACE",
    "REINDEX DATABASE",
    "REINDEX SYSTEM",
];

#[test]
fn postgres_15_is_measured_as_it_was() {
    measured_again(Engine::Postgres, "pg15");
}

#[test]
fn postgres_18_is_measured_as_it_was() {
    measured_again(Engine::Postgres18, "pg18");
}

fn measured_again(engine: Engine, version: &str) {
    let server = Server::shared(engine);
    let base = format!("forms_{}", std::process::id());
    server.create(&base);
    server.sql(&base, RELATIONS);
    let forms: Vec<Value> = FORMS.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let forms: Vec<&Value> = forms
        .iter()
        .filter(|form| {
            ELSEWHERE.iter().all(|elsewhere| !form["sql"].as_str().unwrap().starts_with(elsewhere))
        })
        .collect();
    let mut wrong = Vec::new();
    for (number, form) in forms.iter().enumerate() {
        let name = format!("{base}_{number}_scratch");
        server.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {base}"));
        let difference = one(&server.url_at(server.port(), &name), form, &form[version]);
        wrong.extend(difference.map(|difference| format!("{}: {difference}", form["sql"])));
        server.sql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), forms.len(), wrong.join("\n"));
    assert!(forms.len() > 190, "{}", forms.len());
}

/// How a form differs from what is known of it.
fn one(url: &str, form: &Value, known: &Value) -> Option<String> {
    let sql = form["sql"].as_str().unwrap();
    let mut statements: Vec<&str> =
        split(Dialect::Postgres, sql).statements.iter().map(|span| &sql[span.start..span.end]).collect();
    let sql = statements.pop().unwrap();
    let facts = classify(Dialect::Postgres, sql);
    let address: Address = url.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let trial = runtime.block_on(async {
        let mut meter = meter(&address).await.unwrap().unwrap();
        let trial = meter.measure(&statements, sql, &facts).await.unwrap();
        meter.close().await;
        trial
    });
    let (measured, is_held) = match (&trial, known["tx"].as_str().unwrap()) {
        (Trial::Refused(_), "error") => return None,
        (Trial::Refused(refusal), tx) => return Some(format!("refused, and was {tx}: {refusal}")),
        (Trial::Measured(measured), tx) => (measured, tx == "ok"),
    };
    match (&measured.transaction, is_held) {
        (Ok(InTransaction::Held), true) => {}
        // Where no transaction holds it, it was not measured then.
        (Ok(InTransaction::Refused(_)), false) => return None,
        (other, _) => return Some(format!("{other:?}, and was {}", known["tx"])),
    }
    let (found, known) = (Known::of(measured), Known::read(known));
    // How the rows of a query are found is the planner's business.
    let scans_differ = found.scanned.is_some() && found.scanned != known.scanned;
    let differs = found.locks != known.locks || found.rewritten != known.rewritten || scans_differ;
    differs.then(|| format!("\n  measured {found:?}\n  known    {known:?}"))
}

/// What is known of a statement, without what locks nobody out of anything.
#[derive(Debug)]
struct Known {
    locks: BTreeMap<String, String>,
    rewritten: Vec<String>,
    scanned: Option<Vec<String>>,
}

impl Known {
    fn of(measured: &Measured) -> Self {
        let locks = measured.locks.as_ref().unwrap().iter();
        let locks = locks.filter_map(|relation| Some((relation.name.clone(), relation.lock?.to_owned())));
        Self {
            locks: locks.filter(|(_, mode)| mode != "ACCESS SHARE").collect(),
            rewritten: measured.rewritten.clone().unwrap(),
            scanned: measured.scanned.clone().ok(),
        }
    }

    /// Names stand there with the kind of the relation: `t(r)`.
    fn read(known: &Value) -> Self {
        let plain = |name: &str| name.split('(').next().unwrap().to_owned();
        let list = |key: &str| known[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        let locks = ["locks", "index_locks"].into_iter().flat_map(|kind| known[kind].as_object().unwrap());
        Self {
            locks: locks
                .map(|(name, mode)| (plain(name), spelled(mode.as_str().unwrap())))
                .filter(|(_, mode)| mode != "ACCESS SHARE")
                .collect(),
            rewritten: list("rewritten").filter(|name| !name.ends_with("(i)")).map(plain).collect(),
            scanned: Some(list("scanned").map(plain).collect()),
        }
    }
}

/// `AccessExclusiveLock` in the words of the manual.
fn spelled(mode: &str) -> String {
    let mut words = String::new();
    for c in mode.strip_suffix("Lock").unwrap().chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_uppercase());
    }
    words
}
