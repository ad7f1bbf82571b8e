//! What a parsed runbook holds.

use std::time::Duration;

use rollbook::dialect::Dialect;
use rollbook::document::{
    Amount, Batch, BlockKind, Defaults, Expect, Hold, OnError, Order, OutputLimit, Pause, Role, Size,
    Strategy, Throttle, Tx, When, parse,
};
use rollbook::source::Source;

use crate::case_file;

fn input(title: &str) -> String {
    let cases = case_file::files("parse").into_iter().flat_map(|file| case_file::read(&file));
    cases.into_iter().find(|case| case.title == title).unwrap_or_else(|| panic!("no case {title}")).input
}

#[test]
fn front_matter_is_read_into_types() {
    let source = Source::new("case.md", input("a whole runbook"));
    let document = parse(&source).document;
    let front = &document.front;
    assert_eq!(
        (front.id.as_str(), front.dialects.as_slice()),
        ("0042-users-email-lower", &[Dialect::Postgres][..])
    );
    assert_eq!(
        (front.strategy, front.phases.as_slice()),
        (Strategy::ExpandContract, &["expand", "migrate", "contract"].map(str::to_owned)[..])
    );
    assert_eq!(
        front.defaults,
        Defaults {
            lock_timeout: Some(Duration::from_secs(2)),
            statement_timeout: Some(Duration::from_secs(30)),
            retry: None,
        }
    );
    let [Hold { before, span, .. }] = front.holds.as_slice() else { panic!("{:?}", front.holds) };
    assert_eq!((before.as_str(), source.slice(*span)), ("contract", "before-contract"));
    assert_eq!(front.params[0].default, Some(5000.into()));
    assert!(
        source.slice(front.span).starts_with("rollbook: 1\n")
            && source.slice(front.span).ends_with("host.\n")
    );
    assert_eq!(document.headings, [(1, "Add users.email_lower".to_owned())]);
}

#[test]
fn cells_know_their_places_and_options() {
    let source = Source::new("case.md", input("a whole runbook"));
    let document = parse(&source).document;
    let backfill = document.cell("backfill").unwrap();
    assert_eq!(
        backfill.options.batch,
        Some(Batch {
            alias: None,
            table: "users".to_owned(),
            key: vec!["id".to_owned()],
            size: Size::Fixed(Amount::Param("batch_size".to_owned())),
            pause: Pause::Always(Duration::from_millis(100)),
            order: Order::Ascending,
            on_error: OnError::Stop,
            throttle: Throttle::default(),
        })
    );
    assert!(
        source.slice(backfill.fence).starts_with("```sql {id=backfill")
            && source.slice(backfill.fence).ends_with(";\n```")
    );
    assert_eq!(source.slice(backfill.info), "sql {id=backfill phase=migrate role=forward}");
    assert!(
        source.slice(backfill.body).starts_with("UPDATE") && source.slice(backfill.body).ends_with("NULL;\n")
    );
    let verify = document.cell("add-column.verify").unwrap();
    assert_eq!((verify.role, &verify.expect, verify.when), (Role::Verify, &Expect::Rows(1), When::After));
    let drop = document.cell("drop-email").unwrap();
    assert!(drop.destructive);
    assert_eq!(drop.options.irreversible.as_deref(), Some("the values are gone"));
    assert_eq!(drop.options.timeout, Some(Duration::from_secs(300)));
}

#[test]
fn every_option_has_its_type() {
    let document = parse(&Source::new("case.md", input("every option"))).document;
    let options = &document.cell("a").unwrap().options;
    assert_eq!(options.lock_timeout, Some(Duration::from_millis(100)));
    assert_eq!(
        (options.retry, options.tx, options.output),
        (Some(3), Some(Tx::None), Some(OutputLimit::Rows(20)))
    );
    assert_eq!(options.why.as_deref(), Some("two\nlines"));
    let [allow] = options.allow.as_slice() else { panic!("{:?}", options.allow) };
    assert_eq!((allow.rule.as_str(), allow.why.as_str()), ("rename", "no: nobody reads it"));
    assert_eq!(document.source.slice(allow.span), "rename");
    assert_eq!(document.cell("a.verify").unwrap().options.output, Some(OutputLimit::None));
}

#[test]
fn an_expected_table_replaces_the_expectation() {
    let document = parse(&Source::new("case.md", input("an expected table belongs to its cell"))).document;
    let table = [["status", "count"], ["open", "3"]].map(|row| row.map(str::to_owned).to_vec()).to_vec();
    assert_eq!(document.cell("a.verify").unwrap().expect, Expect::Table(table));
}

#[test]
fn blocks_are_front_matter_prose_and_fences() {
    let document = parse(&Source::new("case.md", input("a fence without braces is documentation"))).document;
    let kinds: Vec<BlockKind> = document.blocks.iter().map(|block| block.kind).collect();
    use BlockKind::{Fence, FrontMatter, Prose};
    assert_eq!(kinds, [FrontMatter, Fence, Prose, Fence, Prose, Fence, Fence]);
}
