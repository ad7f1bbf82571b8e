//! The runbooks that are shipped: each can be planned, and has nothing wrong with it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rollbook::diagnostics::render;
use rollbook::document;
use rollbook::plan;
use rollbook::rules::{self, Levels};
use rollbook::source::Source;
use rollbook::template::Values;

use crate::support::{Engine, Lab};

/// The files of the folder; the gallery below it is what templates write, and `patterns.rs` runs it.
fn below(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_file()).collect()
}

#[test]
fn every_runbook_plans_without_findings_and_verifies_each_step() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks");
    let mut count = 0;
    for path in below(folder) {
        let source = Source::new(path.to_string_lossy(), std::fs::read_to_string(&path).unwrap());
        let parsed = document::parse(&source);
        assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
        let front = &parsed.document.front;
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(front.id.as_str()));
        let values = Values::bind(&front.params, &BTreeMap::new()).unwrap();
        for dialect in front.dialects.iter().copied() {
            let (plan, diagnostics) = plan::build(&parsed.document, dialect, &values);
            assert!(diagnostics.is_empty(), "{diagnostics:#?}");
            let plan = plan.unwrap();
            let said = rules::check(&parsed.document, std::slice::from_ref(&plan), &Levels::default());
            assert!(said.is_empty(), "{}", render::full(&said, false));
            for step in plan.steps {
                assert!(!step.after.is_empty(), "{} is not verified", step.id);
                assert!(!step.rollback.is_empty(), "{} has no way back", step.id);
            }
        }
        count += 1;
    }
    assert!(count >= 3);
}

/// Forward through every gate, replayed, all the way back, and forward again.
#[test]
fn every_runbook_runs_both_ways() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks");
    for path in below(folder) {
        let text = std::fs::read_to_string(&path).unwrap();
        let source = Source::new(path.to_string_lossy(), text.clone());
        let dialects = document::parse(&source).document.front.dialects;
        for engine in dialects.iter().flat_map(|dialect| Engine::speaking(dialect.name())) {
            let lab = Lab::new(engine);
            lab.write("book.md", &text);
            lab.through("run", &[]).expect(0).says("completed");
            lab.on("verify", &[]).expect(0);
            lab.through("rollback", &[]).expect(0);
            lab.through("run", &[]).expect(0).says("completed");
            lab.on("verify", &[]).expect(0);
        }
    }
}

/// The README's first command, on a file that is not there yet.
#[test]
fn the_quickstart_makes_its_database_and_stops_at_its_hold() {
    let lab = Lab::new(Engine::Sqlite);
    let quickstart = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/quickstart.md");
    lab.rollbook(&["run", quickstart, "--db", "sqlite:quickstart.db"]).expect(2).says("--create");
    let end = lab.rollbook(&["run", quickstart, "--db", "sqlite:quickstart.db", "--create"]).expect(3);
    end.says("5 batches, 5,000 rows, ").says("before-contract");
}
