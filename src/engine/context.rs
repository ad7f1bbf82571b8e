use super::event::{Direction, Event, GateKind, How, Outcome, Problem, Progress, RunStarted, Stop};
use super::gate::{Consent, GateAnswer, GateView, Gatekeeper, consent_digest};
use super::history::{HistoryError, Status};
use super::host::Host;
use super::journal::{JournalError, Sealed};
use super::ledger::Ledger;
use super::silence::answered;
use crate::backend::{self, Address, Blocker, Claim, DbError, Holder, LockError, Observer, RunLock, Session};
use crate::plan::{Action, Plan};

/// Takes each event as it becomes true.
pub trait Sink: Send {
    fn event(&mut self, at: &str, run: &str, event: &Event);
    /// Of a cell in batches, some times a second; nothing is lost with it.
    fn progress(&mut self, _at: &str, _run: &str, _progress: &Progress) {}
    /// Makes what was told visible before something else is: a question, or a table.
    fn flush(&mut self) {}
}

/// What the command line said, for the journal and for the commands that messages suggest.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The runbook as it was named.
    pub file: String,
    /// SHA-256 of its bytes.
    pub file_hash: String,
    /// The target's name in `rollbook.toml`, or the database's own.
    pub target_name: String,
    /// `--db …`, ready to paste; never a password.
    pub db: String,
    /// What else every later command needs, likewise.
    pub arguments: String,
    /// `--lock-timeout …` and its like, which `verify` does not take.
    pub limits: String,
    /// `--replica …`, which only `run` takes.
    pub replicas: String,
}

impl Invocation {
    /// What else a later command of the verb needs.
    pub(super) fn flags(&self, verb: &str) -> String {
        let limits = if verb == "verify" { "" } else { self.limits.as_str() };
        let replicas = if verb == "run" { self.replicas.as_str() } else { "" };
        let parts = [self.arguments.as_str(), limits, replicas].into_iter();
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// A command that can be pasted.
    pub fn command(&self, verb: &str, more: &str) -> String {
        let file = shell_word(&self.file);
        let words = ["rollbook", verb, &file, &self.db, &self.flags(verb), more];
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// A word that a POSIX shell reads as one.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=+,%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A parameter with another value than the run began with.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedParam {
    pub name: String,
    pub was: serde_json::Value,
    pub now: serde_json::Value,
}

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("another run holds the target")]
    Held(Box<Holder>),
    #[error("the connection goes through a pooler that shares sessions between its clients")]
    Pooler,
    #[error("cell `{cell}` is done or partly done, and its text has changed since")]
    Changed { cell: String, was: Vec<String>, now: Vec<String>, params: Vec<ChangedParam> },
    #[error("cell `{cell}` is done or partly done, and a secret value in it has changed since")]
    SecretChanged { cell: String },
    #[error("step `{step}` is done, and the runbook no longer has it")]
    Missing { step: String },
    #[error("there is no step or phase `{name}` in the runbook")]
    NoSuchPlace { name: String, suggestion: Option<String> },
    #[error("step `{step}` is partly undone")]
    HalfUndone { step: String, command: String },
    #[error("`{was}` ran here from the same file, with the same cells; the file now calls itself `{now}`")]
    Renamed { was: String, now: String },
    #[error("no runbook of this id has run on the target")]
    NeverRan,
}

/// What an invocation came to.
#[derive(Clone, Debug)]
pub struct Report {
    pub outcome: Outcome,
    /// The run's entries from its first one, for the record. Empty where nothing was to do.
    pub entries: Vec<Sealed>,
}

/// An invocation on a target: the session, the journal's head, and everybody who is told.
pub struct Context<'a> {
    pub session: Box<dyn Session>,
    pub(super) observer: Box<dyn Observer>,
    pub host: &'a dyn Host,
    pub gatekeeper: &'a mut dyn Gatekeeper,
    /// Given with the command and not used yet, as the next.
    consents: Vec<Consent>,
    pub(super) resolutions: Vec<(String, super::Verdict)>,
    pub invocation: Invocation,
    /// Replicas of the target that are asked themselves how far they are, by name.
    pub replicas: Vec<(String, Address)>,
    pub(super) lock: Option<Box<dyn RunLock>>,
    /// What goes on with this invocation: its verb, and a flag of it.
    again: (&'static str, String),
    pub(super) ledger: Ledger<'a>,
    /// Whom the last statement was seen to wait for.
    pub(super) blockers: Vec<Blocker>,
    /// Whom the operator was told of last, with the statement that waits.
    pub(super) told: Vec<String>,
}

impl<'a> Context<'a> {
    pub fn new(
        mut session: Box<dyn Session>,
        host: &'a dyn Host,
        gatekeeper: &'a mut dyn Gatekeeper,
        sink: &'a mut dyn Sink,
        consents: Vec<Consent>,
        resolutions: Vec<(String, super::Verdict)>,
        invocation: Invocation,
    ) -> Self {
        session.heed(host.interrupt().flag());
        Self {
            observer: session.observer(),
            session,
            host,
            gatekeeper,
            consents,
            resolutions,
            invocation,
            replicas: Vec::new(),
            lock: None,
            again: ("run", String::new()),
            ledger: Ledger::new(host, sink),
            blockers: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Makes what was told so far visible.
    pub fn flush(&mut self) {
        self.ledger.flush();
    }

    /// What was said on the command line and was not needed, a sentence each.
    pub fn unused(&self) -> Vec<String> {
        let consents = self.consents.iter().map(|Consent { cell, digest }| {
            format!("--confirm {cell}@{digest} was not used: no gate asked for exactly that on this target")
        });
        let resolutions = self.resolutions.iter().map(|(cell, _)| {
            format!("--resolve {cell}=… was not used: no statement of `{cell}` is in doubt")
        });
        consents.chain(resolutions).collect()
    }

    /// The command that goes on with this invocation, with one more flag.
    pub(super) fn again(&self, flag: &str) -> String {
        let (verb, own) = &self.again;
        let flags: Vec<&str> = [own, flag].into_iter().filter(|flag| !flag.is_empty()).collect();
        self.invocation.command(verb, &flags.join(" "))
    }

    pub(super) fn continues_with(&mut self, verb: &'static str, flag: String) {
        self.again = (verb, flag);
    }

    pub fn run_id(&self) -> &str {
        self.ledger.run()
    }

    /// Why there is nothing of the runbook in the journal: its first run may not have written yet.
    pub(super) async fn never_ran(&mut self) -> Result<EngineError, EngineError> {
        let holder = self.session.holder().await?;
        Ok(holder.map_or(EngineError::NeverRan, |holder| EngineError::Held(Box::new(holder))))
    }

    /// Reads the journal and folds it.
    pub(super) async fn load(&mut self, runbook: &str) -> Result<(), EngineError> {
        let rows = self.session.read_journal(Some(runbook)).await?;
        self.ledger.load(runbook, &rows)
    }

    /// Takes the run lock, reads the journal again under it, and starts or continues the run. `Some` stops.
    pub(super) async fn enter(
        &mut self,
        plan: &Plan,
        direction: Direction,
    ) -> Result<Option<Stop>, EngineError> {
        let run = self.ledger.open_run(direction).unwrap_or_else(|| self.host.run_id());
        let claim = Claim {
            operator: self.host.operator(),
            runbook: plan.runbook.clone(),
            run: run.clone(),
            since: self.host.now(),
            lease: self.host.lease(),
        };
        let claimed = match self.session.claim(&claim).await {
            Ok(claimed) => claimed,
            Err(LockError::Held(holder)) => return Err(EngineError::Held(holder)),
            Err(LockError::Pooler) => return Err(EngineError::Pooler),
            Err(LockError::Db(error)) => return Err(error.into()),
        };
        self.lock = Some(claimed.lock);
        // Another run may have moved the state between the first reading and the lock.
        self.load(&plan.runbook).await?;
        let open_run = self.ledger.open_run(direction);
        self.ledger.enter(open_run.clone().unwrap_or(run), claimed.pos);
        let event = match open_run {
            Some(_) => Event::RunContinued {
                plan: plan.digest.clone(),
                operator: self.host.operator(),
                engine: engine_version(),
                file: self.invocation.file.clone(),
                arguments: self.invocation.flags(direction.verb()),
            },
            None => self.started(plan, direction),
        };
        self.note(event);
        // A run that starts takes the target over from the run before it; the journal tells which that was.
        if let Some(holder) = claimed.taken_over {
            self.note(Event::LockTakenOver {
                operator: holder.operator,
                run: holder.run,
                since: holder.since,
                silent_seconds: holder.silent.unwrap_or_default().as_secs(),
            });
        }
        self.adopt_target().await
    }

    /// A journal that came here with a copy of its database goes on only if a human says so.
    async fn adopt_target(&mut self) -> Result<Option<Stop>, EngineError> {
        let target = self.session.info().clone();
        let began = self.ledger.history.runs.last().map(|run| run.target.clone());
        let Some(began) = began.filter(|began| *began != target.identity) else { return Ok(None) };
        let request = GateRequest {
            kind: GateKind::Target,
            step: None,
            cell: "target".to_owned(),
            what: began.clone(),
            sql: Vec::new(),
            reasons: vec![format!("the run began on {began}; this is {}", target.identity)],
            why: None,
            rollback: Vec::new(),
            state: "the journal came here from another database, of which this one is a copy; nothing was changed"
                .to_owned(),
        };
        if let Some(stop) = self.pass_gate(request).await? {
            return Ok(Some(stop));
        }
        self.note(Event::TargetAdopted { target });
        Ok(None)
    }

    /// Starts a run whose events go to its record alone.
    pub(super) fn enter_unjournaled(&mut self, plan: &Plan) {
        self.ledger.enter_unjournaled(self.host.run_id());
        let event = self.started(plan, Direction::Verify);
        self.note(event);
    }

    fn started(&self, plan: &Plan, direction: Direction) -> Event {
        Event::RunStarted(Box::new(RunStarted {
            direction,
            runbook: plan.runbook.clone(),
            title: plan.title.clone(),
            file: self.invocation.file.clone(),
            file_hash: self.invocation.file_hash.clone(),
            git_commit: self.host.git_commit(),
            plan: plan.digest.clone(),
            target_name: self.invocation.target_name.clone(),
            target: self.session.info().clone(),
            operator: self.host.operator(),
            engine: engine_version(),
            arguments: self.invocation.flags(direction.verb()),
            params: plan.params.clone(),
            steps: plan.steps.iter().map(|step| (step.id.clone(), step.phase.clone())).collect(),
        }))
    }

    pub(super) fn at(&mut self, cell: &str) {
        if let Some(lock) = &mut self.lock {
            lock.at(cell);
        }
    }

    pub(super) fn note(&mut self, event: Event) {
        self.ledger.note(event);
    }

    pub(super) fn stage(&mut self, event: Event) {
        self.ledger.stage(event);
    }

    pub(super) fn discard(&mut self) {
        self.ledger.discard();
    }

    /// Commits the open transaction with everything that is waiting.
    pub(super) async fn commit(&mut self) -> Result<(), DbError> {
        self.still_ours()?;
        let (entries, rows) = self.ledger.waiting();
        answered(&self.lock, &mut self.observer, self.session.commit(&rows)).await?;
        self.wrote(entries);
        Ok(())
    }

    /// Writes everything that is waiting in a transaction of its own.
    pub(super) async fn write(&mut self) -> Result<(), DbError> {
        let (entries, rows) = self.ledger.waiting();
        if !rows.is_empty() {
            self.still_ours()?;
            answered(&self.lock, &mut self.observer, self.session.append(&rows)).await?;
            self.wrote(entries);
        }
        Ok(())
    }

    /// Refuses to write once the run lock is gone: somebody else may be writing.
    pub(super) fn still_ours(&self) -> Result<(), DbError> {
        match self.lock.as_ref().and_then(|lock| lock.lost()) {
            Some(reason) => Err(DbError::LockLost { reason: reason.to_owned() }),
            None => Ok(()),
        }
    }

    fn wrote(&mut self, entries: Vec<Sealed>) {
        self.ledger.written(entries);
        if let Some(lock) = &mut self.lock {
            lock.wrote(self.ledger.pos());
        }
    }

    /// Keeps everything that is waiting for the record, without a journal.
    pub(super) fn keep(&mut self) {
        let (entries, _) = self.ledger.waiting();
        self.ledger.written(entries);
    }

    /// Ends the invocation with its one terminal event.
    pub(super) async fn stop(&mut self, stop: Stop) -> Result<Report, EngineError> {
        let outcome = stop.outcome;
        self.stage(Event::Stopped(stop));
        self.write().await?;
        Ok(self.report(outcome))
    }

    pub(super) fn report(&mut self, outcome: Outcome) -> Report {
        Report { outcome, entries: self.ledger.take_entries() }
    }

    /// Gives the lock back and closes the connection.
    pub async fn leave(self) {
        if let Some(lock) = self.lock {
            lock.release().await;
        }
        self.session.close().await;
    }

    /// The run's entries so far, for a record of an invocation that broke off.
    pub fn entries(&mut self) -> Vec<Sealed> {
        self.ledger.take_entries()
    }

    /// True while a statement is out whose outcome is not in the journal.
    pub fn in_doubt(&self) -> bool {
        let steps = &self.ledger.history.steps;
        !self.run_id().is_empty() && steps.values().any(|step| step.status == Status::InDoubt)
    }

    /// A report that nothing was asked for.
    pub fn nothing_done(&self) -> Report {
        Report { outcome: Outcome::Completed, entries: Vec::new() }
    }

    /// Ends an invocation that has nothing to do: its one event is told and kept nowhere.
    pub(super) fn nothing_to_do(&mut self, state: String) -> Report {
        let run = self.ledger.history.runs.last().map_or_else(String::new, |run| run.run.clone());
        let stop = Stop { outcome: Outcome::Completed, at: None, state, help: None, next: None };
        self.ledger.tell(&run, &Event::Stopped(stop));
        self.nothing_done()
    }

    /// Ends the stream of an invocation that an error broke off. The journal cannot be told.
    pub fn broke_off(&mut self, error: &EngineError) {
        if self.run_id().is_empty() {
            let state = format!("{error}; nothing was run");
            let stop = Stop { outcome: Outcome::Failed, at: None, state, help: None, next: None };
            self.ledger.tell("", &Event::Stopped(stop));
            return;
        }
        let stop = Stop {
            outcome: if self.in_doubt() { Outcome::InDoubt } else { Outcome::Failed },
            at: None,
            state: "what the journal has is committed; a transaction that was open is rolled back".to_owned(),
            help: Some(
                "type the same command again: it reads the journal and continues where this stopped"
                    .to_owned(),
            ),
            next: Some(self.again("")),
        };
        let run = self.run_id().to_owned();
        self.ledger.tell(&run, &Event::Stopped(stop));
    }

    /// Asks for consent. None means that it was given; otherwise the invocation must stop.
    pub(super) async fn pass_gate(&mut self, request: GateRequest) -> Result<Option<Stop>, EngineError> {
        let identity = self.session.info().identity.clone();
        let digest = consent_digest(request.kind, &request.what, &identity);
        let short = digest.short().to_owned();
        let confirm = format!("--confirm {}@{short}", shell_word(&request.cell));
        let view = GateView {
            kind: request.kind,
            cell: request.cell.clone(),
            digest: digest.clone(),
            target: format!("{} ({})", self.invocation.target_name, self.session.info().place),
            sql: request.sql,
            reasons: request.reasons,
            why: request.why,
            rollback: request.rollback,
            stale: false,
            command: self.again(&confirm),
        };
        let covering = self.consents.iter().position(|consent| consent.covers(&view));
        let stale = covering.is_none() && self.consents.iter().any(|consent| consent.cell == view.cell);
        let view = GateView { stale, ..view };
        let how = if let Some(index) = covering {
            self.consents.remove(index);
            Some(How::Flag)
        } else {
            self.ledger.flush();
            match self.gatekeeper.ask(&view).await {
                GateAnswer::Confirmed => Some(How::Typed),
                GateAnswer::Declined | GateAnswer::NoTerminal => None,
            }
        };
        let reached = Event::GateReached {
            gate: view.kind,
            step: request.step.clone(),
            cell: view.cell.clone(),
            digest: digest.clone(),
            reasons: view.reasons.clone(),
        };
        self.note(reached);
        match how {
            Some(how) => {
                let operator = self.host.operator();
                self.note(Event::GateOpened { cell: view.cell, digest, operator, how });
                Ok(None)
            }
            None => Ok(Some(Stop {
                outcome: Outcome::AtGate,
                at: Some(view.cell),
                state: request.state,
                help: None,
                next: Some(view.command),
            })),
        }
    }

    /// A failure as an event's problem, with the secrets taken out.
    pub(super) fn problem(&self, plan: &Plan, error: &DbError) -> Problem {
        let mut problem = Problem::of(error, &|text| plan.redact(text));
        if error.refusal().is_some_and(backend::Refusal::is_contention) {
            problem.blockers.clone_from(&self.blockers);
        }
        if error.refusal().is_some_and(backend::Refusal::is_out_of_space) {
            problem.help = format!("make room on the disk, then `{}` continues at this cell", self.again(""));
        }
        problem
    }
}

/// What a gate needs to be shown.
pub(super) struct GateRequest {
    pub kind: GateKind,
    pub step: Option<String>,
    pub cell: String,
    /// What the consent is bound to.
    pub what: String,
    pub sql: Vec<String>,
    pub reasons: Vec<String>,
    pub why: Option<String>,
    pub rollback: Vec<String>,
    pub state: String,
}

impl GateRequest {
    /// For a destructive cell.
    pub fn of_action(step: &str, action: &Action) -> Self {
        Self {
            kind: GateKind::Destructive,
            step: Some(step.to_owned()),
            cell: action.cell.clone(),
            what: action.digest.to_string(),
            sql: action.statements.iter().map(|statement| statement.shown.clone()).collect(),
            reasons: action.gate.as_ref().map(|gate| gate.losses()).unwrap_or_default(),
            why: action.why.clone(),
            rollback: Vec::new(),
            state: "nothing of this cell has run".to_owned(),
        }
    }
}

/// The engine's own name in the journal.
fn engine_version() -> String {
    concat!("rollbook ", env!("CARGO_PKG_VERSION")).to_owned()
}
