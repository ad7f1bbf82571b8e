//! Rollbook: Markdown runbooks for database migrations, run cell by cell with checkpoints.
//!
//! The crate's map is `ARCHITECTURE.md`. A module uses only modules above it in this list; a test
//! reads the `use` lines and enforces that.

pub mod figures;

pub mod source;

pub mod diagnostics;

pub mod dialect;

pub mod document;

pub mod template;

pub mod backfill;

pub mod plan;

pub mod rules;

pub mod code;

pub mod backend;

pub mod survey;

pub mod measure;

pub mod engine;

pub mod record;

pub mod report;

pub mod cli;
