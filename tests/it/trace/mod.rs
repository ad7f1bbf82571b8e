//! `check --trace`: what is measured on a scratch database, held to what is known, and to what is predicted.

mod commands;
mod postgres_facts;

use rollbook::backend::Address;
use rollbook::backend::measure::meter;
use rollbook::diagnostics::Diagnostics;
use rollbook::document::Document;
use rollbook::measure::{findings, walk};
use rollbook::plan::Plan;
use rollbook::rules::Levels;

use crate::support::Lab;

/// The findings of a plan that is measured on a laboratory's database, whatever else is on it.
pub fn measured(lab: &Lab, document: &Document, plan: &Plan, levels: &Levels) -> Diagnostics {
    let address: Address = lab.url.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut meter = meter(&address).await.unwrap().unwrap();
        let traced = walk(&mut *meter, plan).await.unwrap();
        meter.close().await;
        traced.iter().flat_map(|traced| findings(document, plan, traced, levels)).collect()
    })
}
