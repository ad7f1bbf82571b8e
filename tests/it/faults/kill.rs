//! `kill -9` of the whole process after every request that it makes of a real engine.
//!
//! The process is this test binary once more, told by its environment to be the one that dies: it
//! drives the engine through the wrapper, and needs no hook in the product for it.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rollbook::engine::{Context, Event, Sink};

use super::book;
use super::drive::{Counting, Honest, Verb, invocation, is_success, work};
use super::engines::{ENGINES, block_on};
use super::resumed::Operator;
use super::scripted::resume;
use super::tally::Tally;
use super::world::World;
use super::wrapper::{Fault, Faulty, Fuse, Kind};
use crate::support::{Engine, Lab};

/// Tells the child what to do: the place of its death.
const PLACE: &str = "ROLLBOOK_TEST_DIES_AT";
const ENGINE: &str = "ROLLBOOK_TEST_ENGINE";
const URL: &str = "ROLLBOOK_TEST_URL";
const FOLDER: &str = "ROLLBOOK_TEST_FOLDER";
const VERB: &str = "ROLLBOOK_TEST_VERB";

/// Where the child writes down what it was told, in its folder.
const TOLD: &str = "told.jsonl";

/// Writes each success down when it is told: what was shown outlives the one who showed it.
struct Writing(std::fs::File);

impl Sink for Writing {
    fn event(&mut self, _: &str, _: &str, event: &Event) {
        if is_success(event) {
            writeln!(self.0, "{}", serde_json::to_string(event).unwrap()).unwrap();
        }
    }
}

/// Not a test by itself: the process that is killed.
#[test]
fn child() {
    let Ok(at) = std::env::var(PLACE) else { return };
    let said = |name: &str| std::env::var(name).unwrap();
    let engine = Engine::ALL.into_iter().find(|engine| format!("{engine:?}") == said(ENGINE)).unwrap();
    let verb = if said(VERB) == "run" { Verb::Run } else { Verb::Rollback(Some("make")) };
    let world = World::at(&said(URL), PathBuf::from(said(FOLDER)));
    let plan = book::plan(engine);
    let host = Counting::new();
    let fault = Fault { kind: Kind::KilledAfter, at: at.parse().unwrap(), lasts: false };
    let fuse = Fuse::new(Some(fault), host.interrupt(), None).for_real();
    let told = std::fs::File::create(Path::new(&said(FOLDER)).join(TOLD)).unwrap();
    block_on(async {
        let (mut gate, mut sink) = (Honest { world: &world }, Writing(told));
        let session = Box::new(Faulty::new(world.open().await, fuse));
        let mut context =
            Context::new(session, &host, &mut gate, &mut sink, Vec::new(), Vec::new(), invocation());
        work(&mut context, &plan, verb).await.unwrap();
        context.leave().await;
    });
}

/// Runs the child until it is killed, or until it completes without being killed.
fn dies(lab: &Lab, verb: &str, at: usize) -> bool {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "faults::kill::child", "--nocapture", "--test-threads=1"])
        .env(PLACE, at.to_string())
        .env(ENGINE, format!("{:?}", lab.engine))
        .env(URL, &lab.url)
        .env(FOLDER, &lab.folder)
        .env(VERB, verb)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let killed = output.status.signal() == Some(9);
    assert!(killed || output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    killed
}

/// Every success that the dead process was told is in the journal.
fn check_told(lab: &Lab, world: &World, label: &str) {
    let journal = block_on(world.journal());
    for line in lab.read(TOLD).lines() {
        let event: Event = serde_json::from_str(line).unwrap();
        assert!(journal.has(&event), "{label}: told, and not in the journal: {line}");
    }
}

/// Kills a run or a rollback after every `every`th request.
fn matrix(engine: Engine, verb: &'static str, every: usize) {
    let mut tally = Tally::new(&format!("kill -9 of a {verb}, {engine:?}"), 1, 1);
    let plan = book::plan(engine);
    let lab = Lab::new(engine);
    lab.write("book.md", &book::text(engine));
    let world = World::on(&lab);
    let mut operator = Operator::default();
    for (tried, at) in (1..).step_by(every).enumerate() {
        let label = format!("{engine:?}, {verb}, killed after request {at}");
        block_on(world.clear());
        if verb == "rollback" {
            block_on(resume(&world, &plan, Verb::Run, &label));
        }
        if !dies(&lab, verb, at) {
            break;
        }
        check_told(&lab, &world, &label);
        if verb == "run" {
            operator.finish(&lab, &world, &["run"], &label);
            tally.case(&label, block_on(world.effects()));
        } else {
            operator.finish(&lab, &world, &["rollback", "--to", "make"], &label);
            tally.case(&label, block_on(world.undone()));
        }
        tally.points(tried + 1);
        // It folds, and nothing is left open.
        assert!(block_on(world.journal()).history.runs.iter().all(|run| !run.is_open()), "{label}");
    }
}

#[test]
fn after_every_request_of_a_run() {
    ENGINES.into_iter().for_each(|engine| matrix(engine, "run", 1));
}

#[test]
fn after_every_other_request_of_a_rollback() {
    ENGINES.into_iter().for_each(|engine| matrix(engine, "rollback", 2));
}
