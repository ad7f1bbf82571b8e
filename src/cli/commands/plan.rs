use super::super::args::{Format, Plan};
use super::super::error::{CliError, Exit};
use super::super::load::{self, Judged};
use super::super::run::width;
use super::super::settings::{self, ResolvedTarget};
use super::session::block_on;
use crate::backend::{self, DbError, Mode};
use crate::diagnostics::{Level, render};
use crate::engine::{self, History, Status};
use crate::plan::{self, Step};
use crate::report::{Style, plan_json, plan_table, survey_text, walk_lines};
use crate::survey::{self, Survey};

/// What a database adds to a plan.
struct Live {
    about: String,
    history: History,
    survey: Survey,
}

pub fn run(command: &Plan, style: Style) -> Result<Exit, CliError> {
    let loaded = load::load(&command.runbook, style)?;
    let target = command.db.as_deref().map(settings::resolve).transpose()?;
    let said = target.as_ref().map(|target| target.address.dialect()).or(command.dialect);
    let dialect = load::dialect_of(&loaded.document, said)?;
    let values = load::sample_values(&loaded.document.front.params, &command.params)?;
    let mut plan = load::plan(&command.runbook, &loaded, dialect, &values, Judged::ByRules, style)?;
    plan.override_limits(command.limits.overrides());
    let live = match &target {
        None => None,
        Some(target) => match block_on(look(&plan, target)) {
            Ok(live) => Some(live),
            Err(CliError::Engine(engine::EngineError::Db(
                error @ (DbError::Unreachable { .. } | DbError::NoSuchFile { .. }),
            ))) => {
                eprintln!("{}: {error}", style.warn("warning"));
                eprintln!(
                    "help: this plan is from the text alone: no state of the steps, no sizes, no times, and not what is in the way"
                );
                None
            }
            Err(error) => return Err(error),
        },
    };
    let about = live.as_ref().map(|live| live.about.as_str());
    let history = live.as_ref().map(|live| &live.history);
    let survey = live.as_ref().map(|live| &live.survey);
    match command.format {
        Format::Json => println!("{}", plan_json(&plan, about, history, survey)),
        Format::Text => {
            println!("{}: {}", style.bold(&plan.runbook), plan.title);
            println!("plan {} for {}", plan.digest.short(), about.unwrap_or(dialect.name()));
            println!("{}", plan_table(&plan, history, width()));
            print!("{}", walk_lines(&plan));
            if let Some(survey) = survey {
                print!("{}", survey_text(survey, width(), style));
            }
        }
    }
    let findings = survey.map_or(&[][..], |survey| &survey.findings);
    if !findings.is_empty() {
        eprint!("{}", render::full(findings, style == Style::Ansi));
    }
    let fails = findings.iter().any(|finding| finding.level == Level::Error);
    Ok(if fails { Exit::No } else { Exit::Done })
}

async fn look(plan: &plan::Plan, target: &ResolvedTarget) -> Result<Live, CliError> {
    let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
    let rows = session.read_journal(Some(&plan.runbook)).await?;
    let entries = engine::decode(&rows).map_err(engine::EngineError::from)?;
    let history = History::fold(&entries).map_err(engine::EngineError::from)?;
    let about = format!("{} ({}, {})", target.name, session.info().server, session.info().place);
    let walks = engine::walks_ahead(&mut *session, plan, &history).await?;
    session.close().await;
    let sight = backend::survey::survey(&target.address, &survey::wanted(plan)).await?;
    let committed = |step: &Step| match history.step(&step.id) {
        Status::Done => step.forward.statements.len(),
        _ => history.cell(&step.id, &step.forward.cell).map_or(0, |cell| cell.done),
    };
    let mut survey = survey::judge(plan, &sight, committed);
    survey.add_walks(&walks);
    Ok(Live { about, history, survey })
}
