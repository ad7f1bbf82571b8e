//! Patterns while applications work: clients of the old release and of the new one write and read, each
//! through its own shape of the data, while a runbook is run through its holds and taken back.
//!
//! Every client owns the rows whose ids it chooses, and keeps what they must hold, so that at the end each
//! row can be compared. A pattern is an entry of [`patterns`]; `ROLLBOOK_PATTERN=<name>` runs one alone, and
//! templates are read from `templates/`, so that a change there needs no build.

mod clients;
mod passes;
mod patterns;
