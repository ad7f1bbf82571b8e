//! The guided way to a new runbook: what is missing is asked for, one question after the other.
//!
//! What was said so far decides what is asked next (`question`), so that going back is to forget the last
//! answer. `ask` puts each question; `preview` shows the runbook before there is a file.

mod ask;
mod command;
mod hold;
mod preview;
mod question;

pub use hold::hold;
