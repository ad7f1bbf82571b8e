//! A hermetic place to run the program in, and private servers to run it against.
//!
//! `Lab` is what most tests need: a folder and an empty database on one `Engine`. A test that kills
//! its server starts a `Server` of its own and puts a lab on it.

mod account;
mod engine;
mod folder;
mod guard;
mod lab;
mod mariadb;
mod memory;
mod mysql;
mod outcome;
mod pgbouncer;
mod postgres;
mod programs;
mod proxy;
mod random;
mod rows;
mod server;
mod template;
mod terminal;

pub use engine::Engine;
pub use folder::laboratory;
pub use lab::Lab;
pub use memory::{Counting, most_held};
pub use outcome::{Outcome, until};
pub use pgbouncer::PgBouncer;
pub use proxy::{Direction, Fault, Harm, Proxy, Reach};
pub use random::Random;
pub use server::{Durability, Server, free_port};
pub use terminal::{Terminal, key};
