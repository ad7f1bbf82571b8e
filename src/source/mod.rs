//! Files and the places in them.
//!
//! A [`Source`] is the text of one file with its name; a [`Span`] is a byte range of it; a
//! [`Position`] is what a person reads. [`Provenance`] leads from rendered SQL back to the text it
//! came from. Nothing here reads a file: `cli` does, and hands the text over.

mod file;
mod hex;
mod provenance;

pub use file::{Position, Source, Span};
pub use hex::hex;
pub use provenance::{Origin, Provenance};
