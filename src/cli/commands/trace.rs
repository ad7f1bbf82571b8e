//! `check --trace`: runs a runbook's statements on a scratch database and holds what they did to what is predicted.

use super::super::args::Check;
use super::super::error::CliError;
use super::super::load::{self, Loaded};
use super::super::settings::{self, ResolvedTarget};
use super::session::block_on;
use crate::backend::measure::{self as meter, Meter};
use crate::diagnostics::Diagnostics;
use crate::document::Document;
use crate::measure::{self, NoScratch, is_scratch_name};
use crate::plan::{self, Plan};
use crate::report::{Measurement, Style};
use crate::rules::Levels;

/// A runbook that is ready to be measured.
pub struct Ready {
    document: Document,
    plan: Plan,
    target: ResolvedTarget,
}

/// Reads the runbook for the engine of the scratch database. Its findings are told by `check`; None where they are
/// errors.
pub fn prepare(command: &Check, scratch: &str, style: Style) -> Result<Option<Ready>, CliError> {
    let [path] = &command.paths[..] else { return Err(CliError::TraceOne) };
    if path.is_dir() {
        return Err(CliError::TraceOne);
    }
    let target = settings::resolve(scratch)?;
    let database = target.address.short_name();
    if !is_scratch_name(&database) {
        return Err(CliError::NoScratch(NoScratch::Name { database }));
    }
    let Loaded { document, .. } = load::load(path, style)?;
    let dialect = target.address.dialect();
    if !document.front.dialects.contains(&dialect) {
        let written =
            document.front.dialects.iter().map(|dialect| dialect.name()).collect::<Vec<_>>().join(", ");
        return Err(CliError::OtherDialect { written, target: dialect.to_string() });
    }
    let values = load::values(&document.front.params, &command.params)?;
    let (plan, _) = plan::build(&document, dialect, &values);
    Ok(plan.map(|plan| Ready { document, plan, target }))
}

/// Runs every statement on the scratch database; the findings are those of where it parts from the predictions.
pub fn run<'r>(ready: &'r Ready, levels: &Levels) -> Result<(Measurement<'r>, Diagnostics), CliError> {
    block_on(async {
        let Some(mut meter) = meter::meter(&ready.target.address).await? else {
            return Err(CliError::NoMeter { dialect: ready.plan.dialect });
        };
        let measured = on(&mut *meter, ready, levels).await;
        meter.close().await;
        measured
    })
}

async fn on<'r>(
    meter: &mut dyn Meter,
    ready: &'r Ready,
    levels: &Levels,
) -> Result<(Measurement<'r>, Diagnostics), CliError> {
    if let Some(reason) = measure::admit(meter).await? {
        return Err(CliError::NoScratch(reason));
    }
    let plan = &ready.plan;
    let info = meter.session().info();
    let place = format!("{} ({}, {})", info.database, info.server, info.place);
    let statements = measure::walk(meter, plan).await?;
    let of = |traced| measure::findings(&ready.document, plan, traced, levels);
    let mut findings: Diagnostics = statements.iter().flat_map(of).collect();
    findings.sort_by_key(|finding| finding.span);
    Ok((Measurement { plan, place, statements }, findings))
}
