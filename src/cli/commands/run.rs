use super::super::args::Run;
use super::super::error::{CliError, Exit};
use super::super::load::Judged;
use super::super::settings;
use super::session::{drive, prepare};
use crate::backend::Mode;
use crate::engine::{self, Until, shell_word};
use crate::report::Style;

pub fn run(command: &Run, style: Style) -> Result<Exit, CliError> {
    let mut prepared = prepare(
        &command.runbook,
        &command.target.db,
        &command.params,
        command.limits,
        Judged::ByRules,
        style,
    )?;
    let until = match &command.until {
        _ if command.step => Until::OneStep,
        Some(place) => Until::Place(place.clone()),
        None => Until::End,
    };
    let mode = if command.create { Mode::Create } else { Mode::ReadWrite };
    let replicas = settings::replicas(&prepared.target, &command.replicas)?;
    let flags =
        command.replicas.iter().map(|name| format!("--replica {}", shell_word(&settings::shown(name))));
    prepared.invocation.replicas = flags.collect::<Vec<_>>().join(" ");
    drive(&prepared, mode, &command.said, &command.output, style, async |context, plan| {
        context.replicas.clone_from(&replicas);
        engine::run(context, plan, &until).await
    })
}
