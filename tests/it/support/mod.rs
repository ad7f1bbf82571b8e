//! A hermetic place to run the program in, and private servers to run it against.

mod lab;
mod postgres;

pub use lab::{Lab, Outcome, until};
pub use postgres::server;
