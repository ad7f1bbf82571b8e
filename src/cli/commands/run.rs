use super::super::args::Run;
use super::super::error::{CliError, Exit};
use super::super::load::Judged;
use super::session::{drive, prepare};
use crate::backend::Mode;
use crate::engine::{self, Until};
use crate::report::Style;

pub fn run(command: &Run, style: Style) -> Result<Exit, CliError> {
    let prepared = prepare(
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
    drive(&prepared, mode, &command.said, &command.output, style, async |context, plan| {
        engine::run(context, plan, &until).await
    })
}
