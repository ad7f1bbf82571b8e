//! The one integration binary.

mod architecture;
mod backfills;
mod case_file;
mod cases_classify;
mod cases_parse;
mod cases_split;
mod code;
mod commits;
mod conformance;
mod contention;
mod corpus;
mod definitions;
mod documents;
mod faults;
mod fixes;
mod hostile;
mod json_schema;
mod locks;
mod measured;
mod mutations;
mod outside;
mod patterns;
mod proxy;
mod rules;
mod run_lock;
mod runbooks;
mod schemas;
mod sequences;
mod servers;
mod statements;
mod support;
mod surprises;
mod survey;
mod targets;
mod templates;
mod terminal;
mod throttles;
mod under_load;

#[global_allocator]
static MEMORY: support::Counting = support::Counting;
