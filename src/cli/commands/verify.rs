use super::super::args::Verify;
use super::super::error::{CliError, Exit};
use super::session::{Said, drive, prepare};
use crate::backend::Mode;
use crate::engine;
use crate::report::Style;

pub fn run(command: &Verify, style: Style) -> Result<Exit, CliError> {
    let prepared = prepare(&command.runbook, &command.target.db, &command.params, style)?;
    drive(&prepared, Mode::ReadOnly, Said::default(), &command.output, style, async |context, plan| {
        engine::verify(context, plan, command.all).await
    })
}
