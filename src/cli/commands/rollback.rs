use super::super::args::{Format, Rollback};
use super::super::error::{CliError, Exit};
use super::super::load::Judged;
use super::session::{drive, prepare};
use crate::backend::Mode;
use crate::engine;
use crate::report::{Style, rollback_json, rollback_table};

pub fn run(command: &Rollback, style: Style) -> Result<Exit, CliError> {
    let prepared = prepare(
        &command.runbook,
        &command.target.db,
        &command.params,
        command.limits,
        Judged::ByForm,
        style,
    )?;
    let mode = if command.plan { Mode::ReadOnly } else { Mode::ReadWrite };
    let to = command.to.as_deref();
    drive(&prepared, mode, &command.said, &command.output, style, async |context, plan| {
        if let Some(to) = to {
            engine::known_place(plan, to)?;
        }
        let history = engine::history(context, plan).await?;
        let steps = engine::rollback_plan(plan, &history, to);
        if command.output.format == Format::Text && !steps.is_empty() {
            println!("{}", rollback_table(&steps, super::super::run::width()));
        }
        if command.plan && command.output.format == Format::Json {
            println!("{}", rollback_json(&steps));
        }
        if command.plan {
            return Ok(context.nothing_done());
        }
        engine::rollback(context, plan, to).await
    })
}
