use super::super::args::{Format, Limits, Said, Verify};
use super::super::error::{CliError, Exit};
use super::super::load::Judged;
use super::super::run::width;
use super::session::{drive, prepare};
use crate::backend::Mode;
use crate::engine;
use crate::report::{Style, replay_table};

pub fn run(command: &Verify, style: Style) -> Result<Exit, CliError> {
    let prepared = prepare(
        &command.runbook,
        &command.target.db,
        &command.params,
        Limits::default(),
        Judged::ToReplay,
        style,
    )?;
    drive(&prepared, Mode::ReadOnly, &Said::default(), &command.output, style, async |context, plan| {
        let report = engine::verify(context, plan, command.all).await?;
        if command.output.format == Format::Text {
            context.flush();
            println!("{}", replay_table(&report.entries, width()));
        }
        Ok(report)
    })
}
