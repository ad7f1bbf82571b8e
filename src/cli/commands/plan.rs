use super::super::args::{Format, Plan};
use super::super::error::{CliError, Exit};
use super::super::load::{self, Judged};
use super::super::run::width;
use super::super::settings;
use super::session::block_on;
use crate::backend::{self, Mode};
use crate::engine::{self, History};
use crate::report::{Style, plan_json, plan_table, walk_lines};

pub fn run(command: &Plan, style: Style) -> Result<Exit, CliError> {
    let loaded = load::load(&command.runbook, style)?;
    let target = command.db.as_deref().map(settings::resolve).transpose()?;
    let said = target.as_ref().map(|target| target.address.dialect()).or(command.dialect);
    let dialect = load::dialect_of(&loaded.document, said)?;
    let values = load::sample_values(&loaded.document.front.params, &command.params)?;
    let mut plan = load::plan(&command.runbook, &loaded, dialect, &values, Judged::ByRules, style)?;
    plan.override_limits(command.limits.overrides());
    let live: Option<(String, History)> = match &target {
        None => None,
        Some(target) => Some(block_on(async {
            let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
            let rows = session.read_journal(Some(&plan.runbook)).await?;
            let entries = engine::decode(&rows).map_err(engine::EngineError::from)?;
            let history = History::fold(&entries).map_err(engine::EngineError::from)?;
            let about = format!("{} ({}, {})", target.name, session.info().server, session.info().place);
            session.close().await;
            Ok::<_, CliError>((about, history))
        })?),
    };
    let (about, history) = match &live {
        Some((about, history)) => (Some(about.as_str()), Some(history)),
        None => (None, None),
    };
    match command.format {
        Format::Json => println!("{}", plan_json(&plan, about, history)),
        Format::Text => {
            println!("{}: {}", style.bold(&plan.runbook), plan.title);
            println!("plan {} for {}", plan.digest.short(), about.unwrap_or(dialect.name()));
            println!("{}", plan_table(&plan, history, width()));
            print!("{}", walk_lines(&plan));
        }
    }
    Ok(Exit::Done)
}
