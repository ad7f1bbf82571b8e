use std::time::Duration;

use super::ParamSpec;
use crate::dialect::Dialect;
use crate::source::Span;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    ExpandContract,
    DualWrite,
    OnlineIndex,
    #[default]
    Direct,
}

#[derive(Clone, Debug, Default)]
pub struct FrontMatter {
    pub id: String,
    pub title: String,
    /// The engines it is written for; `any` is all of them.
    pub dialects: Vec<Dialect>,
    pub strategy: Strategy,
    /// The strategy's phases, or the ones that `phases:` names.
    pub phases: Vec<String>,
    pub params: Vec<ParamSpec>,
    pub defaults: Defaults,
    pub holds: Vec<Hold>,
    /// The YAML between the two `---` lines.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    pub lock_timeout: Option<Duration>,
    pub statement_timeout: Option<Duration>,
    pub retry: Option<u32>,
}

/// A stop before a phase until a human says that the world outside is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub before: String,
    pub condition: String,
    pub span: Span,
}
