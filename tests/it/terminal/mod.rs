//! What a person meets who sits at a terminal: a pseudo-terminal here, with keys and a screen.

mod gates;
mod new;
mod parameters;
mod plan;
