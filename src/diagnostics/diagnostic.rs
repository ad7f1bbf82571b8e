use std::sync::Arc;

use super::Fix;
use crate::source::{Source, Span};

/// How bad it is. Errors stop `check`, `plan` and `run`; the others do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warning,
    Note,
}

/// One finding: a headline, the place it is about, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Stable name of what is wrong, in kebab case (`duplicate-id`).
    pub rule: &'static str,
    pub level: Level,
    /// One lower-case fact, understandable alone.
    pub message: String,
    pub source: Arc<Source>,
    /// The smallest range that shows the problem.
    pub span: Span,
    /// What stands at the span, said next to the caret.
    pub label: Option<String>,
    /// Background that is not an instruction.
    pub note: Option<String>,
    /// What to type or change.
    pub help: Option<String>,
    /// The cell that it is about.
    pub cell: Option<String>,
    /// The statement of that cell, from 1.
    pub statement: Option<usize>,
    /// What `check --fix` would do about it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    pub fn new(
        rule: &'static str,
        level: Level,
        source: &Arc<Source>,
        span: Span,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            level,
            message: message.into(),
            source: Arc::clone(source),
            span,
            label: None,
            note: None,
            help: None,
            cell: None,
            statement: None,
            fix: None,
        }
    }

    pub fn error(rule: &'static str, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self::new(rule, Level::Error, source, span, message)
    }

    pub fn warning(rule: &'static str, source: &Arc<Source>, span: Span, message: impl Into<String>) -> Self {
        Self::new(rule, Level::Warning, source, span, message)
    }

    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn cell(mut self, cell: impl Into<String>) -> Self {
        self.cell = Some(cell.into());
        self
    }

    pub fn statement(mut self, statement: usize) -> Self {
        self.statement = Some(statement);
        self
    }

    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }
}

/// Findings in the order they were made.
pub type Diagnostics = Vec<Diagnostic>;
