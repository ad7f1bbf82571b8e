use std::collections::BTreeMap;
use std::time::Duration;

use super::super::args::{Control, Format, Order};
use super::super::error::{CliError, Exit};
use super::super::host::RealHost;
use super::super::settings::{self, ResolvedTarget};
use super::session::{block_on, resume};
use crate::backend::{self, Change, Holder, JournalRow, Lookout, Mode, Session, Wishes};
use crate::diagnostics::did_you_mean;
use crate::engine::{self, EngineError, History, Host as _, RunHistory, Sealed, Status};
use crate::report::{ControlView, StatusRow, control_json, control_text};

/// How long the run may take to see a change before the command says that it has not.
const PATIENCE: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(200);

pub fn run(command: &Control) -> Result<Exit, CliError> {
    let target = settings::resolve(&command.target.db)?;
    let view = block_on(async {
        let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
        let mut lookout = session.lookout();
        if let Order::Change(change) = command.order {
            let found = Found::of(&mut *session, &mut *lookout, &target, &command.run).await?;
            found.refuse(change)?;
            if found.would_change(change) {
                wish(&mut *lookout, &command.run, change, found.holder.is_some()).await?;
            }
        }
        let found = Found::of(&mut *session, &mut *lookout, &target, &command.run).await?;
        let view = found.view();
        session.close().await;
        Ok::<_, CliError>(view)
    })?;
    match command.format {
        Format::Json => println!("{}", control_json(&view)),
        Format::Text => print!("{}", control_text(&view)),
    }
    Ok(Exit::Done)
}

/// Writes the wish, and waits until the run has seen it: between two batches.
async fn wish(lookout: &mut dyn Lookout, run: &str, change: Change, running: bool) -> Result<(), CliError> {
    let host = RealHost::new();
    lookout.wish(run, change, &host.operator(), &host.now()).await?;
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while running && tokio::time::Instant::now() < deadline {
        let wishes = lookout.wishes(run).await?;
        if wishes.is_none_or(|wishes| wishes.seen >= wishes.number) {
            break;
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// A run, and everything that is known of it.
struct Found {
    runbook: String,
    run: RunHistory,
    history: History,
    entries: Vec<Sealed>,
    /// None while it is not running.
    holder: Option<Holder>,
    wishes: Option<Wishes>,
    resume: String,
}

impl Found {
    async fn of(
        session: &mut dyn Session,
        lookout: &mut dyn Lookout,
        target: &ResolvedTarget,
        id: &str,
    ) -> Result<Self, CliError> {
        let mut runbooks: BTreeMap<String, Vec<JournalRow>> = BTreeMap::new();
        let mut runs = Vec::new();
        for row in session.read_journal(None).await? {
            if runs.last() != Some(&row.run) {
                runs.push(row.run.clone());
            }
            runbooks.entry(row.runbook.clone()).or_default().push(row);
        }
        let its = runbooks.into_iter().find(|(_, rows)| rows.iter().any(|row| row.run == id));
        let Some((runbook, rows)) = its else {
            let suggestion = did_you_mean(id, runs.iter().map(String::as_str)).map(str::to_owned);
            return Err(CliError::NoSuchRun { run: id.to_owned(), target: target.name.clone(), suggestion });
        };
        let entries = engine::decode(&rows).map_err(EngineError::from)?;
        let history = History::fold(&entries).map_err(EngineError::from)?;
        let run = history.runs.iter().find(|run| run.run == id).cloned();
        let Some(run) = run else {
            return Err(CliError::NoSuchRun {
                run: id.to_owned(),
                target: target.name.clone(),
                suggestion: None,
            });
        };
        let holder = session.holder().await?.filter(|holder| holder.run == id);
        let wishes = lookout.wishes(id).await.unwrap_or_default();
        let resume = resume(&run, target);
        Ok(Self { runbook, run, history, entries, holder, wishes, resume })
    }

    /// The cell whose batches run now or stand still.
    fn batched(&self) -> Option<&str> {
        let cell = self.run.cell.as_deref()?;
        let at_it = self.history.steps.values().any(|step| {
            step.status != Status::Done && step.cells.get(cell).is_some_and(|cell| cell.batches.is_some())
        });
        at_it.then_some(cell)
    }

    fn row(&self) -> StatusRow {
        StatusRow::of(&self.runbook, &self.run, self.holder.as_ref(), || self.resume.clone())
    }

    fn is_paused(&self) -> bool {
        self.wishes.as_ref().is_some_and(|wishes| wishes.paused.is_some())
    }

    /// A run that stands still only because it was told to is not asked again.
    fn would_change(&self, change: Change) -> bool {
        match change {
            Change::Pause => !self.is_paused(),
            Change::Resume => self.is_paused(),
            Change::Size(_) => true,
        }
    }

    fn refuse(&self, change: Change) -> Result<(), CliError> {
        let run = self.run.run.clone();
        let Some(holder) = &self.holder else {
            // A wish is kept for whoever goes on with the run: a pause can be taken back beforehand, and batches
            // that were too large be made smaller.
            let kept = match change {
                Change::Resume => self.is_paused(),
                Change::Size(_) => self.batched().is_some() && self.wishes.is_some(),
                Change::Pause => false,
            };
            if kept && self.run.is_open() {
                return Ok(());
            }
            let row = self.row();
            return Err(CliError::NotRunning { run, state: row.state, next: row.next });
        };
        if self.batched().is_none() || self.wishes.is_none() {
            let at = holder.cell.as_ref().or(self.run.cell.as_ref());
            let doing = at.map_or_else(
                || "it has begun no cell yet".to_owned(),
                |cell| format!("it is at cell `{cell}`, or between two cells"),
            );
            return Err(CliError::NotBatched { run, doing });
        }
        Ok(())
    }

    fn view(&self) -> ControlView {
        let cell = self.batched().filter(|_| self.holder.is_some());
        let now = RealHost::new().now();
        let progress = cell.and_then(|cell| engine::progress_of(&self.entries, cell, &now));
        ControlView {
            row: self.row(),
            holder: self.holder.clone(),
            cell: self.batched().map(str::to_owned),
            wishes: self.wishes.clone().unwrap_or_default(),
            progress,
        }
    }
}
