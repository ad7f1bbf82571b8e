//! The command line: arguments, settings, terminals, exit codes.

mod args;
mod commands;
mod dialogue;
mod draft;
mod error;
mod host;
mod library;
mod load;
mod mend;
mod prompt;
mod replace;
mod run;
mod settings;
mod sink;
mod terminal;
mod world;

pub use run::run;
