//! Every way in which a command can end that is not its result: message, hint, exit code.

use std::path::PathBuf;
use std::time::Duration;

use crate::backend::{AddressError, DbError};
use crate::code::PatternError;
use crate::dialect::Dialect;
use crate::engine::EngineError;
use crate::measure::NoScratch;
use crate::report::Style;
use crate::rules::{LevelError, UnknownRule};
use crate::template::ParameterError;

/// Exit codes, design §5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    No = 1,
    Unusable = 2,
    AtGate = 3,
    InDoubt = 4,
    Held = 5,
    Bug = 70,
    Interrupted = 130,
}

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{} is not text in UTF-8", path.display())]
    NotUtf8 { path: PathBuf },
    #[error("there is no runbook in {}", path.display())]
    NoRunbooks { path: PathBuf },
    #[error("rollbook.toml: {reason}")]
    Settings { reason: String },
    #[error("{}: {source}", path.display())]
    RuleLevel { path: PathBuf, source: LevelError },
    #[error("{}: [code]: {source}", path.display())]
    CodePattern { path: PathBuf, source: PatternError },
    #[error("there is no file of code in {}", path.display())]
    NoCode { path: PathBuf },
    #[error("{source}")]
    UnknownRule { source: UnknownRule },
    #[error("there is no target `{name}` in rollbook.toml")]
    UnknownTarget { name: String, suggestion: Option<String> },
    #[error("target `{name}` takes its URL from {variable}, which is not set")]
    NoVariable { name: String, variable: String },
    #[error("{source}")]
    Address { source: AddressError },
    #[error("{} has errors", path.display())]
    Runbook { path: PathBuf },
    #[error("{}", list(errors))]
    Parameters { errors: Vec<ParameterError> },
    #[error("{}: {reason}", path.display())]
    ParameterFile { path: PathBuf, reason: String },
    #[error("the runbook is written for {written}, not for {target}")]
    OtherDialect { written: String, target: String },
    #[error("the runbook is written for several engines: {written}")]
    WhichDialect { written: String },
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("{error}; a statement that was sent is in doubt")]
    InDoubt { error: EngineError },
    #[error("two template folders have the same file: {} and {}", one.display(), other.display())]
    TwoTemplates { one: PathBuf, other: PathBuf },
    #[error("{message}")]
    Template { message: String, help: Option<String> },
    #[error("{message}")]
    Record { message: String },
    #[error("{} was changed while its fixes were shown", path.display())]
    ChangedMeanwhile { path: PathBuf },
    #[error("{name} is no replica of the target: it is of {dialect}, and the target of {target}")]
    NoReplica { name: String, dialect: Dialect, target: Dialect },
    #[error("no run {run} is recorded on {target}")]
    NoSuchRun { run: String, target: String, suggestion: Option<String> },
    #[error("run {run} is not running: it is {state}")]
    NotRunning { run: String, state: String, next: Option<String> },
    #[error("run {run} is not in batches: {doing}")]
    NotBatched { run: String, doing: String },
    #[error(transparent)]
    NoScratch(NoScratch),
    #[error("--trace takes one runbook: each needs the scratch database as it was before the one before it")]
    TraceOne,
    #[error("on {dialect} nothing is measured yet")]
    NoMeter { dialect: Dialect },
    #[error("{} exists already", path.display())]
    Exists { path: PathBuf },
    #[error("{}", incomplete(missing, wrong))]
    Incomplete { missing: Vec<Missing>, wrong: Vec<ParameterError>, template: Option<String> },
    #[error("interrupted at a question; nothing was changed")]
    Interrupted,
    #[error("the terminal cannot be asked: {reason}")]
    NoTerminal { reason: String },
}

/// What a command lacks, by the flag that gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    flag: String,
    what: String,
}

impl Missing {
    pub fn new(flag: &str, what: &str) -> Self {
        Self { flag: flag.to_owned(), what: what.to_owned() }
    }
}

fn incomplete(missing: &[Missing], wrong: &[ParameterError]) -> String {
    let width = missing.iter().map(|missing| missing.flag.chars().count()).max().unwrap_or(0);
    let mut text = "there is no terminal to ask at, and this is missing:".to_owned();
    for Missing { flag, what } in missing {
        text.push_str(&format!("\n  {flag:<width$}  {what}"));
    }
    for error in wrong {
        let near = match error {
            ParameterError::Unknown { suggestion: Some(name), .. } => format!("; did you mean `{name}`?"),
            _ => String::new(),
        };
        text.push_str(&format!("\nand {error}{near}"));
    }
    text
}

fn list(errors: &[ParameterError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n       ")
}

impl From<DbError> for CliError {
    fn from(error: DbError) -> Self {
        Self::Engine(EngineError::Db(error))
    }
}

impl CliError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Engine(error) => match error {
                EngineError::Held(_)
                | EngineError::Db(DbError::JournalConflict { .. } | DbError::LockLost { .. }) => Exit::Held,
                EngineError::Db(
                    DbError::Refused(_)
                    | DbError::JournalRefused(_)
                    | DbError::JournalUnreadable(_)
                    | DbError::Lost(_),
                ) => Exit::No,
                EngineError::Journal(_)
                | EngineError::History(_)
                | EngineError::Db(DbError::JournalMissing { .. } | DbError::JournalShortened { .. }) => {
                    Exit::InDoubt
                }
                EngineError::NeverRan | EngineError::HalfUndone { .. } => Exit::No,
                _ => Exit::Unusable,
            },
            Self::Record { .. } | Self::NotRunning { .. } | Self::NotBatched { .. } => Exit::No,
            Self::InDoubt { .. } => Exit::InDoubt,
            Self::Interrupted => Exit::Interrupted,
            _ => Exit::Unusable,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownTarget { suggestion: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::UnknownTarget { .. } => Some(
                "give a URL such as `sqlite:app.db`, or add `[targets.<name>]` with `url_env = \"VARIABLE\"`"
                    .to_owned(),
            ),
            Self::UnknownRule { source } | Self::RuleLevel { source: LevelError::Unknown(source), .. } => {
                Some(source.help())
            }
            Self::NoCode { .. } => Some(
                "check the path; what is read is set in rollbook.toml: `[code]`, `include = [\"app/**\"]`".to_owned(),
            ),
            Self::RuleLevel { .. } => Some("take the line out, and mend the runbooks".to_owned()),
            Self::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Some(
                "check the path; what a runbook has done is in its target's journal: `rollbook status --db …`"
                    .to_owned(),
            ),
            Self::NoVariable { variable, .. } => Some(format!("export {variable}=postgres://…")),
            Self::Parameters { errors } => errors.iter().find_map(|error| match error {
                ParameterError::Unknown { suggestion: Some(name), .. } => {
                    Some(format!("did you mean `{name}`?"))
                }
                ParameterError::Missing { name, kind } => {
                    Some(format!("give it: `--set {name}=…` (type {kind})"))
                }
                ParameterError::Refused { source, .. } => source.hint(),
                _ => None,
            }),
            Self::WhichDialect { .. } => {
                Some("say which: `--dialect postgres`, `--dialect sqlite` or `--dialect mysql`".to_owned())
            }
            Self::ChangedMeanwhile { .. } => {
                Some("it is as the other writer left it; type the same command again".to_owned())
            }
            Self::Exists { .. } => Some("choose another file with `-o`, or remove it first".to_owned()),
            Self::NoReplica { dialect: Dialect::Sqlite, .. } => Some("SQLite has no replicas".to_owned()),
            Self::NoReplica { .. } => Some("name a replica of the target itself".to_owned()),
            Self::NoSuchRun { suggestion: Some(run), .. } => Some(format!("did you mean `{run}`?")),
            Self::NoSuchRun { .. } => Some("`rollbook status --db …` lists the runs with their ids".to_owned()),
            Self::NotRunning { next: Some(next), .. } => Some(format!("`{next}` goes on with it")),
            Self::NotRunning { .. } => Some("nothing was changed".to_owned()),
            Self::NotBatched { .. } => Some(
                "only a cell with `--| batch:` can be controlled while it runs; Ctrl-C in its terminal stops the run at the \
                 next safe point"
                    .to_owned(),
            ),
            Self::NoScratch(reason) => Some(reason.help().to_owned()),
            Self::Template { help, .. } => help.clone(),
            Self::Incomplete { template: Some(name), .. } => {
                Some(format!("`rollbook templates show {name}` explains them with an example"))
            }
            Self::Incomplete { .. } => Some(
                "`rollbook templates` lists the changes, and `rollbook templates show <name>` says what one asks"
                    .to_owned(),
            ),
            Self::NoTerminal { .. } => {
                Some("give every value with `--set NAME=VALUE`; then nothing is asked".to_owned())
            }
            Self::TwoTemplates { .. } => Some("rename one of them, or leave one folder out".to_owned()),
            Self::InDoubt { .. } => Some(
                "type the same command again: it finds out what became of the statement, or asks you"
                    .to_owned(),
            ),
            Self::Engine(error) => engine_help(error),
            _ => None,
        }
    }

    /// Background that is not an instruction.
    pub fn note(&self) -> Option<String> {
        match self {
            Self::Engine(EngineError::Held(holder)) => {
                let cell = holder.cell.as_ref().map_or_else(String::new, |cell| format!(", on cell {cell}"));
                let silent = match holder.silent {
                    Some(silent) if silent >= SILENT => {
                        format!("; nothing was heard of it for {} s", silent.as_secs())
                    }
                    _ => String::new(),
                };
                Some(format!(
                    "held by {} since {} in run {}{cell} ({}){silent}",
                    holder.operator, holder.since, holder.run, holder.process
                ))
            }
            Self::Engine(EngineError::Changed { was, now, .. }) => Some(crate::report::shown(&diff(was, now))),
            Self::Engine(EngineError::Db(DbError::Lost(_))) => Some(
                "state: what the journal has is committed; a transaction that was open is rolled back by the server"
                    .to_owned(),
            ),
            Self::Engine(EngineError::Db(DbError::JournalConflict { .. } | DbError::LockLost { .. })) => {
                Some("state: what the journal has is committed; this run's last transaction is rolled back".to_owned())
            }
            Self::Engine(EngineError::Pooler) => Some(
                "a lock of a session means nothing where sessions are shared (PgBouncer's transaction or statement \
                 pooling): two runs could not be kept apart; nothing was changed"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Prints an error with what is behind it and what to do about it.
pub fn tell(error: &CliError, style: Style) {
    eprintln!("{}: {error}", style.bad("error"));
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if !error.to_string().contains(&cause.to_string()) {
            eprintln!("  because: {cause}");
        }
        source = cause.source();
    }
    if let Some(note) = error.note() {
        eprintln!("  = {note}");
    }
    if let Some(help) = error.help() {
        eprintln!("help: {help}");
    }
}

fn engine_help(error: &EngineError) -> Option<String> {
    Some(match error {
        EngineError::Db(DbError::NoSuchFile { .. }) => {
            "check the path, or make the file with `--create`".to_owned()
        }
        EngineError::Db(DbError::Unreachable { target, .. }) if target.starts_with("sqlite:") => {
            "check that the file is a SQLite database and may be read and written; nothing was changed".to_owned()
        }
        EngineError::Db(DbError::Unreachable { .. }) => {
            "check host, port, user and password; nothing was changed".to_owned()
        }
        EngineError::Db(DbError::Lost(_)) => {
            "type the same command again: it reads the journal and continues where this stopped".to_owned()
        }
        EngineError::Db(DbError::NoJournal(refusal)) if refusal.is_contention() => {
            "another process is writing to the file; nothing was changed, type the same command again"
                .to_owned()
        }
        EngineError::Db(DbError::NoJournal(_)) => "nothing was changed; let an owner of the database run \
             `CREATE SCHEMA rollbook AUTHORIZATION <this user>`, then type the same command again"
            .to_owned(),
        EngineError::Db(DbError::JournalRefused(refusal)) if refusal.is_out_of_space() => "make room on the disk, then \
             type the same command again; nothing is done that is not in the journal"
            .to_owned(),
        EngineError::Db(DbError::JournalUnreadable(_)) => "nothing was run: somebody changed the table, or this user may \
             not read it (on PostgreSQL: `GRANT USAGE ON SCHEMA rollbook`, `GRANT SELECT ON rollbook.journal`)"
            .to_owned(),
        EngineError::Db(DbError::JournalMissing { .. } | DbError::JournalShortened { .. }) => "nothing was run: restore the table from a backup; its entries \
             are in the records (`.jsonl`) too. To begin anew, knowing that nothing of what was done is known, drop \
             the lease table beside it"
            .to_owned(),
        EngineError::Db(DbError::JournalRefused(_)) => "the run stopped, because nothing is done that is not in the \
             journal; mend the cause (on PostgreSQL: `GRANT USAGE ON SCHEMA rollbook`, `GRANT SELECT, INSERT ON rollbook.journal`, \
             `GRANT SELECT, INSERT, UPDATE ON rollbook.lease`), then type the same command again"
            .to_owned(),
        EngineError::Held(holder) if holder.silent.is_some_and(|silent| silent >= SILENT) => format!(
            "nothing was changed; when it has been silent for its whole lease, the same command takes its lock over; \
             where this role may not do that, an administrator ends {}",
            holder.process
        ),
        EngineError::Held(_) => {
            "wait for it, or look with `rollbook status --db …`; nothing was changed".to_owned()
        }
        EngineError::Pooler => {
            "give `--db` the server's own address, or a port of the pooler that pools whole sessions".to_owned()
        }
        EngineError::Db(DbError::JournalConflict { .. } | DbError::LockLost { .. }) => {
            "look with `rollbook status --db …` who runs now; then type the same command again".to_owned()
        }
        EngineError::Changed { params, .. } if !params.is_empty() => {
            let value = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let said = params.iter().map(|param| {
                format!("parameter `{}` was {} and is {} now", param.name, value(&param.was), value(&param.now))
            });
            let said: Vec<String> = said.collect();
            format!("{}: give it the value that the cell ran with; another value belongs in a new step", said.join(", "))
        }
        EngineError::Changed { cell, .. } => format!(
            "put the text of `{cell}` back as it was when it ran; a further change is a new step, or a new runbook"
        ),
        EngineError::Missing { step } => {
            format!("put step `{step}` back: what is done must stay in the runbook")
        }
        EngineError::NoSuchPlace { suggestion: Some(name), .. } => format!("did you mean `{name}`?"),
        EngineError::HalfUndone { command, .. } => format!("finish the rollback first: `{command}`"),
        EngineError::SecretChanged { cell } => format!(
            "give the value that `{cell}` ran with; a new value belongs in a new step, or in a new runbook"
        ),
        EngineError::Renamed { was, .. } => format!(
            "put `id: {was}` back to go on with it; a copy that is to run from its beginning goes into a file of its own"
        ),
        EngineError::NeverRan => {
            "check `--db` and the runbook's `id`; `rollbook status --db …` says what ran here, and `rollbook verify \
             --all` needs no journal"
                .to_owned()
        }
        EngineError::Journal(_) | EngineError::History(_) => {
            "nothing was run: restore the journal table from a backup, or ask who edited it".to_owned()
        }
        _ => return None,
    })
}

/// Silence that is worth a word: some heartbeats are missing.
const SILENT: Duration = Duration::from_secs(10);

/// The two texts, line by line.
fn diff(was: &[String], now: &[String]) -> String {
    let lines = |mark: char, text: &[String]| {
        text.join(";\n").lines().map(|line| format!("\n  {mark} {line}")).collect::<String>()
    };
    format!("it ran as (-), and the file now says (+):{}{}", lines('-', was), lines('+', now))
}
