//! The matrix on the fake: fail at the Nth request, for every N
//! until the run completes without meeting the fault; then again while it resumes.

use rollbook::backend::JournalRow;
use rollbook::engine::{CellHistory, Event, Outcome, Status};
use rollbook::plan::Plan;
use rollbook::record;

use super::book;
use super::drive::{Ended, Invoked, Verb, invoke, is_success};
use super::fake::Fake;
use super::tally::Tally;
use super::world::{Effects, World};
use super::wrapper::{Fault, Kind};
use crate::support::Engine;

/// Virtual time: a wait between two attempts takes none.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work)
}

/// Each kind, once and from then on.
fn faults() -> impl Iterator<Item = (Kind, bool)> {
    Kind::ALL.into_iter().flat_map(|kind| {
        let lasting = kind.can_last().then_some((kind, true));
        std::iter::once((kind, false)).chain(lasting)
    })
}

/// What must hold of any invocation, however it ended.
pub async fn check_invocation(world: &World, invoked: &Invoked, label: &str) {
    // On the fake each was looked up when it was told.
    if world.fake().is_none() {
        let journal = world.journal().await;
        for event in invoked.told.iter().filter(|event| is_success(event)) {
            assert!(journal.has(event), "{label}: told, and not in the journal: {event:?}");
        }
    }
    let stops = invoked.told.iter().filter(|event| matches!(event, Event::Stopped(_))).count();
    let last_is_stop = matches!(invoked.told.last(), Some(Event::Stopped(_)) | None);
    match invoked.ended {
        Ended::Killed => assert!(stops <= 1, "{label}: {:?}", invoked.told),
        _ => assert!(last_is_stop && stops <= 1, "{label}: {:?}", invoked.told),
    }
}

/// How an invocation with a fault in it may end.
fn check_end(invoked: &Invoked, fault: Fault, label: &str) {
    let good = match (&invoked.ended, fault.kind) {
        (Ended::Killed, kind) => kind.kills(),
        (_, kind) if kind.kills() => !invoked.met,
        (Ended::Stopped(Outcome::Completed), _) => true,
        (Ended::Stopped(Outcome::Interrupted), kind) => {
            matches!(kind, Kind::Interrupted | Kind::Cancelled | Kind::CancelledLate)
        }
        (Ended::Stopped(Outcome::Failed), kind) => {
            matches!(kind, Kind::Busy | Kind::Refused | Kind::JournalRefused | Kind::RefusedHalfWay)
        }
        (Ended::Stopped(_), _) => false,
        (Ended::Broke(_), kind) => !matches!(kind, Kind::Interrupted | Kind::Cancelled),
    };
    assert!(good, "{label}: {:?}\n{:#?}", invoked.ended, invoked.told.last());
}

/// One invocation with a fault, and everything that must hold after it.
pub async fn strike(world: &World, plan: &Plan, verb: Verb, fault: Fault, label: &str) -> Invoked {
    let invoked = invoke(world, plan, verb, Some(fault)).await;
    check_end(&invoked, fault, label);
    check_invocation(world, &invoked, label).await;
    invoked
}

/// The resume: without a fault it must come to the end at once.
pub async fn resume(world: &World, plan: &Plan, verb: Verb, label: &str) {
    let invoked = invoke(world, plan, verb, None).await;
    let completed = matches!(invoked.ended, Ended::Stopped(Outcome::Completed));
    assert!(completed, "{label}: the resume: {:?}\n{:#?}", invoked.ended, invoked.told.last());
    check_invocation(world, &invoked, label).await;
    let journal = world.journal().await;
    for step in &plan.steps {
        let status = journal.history.step(&step.id);
        let good = match verb {
            // Failed or at its gate, it may have done nothing that could be undone.
            Verb::Rollback(to) if to != Some(step.id.as_str()) => {
                let history = journal.history.steps.get(&step.id);
                status != Status::Done
                    && history.is_none_or(|step| !step.cells.values().any(CellHistory::touched))
            }
            _ => status == Status::Done,
        };
        assert!(good, "{label}: {} is {}", step.id, status.name());
    }
    for run in &journal.history.runs {
        let entries: Vec<_> = journal.entries.iter().filter(|entry| entry.run == run.run).cloned().collect();
        record::verify(&record::markdown(&entries), &record::jsonl(&entries))
            .unwrap_or_else(|error| panic!("{label}: {error}"));
    }
}

/// A fake on which the run is complete.
fn complete(plan: &Plan) -> Fake {
    let fake = Fake::default();
    block_on(async {
        let world = World::Fake(fake.clone());
        resume(&world, plan, Verb::Run, "without a fault").await;
        let effects = world.effects().await;
        assert!(effects.lost.is_empty() && effects.twice.is_empty(), "{effects:?}");
    });
    fake
}

/// A journal with every kind of run: one that was killed in a statement that no transaction holds, its
/// resume, and a rollback.
pub fn whole_journal() -> Vec<JournalRow> {
    let plan = book::plan(Engine::Postgres);
    let world = World::Fake(Fake::default());
    block_on(async {
        let fault = Fault { kind: Kind::KilledHalfWay, at: 1, lasts: false };
        strike(&world, &plan, Verb::Run, fault, "the first run").await;
        resume(&world, &plan, Verb::Run, "its resume").await;
        resume(&world, &plan, Verb::Rollback(Some("make")), "a rollback").await;
        world.open().await.read_journal(None).await.unwrap()
    })
}

/// Fails at every place of `verb` on copies of `start`, and hands each to `then`, until the fault is
/// not met any more. Returns the number of places.
fn at_every_place(
    plan: &Plan,
    start: &Fake,
    verb: Verb,
    (kind, lasts): (Kind, bool),
    mut then: impl FnMut(&World, usize, &str),
) -> usize {
    for at in 1.. {
        let world = World::Fake(start.copy());
        let label = format!("{verb:?}, {kind:?} at {at}{}", if lasts { " and after" } else { "" });
        let invoked = block_on(strike(&world, plan, verb, Fault { kind, at, lasts }, &label));
        if !invoked.met {
            assert!(
                matches!(invoked.ended, Ended::Stopped(Outcome::Completed)),
                "{label}: {:?}",
                invoked.ended
            );
            return at - 1;
        }
        then(&world, at, &label);
    }
    unreachable!("a run has an end")
}

#[test]
fn every_request_of_a_run_fails_in_every_way() {
    let plan = book::plan(Engine::Postgres);
    let start = Fake::default();
    let mut tally = Tally::new("run, fake", faults().count(), 1);
    for fault in faults() {
        let mut cases = Vec::new();
        let points = at_every_place(&plan, &start, Verb::Run, fault, |world, _, label| {
            block_on(resume(world, &plan, Verb::Run, label));
            cases.push((label.to_owned(), block_on(world.effects())));
        });
        tally.points(points);
        cases.into_iter().for_each(|(label, effects)| tally.case(&label, effects));
    }
}

#[test]
fn every_request_of_a_rollback_fails_in_every_way() {
    let plan = book::plan(Engine::Postgres);
    let start = complete(&plan);
    let verb = Verb::Rollback(Some("make"));
    let mut tally = Tally::new("rollback, fake", faults().count(), 1);
    for fault in faults() {
        let mut cases = Vec::new();
        let points = at_every_place(&plan, &start, verb, fault, |world, at, label| {
            block_on(resume(world, &plan, verb, label));
            cases.push((label.to_owned(), block_on(world.undone())));
            if at.is_multiple_of(5) {
                block_on(resume(world, &plan, Verb::Rollback(None), label));
                assert!(block_on(world.is_bare()), "{label}");
            }
        });
        tally.points(points);
        cases.into_iter().for_each(|(label, effects)| tally.case(&label, effects));
    }
}

/// A run that was broken off is given up: what it did is undone, and what it did not do is not.
#[test]
fn whatever_a_broken_run_has_done_is_undone() {
    let plan = book::plan(Engine::Postgres);
    let start = Fake::default();
    let mut tally = Tally::new("run broken off, then rollback, fake", faults().count(), 1);
    for fault in faults() {
        let points = at_every_place(&plan, &start, Verb::Run, fault, |world, _, label| {
            if !block_on(world.journal()).history.runs.is_empty() {
                block_on(resume(world, &plan, Verb::Rollback(None), label));
            }
            assert!(block_on(world.is_bare()), "{label}");
            tally.case(label, Effects::default());
        });
        tally.points(points);
    }
}

/// Kinds of the second fault: one of each way to break off.
const AGAIN: [Kind; 5] = [Kind::Busy, Kind::Refused, Kind::ReplyLost, Kind::KilledBefore, Kind::KilledAfter];

/// Of the pairs of places, every so manieth: the first fault's place decides at which the second begins,
/// so that over all of them each place of a resume is struck.
const STRIDE: usize = 61;

#[test]
fn a_resume_fails_too() {
    let plan = book::plan(Engine::Postgres);
    let start = Fake::default();
    let mut tally = Tally::new("run, then the resume, fake", AGAIN.len() * AGAIN.len(), 1);
    for first in AGAIN {
        let mut points = 0;
        at_every_place(&plan, &start, Verb::Run, (first, false), |world, at, label| {
            let broken = world.fake().unwrap();
            for (nth, kind) in AGAIN.into_iter().enumerate() {
                for again in (1 + (at + nth) % STRIDE..).step_by(STRIDE) {
                    let world = World::Fake(broken.copy());
                    let label = format!("{label}, then {kind:?} at {again}");
                    let fault = Fault { kind, at: again, lasts: false };
                    let invoked = block_on(strike(&world, &plan, Verb::Run, fault, &label));
                    if !invoked.met {
                        break;
                    }
                    points += 1;
                    block_on(resume(&world, &plan, Verb::Run, &label));
                    tally.case(&label, block_on(world.effects()));
                }
            }
        });
        tally.points(points);
    }
}
