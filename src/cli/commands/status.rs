use std::collections::BTreeMap;

use super::super::args::{Format, Status};
use super::super::error::{CliError, Exit};
use super::super::load::{self, Judged};
use super::super::run::width;
use super::super::settings;
use super::session::{block_on, resume};
use crate::backend::{self, JournalRow, Mode};
use crate::engine::{self, EngineError, History};
use crate::plan::Plan;
use crate::report::{StatusRow, Style, holding, status_json, status_table, step_table};

pub fn run(command: &Status, style: Style) -> Result<Exit, CliError> {
    let target = settings::resolve(&command.target.db)?;
    let plan: Option<Plan> = match &command.runbook {
        None => None,
        Some(path) => {
            let loaded = load::load(path, style)?;
            let values = load::sample_values(&loaded.document.front.params, &command.params)?;
            Some(load::plan(path, &loaded, target.address.dialect(), &values, Judged::ToReplay, style)?)
        }
    };
    let (rows, holder) = block_on(async {
        let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
        let rows = session.read_journal(plan.as_ref().map(|plan| plan.runbook.as_str())).await?;
        let holder = session.holder().await?;
        session.close().await;
        Ok::<_, CliError>((rows, holder))
    })?;
    let mut runbooks: BTreeMap<String, Vec<JournalRow>> = BTreeMap::new();
    for row in rows {
        runbooks.entry(row.runbook.clone()).or_default().push(row);
    }
    let mut lines = Vec::new();
    let mut histories = BTreeMap::new();
    for (id, rows) in runbooks {
        let entries = engine::decode(&rows).map_err(EngineError::from)?;
        let history = History::fold(&entries).map_err(EngineError::from)?;
        for run in &history.runs {
            lines.push(StatusRow::of(&id, run, holder.as_ref(), || resume(run, &target)));
        }
        histories.insert(id, history);
    }
    match command.format {
        Format::Json => println!("{}", status_json(&lines)),
        Format::Text if lines.is_empty() => match &holder {
            Some(holder) => println!("a run has just begun on {}: {}", target.name, holding(holder)),
            None => println!("no run is recorded on {}", target.name),
        },
        Format::Text => {
            println!("{}", status_table(&lines, width()));
            if let Some((plan, history)) =
                plan.as_ref().and_then(|plan| Some((plan, histories.get(&plan.runbook)?)))
            {
                println!("{}", step_table(plan, history, width()));
            }
        }
    }
    Ok(Exit::Done)
}
