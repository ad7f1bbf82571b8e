//! The runbooks that are shipped: each can be planned, and has nothing wrong with it.

use std::collections::BTreeMap;

use rollbook::document;
use rollbook::plan;
use rollbook::source::Source;
use rollbook::template::Values;

#[test]
fn every_runbook_plans_without_findings_and_verifies_each_step() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = Source::new(path.to_string_lossy(), std::fs::read_to_string(&path).unwrap());
        let parsed = document::parse(&source);
        assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
        let front = &parsed.document.front;
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(front.id.as_str()));
        let values = Values::bind(&front.params, &BTreeMap::new()).unwrap();
        for dialect in front.dialects.iter().copied() {
            let (plan, diagnostics) = plan::build(&parsed.document, dialect, &values);
            assert!(diagnostics.is_empty(), "{diagnostics:#?}");
            for step in plan.unwrap().steps {
                assert!(!step.after.is_empty(), "{} is not verified", step.id);
                assert!(!step.rollback.is_empty(), "{} has no way back", step.id);
            }
        }
        count += 1;
    }
    assert!(count >= 3);
}
