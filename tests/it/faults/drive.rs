//! Drives the engine in this process, as the command line does, with a fault in its session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use rollbook::engine::{
    self, Context, DoubtView, EngineError, Event, GateAnswer, GateView, Gatekeeper, Host, Interrupt,
    Invocation, Outcome, Sealed, Sink, Until, Verdict,
};
use rollbook::plan::Plan;

use super::world::World;
use super::wrapper::{Fault, Faulty, Fuse};

/// A world outside in which a second passes whenever somebody looks at the clock.
pub struct Counting {
    interrupt: Arc<Interrupt>,
}

impl Counting {
    pub fn new() -> Self {
        Self { interrupt: Arc::default() }
    }

    pub fn interrupt(&self) -> Arc<Interrupt> {
        Arc::clone(&self.interrupt)
    }
}

static TICKS: AtomicU64 = AtomicU64::new(0);

impl Host for Counting {
    fn now(&self) -> String {
        let ticks = TICKS.fetch_add(1, Ordering::Relaxed);
        let (hours, minutes, seconds) = (ticks / 3600 % 24, ticks / 60 % 60, ticks % 60);
        format!("2026-11-24T{hours:02}:{minutes:02}:{seconds:02}.000000Z")
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn run_id(&self) -> String {
        format!("r-{}x{}", std::process::id(), TICKS.fetch_add(1, Ordering::Relaxed))
    }

    fn operator(&self) -> String {
        "ann@lab".to_owned()
    }

    fn git_commit(&self) -> Option<String> {
        None
    }

    fn jitter(&self) -> f64 {
        0.0
    }

    fn lease(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn file_exists(&self, _: &str) -> Result<bool, String> {
        Ok(false)
    }

    fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }
}

/// Opens every gate, and answers about a statement in doubt what the database says.
pub struct Honest<'w> {
    pub world: &'w World,
}

#[async_trait]
impl Gatekeeper for Honest<'_> {
    async fn ask(&mut self, _: &GateView) -> GateAnswer {
        GateAnswer::Confirmed
    }

    async fn settle(&mut self, doubt: &DoubtView) -> Option<Verdict> {
        Some(self.world.truth(&doubt.cell, doubt.statement).await)
    }
}

/// Keeps what it is told, and on the fake compares each success with the journal when it is told.
pub struct Recording<'w> {
    world: &'w World,
    pub told: Vec<Event>,
}

impl<'w> Recording<'w> {
    pub fn new(world: &'w World) -> Self {
        Self { world, told: Vec::new() }
    }
}

impl Sink for Recording<'_> {
    fn event(&mut self, _: &str, run: &str, event: &Event) {
        if let Some(fake) = self.world.fake().filter(|_| is_success(event)) {
            let durable = fake.last_entries(12).into_iter().any(|entry| {
                let entry = Sealed::read(&entry.entry, &entry.hash).unwrap();
                entry.run == run && entry.event == *event
            });
            assert!(durable, "told before it was durable: {event:?}");
        }
        self.told.push(event.clone());
    }
}

/// Events that may be told only when their effect is committed.
pub fn is_success(event: &Event) -> bool {
    matches!(
        event,
        Event::StatementDone { .. }
            | Event::BatchesStarted { .. }
            | Event::BatchDone { .. }
            | Event::KeySkipped { .. }
            | Event::StepDone { .. }
            | Event::StepUndone { .. }
            | Event::StepLeft { .. }
            | Event::Resolved { .. }
            | Event::LeftoverRemoved { .. }
    )
}

/// What is asked of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Run,
    /// Down to this step, which stays, or all.
    Rollback(Option<&'static str>),
}

#[derive(Debug)]
pub enum Ended {
    Stopped(Outcome),
    Broke(EngineError),
    Killed,
}

/// An invocation, and what was seen of it.
pub struct Invoked {
    pub ended: Ended,
    /// Whether the fault came.
    pub met: bool,
    pub told: Vec<Event>,
}

pub fn invocation() -> Invocation {
    Invocation {
        file: "book.md".to_owned(),
        file_hash: "00".to_owned(),
        target_name: "lab".to_owned(),
        db: "--db lab".to_owned(),
        arguments: String::new(),
        limits: String::new(),
        replicas: String::new(),
    }
}

pub async fn work(context: &mut Context<'_>, plan: &Plan, verb: Verb) -> Result<engine::Report, EngineError> {
    match verb {
        Verb::Run => engine::run(context, plan, &Until::End).await,
        Verb::Rollback(to) => engine::rollback(context, plan, to).await,
    }
}

/// Something that a fault does to the server.
pub type Hook = Arc<dyn Fn() + Send + Sync>;

/// One invocation. Where the run lock of one that died is still about, it waits.
pub async fn invoke(world: &World, plan: &Plan, verb: Verb, fault: Option<Fault>) -> Invoked {
    invoke_with(world, plan, verb, fault, Arc::new(|| ())).await
}

pub async fn invoke_with(
    world: &World,
    plan: &Plan,
    verb: Verb,
    fault: Option<Fault>,
    hook: Hook,
) -> Invoked {
    let started = std::time::Instant::now();
    loop {
        let invoked = once(world, plan, verb, fault, Arc::clone(&hook)).await;
        let held = matches!(invoked.ended, Ended::Broke(EngineError::Held(_)));
        if !held || world.fake().is_some() || started.elapsed() > Duration::from_secs(10) {
            return invoked;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn once(world: &World, plan: &Plan, verb: Verb, fault: Option<Fault>, hook: Hook) -> Invoked {
    let host = Counting::new();
    let (mut gate, mut sink) = (Honest { world }, Recording::new(world));
    let fuse = Fuse::new(fault, host.interrupt(), world.fake().cloned()).with_hook(hook);
    let session = Box::new(Faulty::new(world.open().await, fuse.clone()));
    let mut context =
        Context::new(session, &host, &mut gate, &mut sink, Vec::new(), Vec::new(), invocation());
    let result = tokio::select! {
        biased;
        result = work(&mut context, plan, verb) => Some(result),
        () = fuse.killed() => None,
    };
    let ended = match result {
        // A dead process says no goodbye.
        None => Ended::Killed,
        Some(result) => {
            if let Err(error) = &result {
                context.broke_off(error);
            }
            context.leave().await;
            result.map_or_else(Ended::Broke, |report| Ended::Stopped(report.outcome))
        }
    };
    Invoked { ended, met: fuse.met(), told: sink.told }
}
