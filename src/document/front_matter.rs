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

impl Strategy {
    pub const ALL: [Self; 4] = [Self::ExpandContract, Self::DualWrite, Self::OnlineIndex, Self::Direct];

    /// The word for it in front matter.
    pub fn name(self) -> &'static str {
        match self {
            Self::ExpandContract => "expand-contract",
            Self::DualWrite => "dual-write",
            Self::OnlineIndex => "online-index",
            Self::Direct => "direct",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }

    /// The phases of a runbook that does not name its own.
    pub fn phases(self) -> &'static [&'static str] {
        match self {
            Self::ExpandContract => &["expand", "migrate", "contract"],
            Self::DualWrite => &["expand", "dual-write", "migrate", "switch", "contract"],
            Self::OnlineIndex => &["build"],
            Self::Direct => &["apply"],
        }
    }
}
