//! The engines that the faults are tried on, and what happens to a real session in this process.
//!
//! A kill is left to `kill.rs`, where it is one; here the session itself fails.

use super::book;
use super::drive::{Ended, Verb};
use super::scripted::{resume, strike};
use super::tally::Tally;
use super::world::World;
use super::wrapper::{Fault, Kind};
use crate::support::{Engine, Lab};

/// A line for each.
pub const ENGINES: [Engine; 4] = [Engine::Sqlite, Engine::Postgres, Engine::Mariadb, Engine::Mysql];

const KINDS: [Kind; 3] = [Kind::Refused, Kind::RequestLost, Kind::ReplyLost];

pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn every_request_of_a_run_fails_on_a_real_session() {
    let mut tally = Tally::new("run, real sessions", KINDS.len(), ENGINES.len());
    for engine in ENGINES {
        let plan = book::plan(engine);
        let lab = Lab::new(engine);
        let world = World::on(&lab);
        for kind in KINDS {
            // MySQL takes half a second over each case.
            let every = if engine == Engine::Mysql { 4 } else { 1 };
            for (tried, at) in (1..).step_by(every).enumerate() {
                let label = format!("{engine:?}, {kind:?} at {at}");
                let fault = Fault { kind, at, lasts: false };
                let met = block_on(async {
                    world.clear().await;
                    let invoked = strike(&world, &plan, Verb::Run, fault, &label).await;
                    if !invoked.met {
                        assert!(matches!(invoked.ended, Ended::Stopped(_)), "{label}: {:?}", invoked.ended);
                        return false;
                    }
                    resume(&world, &plan, Verb::Run, &label).await;
                    tally.case(&label, world.effects().await);
                    true
                });
                if !met {
                    tally.points(tried);
                    break;
                }
            }
        }
    }
}
