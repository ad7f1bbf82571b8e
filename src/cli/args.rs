use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::backend::Change;
use crate::dialect::Dialect;
use crate::document::parse_duration;
use crate::engine::{Consent, Verdict};
use crate::plan::Overrides;

/// Notebook-style runbooks for database migrations: reviewed Markdown, run cell by cell with
/// checkpoints.
///
/// Exit codes: 0 did it · 1 the answer is no · 2 unusable input · 3 stopped at a gate · 4 in doubt ·
/// 5 another run holds the target · 130 interrupted · 70 a bug in Rollbook.
#[derive(Debug, Parser)]
#[command(name = "rollbook", version, about, long_about)]
pub struct Arguments {
    /// Colour the output
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub color: When,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a runbook from a template
    New(New),
    /// List the templates by what you want to do, or show one
    Templates(Templates),
    /// Check runbooks without a database
    Check(Check),
    /// Show what would run, in order
    Plan(Plan),
    /// Run a runbook cell by cell, or continue where it stopped
    Run(Run),
    /// Pause, resume or resize the batches of a run from anywhere, or see how they are doing
    Control(Control),
    /// Show which runs exist on a target, where each stopped, why, and what continues it
    Status(Status),
    /// Replay the verify cells of what is done, read-only
    Verify(Verify),
    /// Undo done steps in reverse order
    Rollback(Rollback),
    /// List, show, check and export the records of runs
    Record(Record),
    /// List the rules of `check`, or explain one
    Rules(Rules),
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

/// Where the runbook runs.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// A URL (sqlite:app.db, postgres://user@host/name, mysql://user@host/name) or the name of a target in rollbook.toml
    #[arg(long = "db", value_name = "URL|NAME")]
    pub db: String,
}

/// Values of the runbook's parameters.
#[derive(Clone, Debug, Default, Args)]
pub struct Params {
    /// Give a parameter its value
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// Read parameter values from a TOML or JSON file
    #[arg(long = "params", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// At a terminal, what is missing is asked for: the change, the target, the table and its columns with what the
/// live schema has, then a preview and the file. Without a terminal all that is missing is named at once.
#[derive(Debug, Args)]
pub struct New {
    /// The template's name; see `rollbook templates`
    pub template: Option<String>,
    /// Where to write the runbook; without it, it is printed, or asked for where something else was
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Look types and keys up in this database
    #[arg(long = "db", value_name = "URL|NAME")]
    pub db: Option<String>,
    /// Write for this engine; with --db, the target's own
    #[arg(long, value_parser = dialect)]
    pub dialect: Option<Dialect>,
    #[command(flatten)]
    pub params: Params,
}

fn dialect(text: &str) -> Result<Dialect, String> {
    Dialect::from_name(text).ok_or_else(|| format!("one of: {}", Dialect::ALL.map(Dialect::name).join(", ")))
}

/// Every change is written beside the target's journal, taken in by the run between two batches, and
/// recorded with who asked for it and when. A pause outlives the run's process: a run that is killed or
/// stopped while it is paused stands still again when it goes on, until somebody resumes it.
#[derive(Debug, Args)]
pub struct Control {
    /// The run's id; `rollbook status --db …` lists them
    pub run: String,
    /// What it is to do: pause, resume, size=500 (keys a batch takes), size=auto (what the runbook says), or status
    #[arg(value_name = "pause|resume|size=…|status", value_parser = order)]
    pub order: Order,
    #[command(flatten)]
    pub target: Target,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Change(Change),
    Status,
}

fn order(text: &str) -> Result<Order, String> {
    const KNOWN: &str = "write pause, resume, size=<keys>, size=auto or status";
    let size = |text: &str| match text {
        "auto" => Ok(Change::Size(None)),
        number => match number.parse::<u32>() {
            Ok(keys) if keys > 0 => Ok(Change::Size(Some(u64::from(keys)))),
            _ => Err("a batch takes a whole number of keys, from 1 up, or `auto`".to_owned()),
        },
    };
    match text {
        "pause" => Ok(Order::Change(Change::Pause)),
        "resume" => Ok(Order::Change(Change::Resume)),
        "status" => Ok(Order::Status),
        _ => text.strip_prefix("size=").ok_or_else(|| KNOWN.to_owned()).and_then(size).map(Order::Change),
    }
}

#[derive(Debug, Args)]
pub struct Templates {
    #[command(subcommand)]
    pub action: Option<TemplatesAction>,
}

#[derive(Debug, Subcommand)]
pub enum TemplatesAction {
    /// Say what a template is for, what it asks, and show an example
    Show { name: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FindingFormat {
    Full,
    Concise,
    Json,
    Github,
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub struct Check {
    /// Runbooks, or folders of them
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    #[arg(long, value_enum, default_value = "full")]
    pub format: FindingFormat,
    /// Look in this folder for code that still names what the runbooks drop or rename
    #[arg(long, value_name = "FOLDER")]
    pub code: Option<PathBuf>,
    /// Show what can be mended mechanically as a diff, ask, and write it
    #[arg(long)]
    pub fix: bool,
    /// Write what --fix shows without asking
    #[arg(long, requires = "fix")]
    pub write: bool,
    /// Run the statements of one runbook on a scratch database, and hold what they lock, rewrite and read to what is
    /// predicted
    #[arg(long, requires = "scratch")]
    pub trace: bool,
    /// The database that --trace changes for good: nobody else may use it, and `scratch` must be a word of its name
    #[arg(long, value_name = "URL|NAME", requires = "trace")]
    pub scratch: Option<String>,
    #[command(flatten)]
    pub params: Params,
}

#[derive(Debug, Args)]
pub struct Plan {
    pub runbook: PathBuf,
    /// Add the state of each step on this target, and what each statement meets there: sizes, times, who is in
    /// the way, what needs the things that it takes away
    #[arg(long = "db", value_name = "URL|NAME")]
    pub db: Option<String>,
    /// Plan for this engine, where the runbook is written for several
    #[arg(long, value_parser = dialect)]
    pub dialect: Option<Dialect>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub params: Params,
}

#[derive(Debug, Args)]
pub struct Run {
    pub runbook: PathBuf,
    #[command(flatten)]
    pub target: Target,
    /// Make the SQLite file if there is none
    #[arg(long)]
    pub create: bool,
    /// Run one step and stop
    #[arg(long, conflicts_with = "until")]
    pub step: bool,
    /// Stop after this step or phase
    #[arg(long, value_name = "STEP|PHASE")]
    pub until: Option<String>,
    /// Ask this replica of the target itself how far it is behind, for `max_lag`; may be given several times
    #[arg(long = "replica", value_name = "URL|NAME")]
    pub replicas: Vec<String>,
    #[command(flatten)]
    pub said: Said,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub params: Params,
    #[command(flatten)]
    pub output: Output,
}

/// Limits that take the place of the runbook's. Statements that wait without keeping anybody out
/// (CONCURRENTLY, VALIDATE) keep their own.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Limits {
    /// How long a statement waits for a lock before it is tried again (500ms, 2s)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub lock_timeout: Option<Duration>,
    /// How long a statement may run (30s, 5m)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub statement_timeout: Option<Duration>,
    /// Attempts after the first, where another session was in the way
    #[arg(long, value_name = "N")]
    pub retry: Option<u32>,
}

impl Limits {
    pub fn overrides(self) -> Overrides {
        let Self { lock_timeout, statement_timeout, retry } = self;
        Overrides { lock_timeout, statement_timeout, retry }
    }

    /// The flags again, for a command that continues this one.
    pub fn arguments(self) -> Vec<String> {
        let mut flags = Vec::new();
        for (flag, limit) in
            [("--lock-timeout", self.lock_timeout), ("--statement-timeout", self.statement_timeout)]
        {
            if let Some(limit) = limit {
                flags.push(format!("{flag} {}ms", limit.as_millis()));
            }
        }
        if let Some(retry) = self.retry {
            flags.push(format!("--retry {retry}"));
        }
        flags
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| "write a number and ms, s, m or h, as in 500ms".to_owned())
}

/// What a human says beforehand.
#[derive(Clone, Debug, Default, Args)]
pub struct Said {
    /// Consent to exactly this cell's SQL on exactly this target; the gate prints the digest
    #[arg(long, value_name = "CELL@DIGEST", value_parser = consent)]
    pub confirm: Vec<Consent>,
    /// Say what became of a statement in doubt
    #[arg(long, value_name = "CELL=done|not-done|partial", value_parser = resolution)]
    pub resolve: Vec<(String, Verdict)>,
}

/// What a run, a rollback or a replay prints and writes.
#[derive(Clone, Debug, Args)]
pub struct Output {
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Folder of the records
    #[arg(long, value_name = "DIR", default_value = "records")]
    pub records: PathBuf,
}

fn consent(text: &str) -> Result<Consent, String> {
    let (cell, digest) = text.rsplit_once('@').ok_or("write CELL@DIGEST, as the gate prints it")?;
    if digest.len() < 12 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("the digest is at least 12 hexadecimal digits, as the gate prints it".to_owned());
    }
    Ok(Consent { cell: cell.to_owned(), digest: digest.to_ascii_lowercase() })
}

fn resolution(text: &str) -> Result<(String, Verdict), String> {
    let (cell, verdict) = text.rsplit_once('=').ok_or("write CELL=done, CELL=not-done or CELL=partial")?;
    let verdict = match verdict {
        "done" => Verdict::Done,
        "not-done" => Verdict::NotDone,
        "partial" => Verdict::Partial,
        _ => return Err("the outcome is `done`, `not-done` or `partial`".to_owned()),
    };
    Ok((cell.to_owned(), verdict))
}

#[derive(Debug, Args)]
pub struct Status {
    /// Show the steps of this runbook too
    pub runbook: Option<PathBuf>,
    #[command(flatten)]
    pub target: Target,
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    #[command(flatten)]
    pub params: Params,
}

#[derive(Debug, Args)]
pub struct Verify {
    pub runbook: PathBuf,
    #[command(flatten)]
    pub target: Target,
    /// Replay every verify cell, also of what the journal does not know
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub params: Params,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Rollback {
    pub runbook: PathBuf,
    #[command(flatten)]
    pub target: Target,
    /// Undo what came after this step or phase, which itself stays; without it, everything
    #[arg(long, value_name = "STEP|PHASE")]
    pub to: Option<String>,
    /// Show what would be undone and stop
    #[arg(long)]
    pub plan: bool,
    #[command(flatten)]
    pub said: Said,
    #[command(flatten)]
    pub limits: Limits,
    #[command(flatten)]
    pub params: Params,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Rules {
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub format: Format,
    #[command(subcommand)]
    pub action: Option<RulesAction>,
}

#[derive(Debug, Subcommand)]
pub enum RulesAction {
    /// Show what a rule finds, what happens in production, and the cells to write instead
    Explain { rule: String },
}

#[derive(Debug, Args)]
pub struct Record {
    #[command(subcommand)]
    pub action: RecordAction,
}

#[derive(Debug, Subcommand)]
pub enum RecordAction {
    /// List the records of a folder
    List {
        #[arg(default_value = "records")]
        folder: PathBuf,
    },
    /// Print a record
    Show { record: PathBuf },
    /// Check a record's hash chain, make its Markdown again and compare
    Verify {
        #[arg(required = true)]
        records: Vec<PathBuf>,
    },
    /// Make the records of a target again, from its journal alone
    Export {
        #[command(flatten)]
        target: Target,
        /// Only of this runbook (its id)
        #[arg(long, value_name = "ID")]
        runbook: Option<String>,
        #[arg(short, long, value_name = "DIR", default_value = "records")]
        output: PathBuf,
    },
}
