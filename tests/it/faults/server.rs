//! The server's side goes away: its backends are terminated, or all of it is killed and restarted.

use std::sync::Arc;

use super::book;
use super::drive::{Ended, Hook, Verb, invoke_with};
use super::engines::block_on;
use super::scripted::{check_invocation, resume};
use super::tally::Tally;
use super::world::World;
use super::wrapper::{Fault, Kind};
use crate::support::{Durability, Engine, Lab, Server, until};

/// Lets `hook` happen before every `every`th request of a run, and resumes it.
fn matrix(name: &str, lab: &Lab, every: usize, hook: &Hook) {
    let plan = book::plan(lab.engine);
    let world = World::on(lab);
    let mut tally = Tally::new(name, 1, 1);
    for (tried, at) in (1..).step_by(every).enumerate() {
        let label = format!("{name}, request {at}");
        let fault = Fault { kind: Kind::Server, at, lasts: false };
        let met = block_on(async {
            world.clear().await;
            let invoked = invoke_with(&world, &plan, Verb::Run, Some(fault), Arc::clone(hook)).await;
            if !invoked.met {
                return false;
            }
            assert!(matches!(invoked.ended, Ended::Broke(_)), "{label}: {:?}", invoked.ended);
            check_invocation(&world, &invoked, &label).await;
            resume(&world, &plan, Verb::Run, &label).await;
            tally.case(&label, world.effects().await);
            true
        });
        if !met {
            break;
        }
        tally.points(tried + 1);
    }
}

/// The servers whose sessions end while a run goes on, and after how many requests each time.
const SERVERS: [(Engine, usize); 3] = [(Engine::Postgres, 2), (Engine::Mariadb, 4), (Engine::Mysql, 8)];

#[test]
fn its_backends_are_terminated() {
    for (engine, every) in SERVERS {
        let lab = Arc::new(Lab::new(engine));
        let admin = Arc::clone(&lab);
        let terminate = move || {
            if engine == Engine::Postgres {
                admin.sql(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
                     WHERE datname = current_database() AND starts_with(application_name, 'rollbook')",
                );
                return;
            }
            let others = "SELECT id FROM information_schema.processlist \
                          WHERE db = DATABASE() AND id <> CONNECTION_ID()";
            for id in admin.sql(others).lines() {
                let _ = admin.shell(&format!("KILL {id}")).output();
            }
            until("the end of the sessions", || admin.sql(others).is_empty());
        };
        let name = format!("backend terminated, {engine:?}");
        matrix(&name, &lab, every, &(Arc::new(terminate) as Hook));
    }
}

#[test]
fn it_is_killed_and_restarted() {
    for (engine, every) in [(Engine::Postgres, 8), (Engine::Mariadb, 12)] {
        let server = Server::start(engine, Durability::Full);
        let lab = Lab::on_server(engine, Arc::clone(&server));
        let restart = move || {
            server.kill_9();
            server.start_again();
        };
        matrix(&format!("server killed, {engine:?}"), &lab, every, &(Arc::new(restart) as Hook));
    }
}
