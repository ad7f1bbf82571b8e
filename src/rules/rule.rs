use std::sync::Arc;

use super::{Context, Page};
use crate::diagnostics::{Diagnostic, Diagnostics, Level};
use crate::dialect::Dialect;
use crate::source::{Source, Span};

/// One rule of the catalogue.
#[derive(Debug)]
pub struct Rule {
    /// Its name in findings, settings and `allow:`, in kebab case.
    pub id: &'static str,
    /// Where nobody says otherwise.
    pub level: Level,
    /// The engines whose runbooks it is about.
    pub dialects: &'static [Dialect],
    /// Help text in Markdown, and the examples that the tests run.
    pub page: &'static str,
    /// Rules of other tools that it covers: the tool, and its name there.
    pub covers: &'static [(&'static str, &'static str)],
    pub finder: Finder,
}

/// Who looks for it.
#[derive(Clone, Copy, Debug)]
pub enum Finder {
    /// A function over the plan.
    Rule(fn(&Context<'_>) -> Diagnostics),
    /// The parser or the planner: what breaks it is no runbook, so that it is always an error.
    Form,
    /// The check itself, when every rule has spoken.
    Check,
    /// A plan with a database: whether it is an error, the database says.
    Survey,
}

/// Rules that hold for every engine.
pub(super) const EVERYWHERE: &[Dialect] = &Dialect::ALL;

impl Rule {
    /// Whether it is always an error, whatever settings and cells say.
    pub fn is_fixed(&self) -> bool {
        matches!(self.finder, Finder::Form | Finder::Survey)
    }

    pub fn page(&self) -> Page<'static> {
        Page::read(self.page)
    }

    /// A finding anywhere; `Site::finding` makes one about a statement.
    pub(crate) fn at(&self, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.id, self.level, source, span, message)
    }
}
