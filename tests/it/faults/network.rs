//! The connection breaks at byte N: cut, reset, half closed or stalled, in either direction.
//!
//! The program runs through a proxy that has measured a whole conversation before.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::book;
use super::engines::block_on;
use super::resumed::Operator;
use super::tally::Tally;
use super::world::World;
use crate::support::{Direction, Engine, Fault, Harm, Lab, Outcome, Proxy, Reach, Server};

/// In the order in which the program opens them.
const SESSION: usize = 0;
const LOCK: usize = 1;

/// A lease that is over soon: it bounds how long a run waits for a network that is gone.
const LEASE_MILLIS: u64 = 900;

/// Nothing here waits so long unless it waits for ever.
const PATIENCE: Duration = Duration::from_secs(20);

struct Place {
    lab: Lab,
    world: World,
    port: u16,
    operator: Operator,
}

impl Place {
    fn new() -> Self {
        let lab = Lab::new(Engine::Postgres);
        lab.write("book.md", &book::text(Engine::Postgres));
        let world = World::on(&lab);
        let port = Server::shared(Engine::Postgres).port();
        let mut place = Self { lab, world, port, operator: Operator::default() };
        // Once undisturbed, for the consents.
        place.operator.finish(&place.lab, &place.world, &["run"], "undisturbed");
        place
    }

    /// The whole run through the proxy, however it ends. Panics if it does not.
    fn run(&self, proxy: &Proxy, lease_millis: u64, label: &str) -> Outcome {
        block_on(self.world.clear());
        let url = self.lab.url_at(proxy.port());
        let mut arguments = vec!["run", "book.md", "--db", &url, "--format", "json"];
        arguments.extend(self.operator.consents().flat_map(|consent| ["--confirm", consent]));
        let mut command = self.lab.command(&arguments);
        command.env("ROLLBOOK_LEASE_MILLIS", lease_millis.to_string());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > PATIENCE {
                child.kill().unwrap();
                panic!("{label}: the run hangs: {:?}", child.wait_with_output().unwrap());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = child.wait_with_output().unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Breaks one conversation, and brings the run to its end past the proxy.
    fn case(&mut self, tally: &mut Tally, fault: Fault) {
        let label = format!("{fault:?}");
        let proxy = Proxy::before(self.port);
        proxy.fail(fault);
        let end = self.run(&proxy, LEASE_MILLIS, &label);
        // It may have ended before the fault, and otherwise says what to do.
        assert!([0, 1, 2, 4, 5].contains(&end.code), "{label}: {end:?}");
        assert!(end.code == 0 || end.err.contains("help: "), "{label}: {end:?}");
        drop(proxy);
        self.operator.finish(&self.lab, &self.world, &["run"], &label);
        tally.case(&label, block_on(self.world.effects()));
    }
}

/// So many places, spread over a conversation of `length` bytes.
fn spread(length: u64, places: u64) -> impl Iterator<Item = u64> {
    (0..places).map(move |nth| nth * length / places + nth % 5)
}

const BOTH: [Direction; 2] = [Direction::ToServer, Direction::ToClient];

/// Bytes of an undisturbed run, for each connection.
fn measure(place: &Place) -> Vec<[u64; 2]> {
    let proxy = Proxy::before(place.port);
    // No machine is so busy that a heartbeat takes so long.
    place.run(&proxy, 60_000, "measured").expect(0);
    proxy.connections()
}

#[test]
fn a_conversation_breaks_at_any_byte() {
    let mut place = Place::new();
    let lengths = measure(&place);
    let harms = [Harm::Cut, Harm::Reset, Harm::HalfClose];
    let mut tally = Tally::new("connection broken, Postgres", harms.len() * BOTH.len(), 1);
    for harm in harms {
        for direction in BOTH {
            for (connection, places) in [(SESSION, 14), (LOCK, 3)] {
                for after in spread(lengths[connection][direction as usize], places) {
                    let reach = Reach::Only(connection);
                    place.case(&mut tally, Fault { reach, direction, after, harm });
                }
            }
        }
    }
    tally.points(14 + 3);
}

#[test]
fn a_network_that_is_silent_does_not_hold_a_run_for_ever() {
    let mut place = Place::new();
    let lengths = measure(&place);
    let mut tally = Tally::new("network stalled, Postgres", BOTH.len(), 1);
    for direction in BOTH {
        let length: u64 = lengths.iter().map(|connection| connection[direction as usize]).sum();
        // The first place is before the run lock, where a fixed patience ends the waiting.
        for after in spread(length, 6) {
            place.case(&mut tally, Fault { reach: Reach::All, direction, after, harm: Harm::Stall });
        }
    }
    tally.points(6);
}

/// The lock's own connection goes on, so that only the server's idleness tells.
#[test]
fn an_answer_that_does_not_arrive_is_not_waited_for() {
    let mut place = Place::new();
    let lengths = measure(&place);
    let mut tally = Tally::new("session stalled, Postgres", BOTH.len(), 1);
    for direction in BOTH {
        let length = lengths[SESSION][direction as usize];
        for after in spread(length, 3).map(|after| after + length / 6) {
            let reach = Reach::Only(SESSION);
            place.case(&mut tally, Fault { reach, direction, after, harm: Harm::Stall });
        }
    }
    tally.points(3);
}
