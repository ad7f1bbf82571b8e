//! What PostgreSQL does with a statement: its own locks before it commits, the files and the counters of tables
//! before and after it.

mod bystanders;
mod meter;
mod relations;

pub use meter::PostgresMeter;
