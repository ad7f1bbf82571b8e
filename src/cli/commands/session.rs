//! What `run`, `rollback` and `verify` share: a runtime, signals, a session, and the record.

use std::future::Future;
use std::path::Path;

use super::super::args::{Limits, Output, Params, Said};
use super::super::error::{CliError, Exit};
use super::super::host::RealHost;
use super::super::load::{self, Judged, Loaded};
use super::super::prompt;
use super::super::settings::{self, ResolvedTarget};
use super::super::sink::Printer;
use super::super::terminal::TerminalGate;
use crate::backend::{self, Mode};
use crate::engine::{Context, EngineError, Host as _, Invocation, Outcome, Report, RunHistory, Sealed};
use crate::plan::Plan;
use crate::record;
use crate::report::Style;

/// Runs a future on one thread; a prompt that still waits for input does not keep the process.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs nothing but memory and a file descriptor");
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}

/// A runbook, read and planned for a target.
pub struct Prepared {
    pub plan: Plan,
    pub target: ResolvedTarget,
    pub invocation: Invocation,
}

pub fn prepare(
    runbook: &Path,
    db: &str,
    params: &Params,
    limits: Limits,
    judged: Judged,
    style: Style,
) -> Result<Prepared, CliError> {
    let target = settings::resolve(db)?;
    let loaded = load::load(runbook, style)?;
    let values = load::values(&loaded.document.front.params, params)?;
    let mut plan = load::plan(runbook, &loaded, target.address.dialect(), &values, judged, style)?;
    plan.override_limits(limits.overrides());
    let invocation = invocation(runbook, &loaded, &target, params, limits, &values);
    Ok(Prepared { plan, target, invocation })
}

fn invocation(
    runbook: &Path,
    loaded: &Loaded,
    target: &ResolvedTarget,
    params: &Params,
    limits: Limits,
    values: &crate::template::Values,
) -> Invocation {
    let mut arguments = Vec::new();
    if let Some(file) = &params.file {
        arguments.push(format!("--params {}", word(&file.display().to_string())));
    }
    for (name, value) in &params.set {
        if !values.is_secret(name) {
            arguments.push(format!("--set {}", word(&format!("{name}={value}"))));
        } else if !prompt::can_ask() {
            // At a terminal it is asked for again.
            arguments.push(load::secret_argument(name));
        }
    }
    Invocation {
        file: runbook.display().to_string(),
        file_hash: loaded.file_hash.clone(),
        target_name: target.name.clone(),
        db: format!("--db {}", word(&target.argument)),
        arguments: arguments.join(" "),
        limits: limits.arguments().join(" "),
        replicas: String::new(),
    }
}

/// The command that goes on with a run of the journal.
pub fn resume(run: &RunHistory, target: &ResolvedTarget) -> String {
    let (verb, file, db) = (run.direction.verb(), word(&run.file), word(&target.argument));
    format!("rollbook {verb} {file} --db {db} {}", run.arguments).trim_end().to_owned()
}

fn word(text: &str) -> String {
    crate::engine::shell_word(text)
}

/// Opens the target, lets `work` use it, and writes the record of what happened, however it ended.
pub fn drive<F>(
    prepared: &Prepared,
    mode: Mode,
    said: &Said,
    output: &Output,
    style: Style,
    work: F,
) -> Result<Exit, CliError>
where
    F: AsyncFnOnce(&mut Context<'_>, &Plan) -> Result<Report, EngineError>,
{
    let host = RealHost::beside(Path::new(&prepared.invocation.file));
    let mut gate = TerminalGate { style, host: &host };
    let mut printer = Printer::new(output.format, style);
    let ended = while_listening(&host, async {
        let session = backend::open(&prepared.target.address, mode).await?;
        let mut context = Context::new(
            session,
            &host,
            &mut gate,
            &mut printer,
            said.confirm.clone(),
            said.resolve.clone(),
            prepared.invocation.clone(),
        );
        let result = work(&mut context, &prepared.plan).await;
        if let Err(error) = &result {
            context.broke_off(error);
        }
        let entries = context.entries();
        let in_doubt = context.in_doubt();
        context.flush();
        for sentence in context.unused() {
            eprintln!("note: {sentence}");
        }
        context.leave().await;
        Ok::<_, CliError>((result, entries, in_doubt))
    });
    drop(printer);
    let (result, unfinished, in_doubt) = ended?;
    let entries = result.as_ref().map_or(&unfinished, |report| &report.entries);
    if !entries.is_empty() {
        match write_record(&output.records, entries) {
            Ok(path) => eprintln!("record: {}", path.display()),
            // What was done is done, and in the journal: the record can be made again.
            Err(error) => eprintln!(
                "warning: {error}\nhelp: the record is not written; `rollbook record export {} -o <folder>` makes it from the journal",
                prepared.invocation.db
            ),
        }
    }
    match result {
        // The connection broke while a statement was out that no transaction holds.
        Err(error) if in_doubt => Err(CliError::InDoubt { error }),
        result => Ok(exit_of(result?.outcome)),
    }
}

pub fn exit_of(outcome: Outcome) -> Exit {
    match outcome {
        Outcome::Completed | Outcome::Paused => Exit::Done,
        Outcome::Failed => Exit::No,
        Outcome::AtGate => Exit::AtGate,
        Outcome::InDoubt => Exit::InDoubt,
        Outcome::Interrupted => Exit::Interrupted,
    }
}

fn acknowledge(host: &RealHost) {
    match (host.interrupt().requested(), host.interrupt().is_insisted()) {
        (false, _) if host.is_asking() => eprintln!(),
        (false, _) => eprintln!("stopping at the next safe point; once more cancels the statement in flight"),
        (true, false) => eprintln!("cancelling the statement in flight"),
        (true, true) => {}
    }
    host.interrupt().request();
}

/// Runs the work, and beside it listens to the operator: on a thread of its own, since a database that runs
/// in this process keeps the work's thread for as long as a statement takes.
fn while_listening<T>(host: &RealHost, work: impl Future<Output = T>) -> T {
    let (working, done) = tokio::sync::oneshot::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            block_on(async {
                tokio::select! {
                    _ = done => {}
                    never = listen(host) => match never {},
                }
            });
        });
        let ended = block_on(work);
        drop(working);
        ended
    })
}

/// Counts Ctrl-C and SIGTERM.
#[cfg(unix)]
async fn listen(host: &RealHost) -> std::convert::Infallible {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else {
        // Without handlers the signals end the process, and the journal is true all the same.
        return std::future::pending().await;
    };
    loop {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        acknowledge(host);
    }
}

#[cfg(not(unix))]
async fn listen(host: &RealHost) -> std::convert::Infallible {
    while tokio::signal::ctrl_c().await.is_ok() {
        acknowledge(host);
    }
    std::future::pending().await
}

/// Writes a run's record and the events beside it.
pub fn write_record(folder: &Path, entries: &[Sealed]) -> Result<std::path::PathBuf, CliError> {
    let Some(name) = record::paths(entries) else {
        return Err(CliError::Record { message: "the events do not begin with a run's start".to_owned() });
    };
    let path = folder.join(&name.markdown);
    let write = |path: &Path, text: String| {
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(path, text))
            .map_err(|source| CliError::Write { path: path.to_path_buf(), source })
    };
    write(&folder.join(&name.jsonl), record::jsonl(entries))?;
    write(&path, record::markdown(entries))?;
    Ok(path)
}
