//! What the classifier says of a statement's text, held to what servers did with it.
//!
//! Where the text does not tell, `None` is no false claim, and still flags a statement that blocks for
//! as long as a table is long. Each engine prints a line with its score.

use std::collections::BTreeMap;

use rollbook::dialect::{Blocks, Dialect, Facts, Transactional, classify, split};
use serde_json::Value;

const POSTGRES: &str = include_str!("../data/measured/postgres-locks.jsonl");
const MARIADB: &str = include_str!("../data/measured/mariadb-online-ddl.jsonl");
const SQLITE: &str = include_str!("../data/measured/sqlite-ddl.jsonl");

fn forms(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The facts of the last statement; one before it is the setting that the form was measured under.
fn facts(dialect: Dialect, form: &Value) -> Facts {
    let sql = form["sql"].as_str().unwrap();
    let last = split(dialect, sql).statements.pop().unwrap();
    classify(dialect, &sql[last.start..last.end])
}

#[derive(Default)]
struct Score {
    right: usize,
    open: usize,
    wrong: Vec<String>,
}

impl Score {
    /// `claim` is None where the text does not tell.
    fn note<T: PartialEq + std::fmt::Debug>(&mut self, form: &Value, claim: Option<T>, measured: T) {
        match claim {
            None => self.open += 1,
            Some(claim) if claim == measured => self.right += 1,
            Some(claim) => {
                self.wrong.push(format!("{}: claims {claim:?}, measured {measured:?}", form["sql"]))
            }
        }
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} right, {} open, {} wrong", self.right, self.open, self.wrong.len())
    }
}

/// Whether a statement is taken for one that keeps others waiting for as long as a table is long.
fn flagged(facts: &Facts) -> bool {
    facts.blocks != Some(Blocks::Nothing) && (facts.rewrites != Some(false) || facts.scans != Some(false))
}

fn surely_flagged(facts: &Facts) -> bool {
    flagged(facts) && (facts.rewrites == Some(true) || facts.scans == Some(true))
}

#[test]
fn postgres_does_what_is_said_of_it() {
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let mut missed = Vec::new();
    let (mut blockers, mut sure, mut alone) = (0, 0, 0);
    for form in forms(POSTGRES) {
        let facts = facts(Dialect::Postgres, &form);
        let class = form["class"].as_str().unwrap();
        let refused = class == "cannot-run-in-transaction";
        if class == "n/a" {
            continue;
        }
        let never = matches!(facts.transactional, Transactional::Never(_));
        scores.entry("transaction").or_default().note(&form, Some(never), refused);
        if refused {
            alone += usize::from(never);
            continue;
        }
        if class == "blocking-size-dependent" {
            blockers += 1;
            sure += usize::from(surely_flagged(&facts));
            if !flagged(&facts) {
                missed.push(form["sql"].to_string());
            }
        }
        let object = facts.lock.as_ref().map_or("", |lock| &lock.object);
        let measured = if index_is_locked(&form, Some(object)) {
            Some("ACCESS EXCLUSIVE")
        } else {
            form["worst_lock"].as_str()
        };
        // A lock on something that the text does not name is open.
        let claim = facts.lock.as_ref().map(|lock| Some(lock.mode));
        let claim = claim.or((facts.blocks == Some(Blocks::Nothing)).then_some(None));
        if !does_nothing(&form) {
            scores.entry("lock").or_default().note(&form, claim, measured);
            scores.entry("blocks").or_default().note(&form, facts.blocks, blocks(&form, measured));
        }
        scores.entry("rewrite").or_default().note(&form, facts.rewrites, rewritten(&form));
        scores.entry("scan").or_default().note(&form, facts.scans, form["scan"] == true);
    }
    eprintln!(
        "measured postgres: {} of {blockers} size-dependent blockers flagged ({sure} surely), {alone} of 16 refused in a transaction",
        blockers - missed.len()
    );
    report(&scores);
    // 48 of them on both servers.
    assert_eq!((blockers, alone), (50, 16));
    assert!(missed.len() <= 1, "not flagged: {missed:#?}");
    let claims = ["rewrite", "scan"].map(|claim| scores[claim].wrong.clone()).concat();
    assert!(claims.len() <= 5, "false: {claims:#?}");
    for claim in ["transaction", "lock", "blocks"] {
        assert!(scores[claim].wrong.is_empty(), "{claim}: {:#?}", scores[claim].wrong);
    }
}

/// Forms that found nothing to do where they were measured.
fn does_nothing(form: &Value) -> bool {
    form["sql"].as_str().unwrap().contains(" IF EXISTS nonexistent")
}

/// Whether an index, this one or any, is locked against everybody.
fn index_is_locked(form: &Value, index: Option<&str>) -> bool {
    ["pg15", "pg18"].iter().filter_map(|server| form[server]["index_locks"].as_object()).any(|locks| {
        let is = |name: &str| index.is_none_or(|index| name.strip_suffix("(i)") == Some(index));
        locks.iter().any(|(name, lock)| is(name) && lock == "AccessExclusiveLock")
    })
}

fn blocks(form: &Value, lock: Option<&str>) -> Blocks {
    match lock {
        // Whoever reads a table opens its indexes.
        _ if index_is_locked(form, None) => Blocks::Everything,
        Some("ACCESS EXCLUSIVE") => Blocks::Everything,
        Some("SHARE" | "SHARE ROW EXCLUSIVE" | "EXCLUSIVE") => Blocks::Writes,
        _ => Blocks::Nothing,
    }
}

/// Whether a table or a materialized view, not only an index, got new files.
fn rewritten(form: &Value) -> bool {
    ["pg15", "pg18"].iter().any(|server| {
        let files = form[server]["rewritten"].as_array();
        files.is_some_and(|files| files.iter().any(|file| !file.as_str().unwrap().ends_with("(i)")))
    })
}

#[test]
fn mariadb_does_what_is_said_of_it() {
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let mut missed = Vec::new();
    let (mut count, mut blockers, mut commits) = (0, 0, 0);
    for form in forms(MARIADB) {
        let facts = facts(Dialect::Mysql, &form);
        if let Some(measured) = form["transactionality"].as_str() {
            // What ends a transaction itself commits too; no cell may hold it.
            let committed = !matches!(facts.transactional, Transactional::Yes | Transactional::Never(_));
            let control = facts.transactional == Transactional::Control;
            let measured = measured == "implicit-commit";
            commits += usize::from(committed == measured || control);
            scores.entry("commit").or_default().note(&form, (!control).then_some(committed), measured);
            continue;
        }
        count += 1;
        // A form that says how it is to be done, or is refused, has no best way.
        let Some((algorithm, lock)) = form["best"].as_str().and_then(|best| best.split_once("/LOCK=")) else {
            continue;
        };
        let moves = ["ENGINE=Aria", "PARTITION BY", "REMOVE PARTITIONING"]
            .iter()
            .any(|clause| form["sql"].as_str().unwrap().contains(clause));
        // These are accepted as INSTANT and copy all the same.
        let algorithm = if moves { "COPY" } else { algorithm };
        let rewrites = matches!(algorithm, "COPY" | "INPLACE");
        let waits = if lock == "NONE" { Blocks::Nothing } else { Blocks::Writes };
        if rewrites && waits != Blocks::Nothing {
            blockers += 1;
            if !flagged(&facts) {
                missed.push(form["sql"].to_string());
            }
        }
        if form["foreign_key_checks"] == 0 {
            // The text alone is taken to run with the checks on, as both servers do.
            continue;
        }
        scores.entry("rewrite").or_default().note(&form, facts.rewrites, rewrites);
        let claim = facts.blocks.map(|_| facts.lock.as_ref().map_or("", |lock| lock.mode));
        let mode = match lock {
            "NONE" => "SHARED_UPGRADABLE",
            "SHARED" => "SHARED_NO_WRITE",
            _ => "EXCLUSIVE",
        };
        scores.entry("lock").or_default().note(&form, claim, mode);
        if algorithm == "INSTANT" || algorithm == "COPY" {
            scores.entry("scan").or_default().note(&form, facts.scans, algorithm == "COPY");
        }
    }
    eprintln!(
        "measured mariadb: {} of {blockers} blockers among {count} forms flagged, {commits} of 32 implicit commits",
        blockers - missed.len()
    );
    report(&scores);
    assert_eq!((count, commits), (106, 32));
    assert!(missed.is_empty(), "not flagged: {missed:#?}");
    for (claim, score) in &scores {
        assert!(score.wrong.is_empty(), "{claim}: {:#?}", score.wrong);
    }
}

#[test]
fn sqlite_does_what_is_said_of_it() {
    /// Forms that say something else in a database that is a file.
    const IN_MEMORY: [&str; 2] = ["ATTACH", "PRAGMA journal_mode"];
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    let mut known = 0;
    let forms = forms(SQLITE);
    for form in &forms {
        let facts = facts(Dialect::Sqlite, form);
        let (alone, inside) = (form["autocommit"].as_str().unwrap(), form["in_tx"].as_str().unwrap());
        let sql = form["sql"].as_str().unwrap();
        let is_known = facts.kind != "unknown";
        if alone.starts_with("ok") {
            scores.entry("known").or_default().note(form, Some(is_known), true);
            known += usize::from(is_known);
            if !IN_MEMORY.iter().any(|word| sql.starts_with(word)) {
                let never = matches!(facts.transactional, Transactional::Never(_));
                scores.entry("transaction").or_default().note(form, Some(never), alone != inside);
            }
        }
        let loses = alone.contains("2->0");
        if loses {
            scores.entry("loss").or_default().note(form, Some(facts.destructive.is_some()), true);
        }
    }
    eprintln!("measured sqlite: {} forms, {known} accepted and known", forms.len());
    report(&scores);
    assert_eq!(forms.len(), 54);
    for (claim, score) in &scores {
        assert!(score.wrong.is_empty(), "{claim}: {:#?}", score.wrong);
    }
}

fn report(scores: &BTreeMap<&str, Score>) {
    for (claim, score) in scores {
        eprintln!("  {claim}: {score}");
        score.wrong.iter().for_each(|form| eprintln!("    {form}"));
    }
}
