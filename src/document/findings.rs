use std::sync::Arc;

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::source::{Source, Span};

/// The findings about one source, while it is read.
#[derive(Debug)]
pub struct Findings {
    pub source: Arc<Source>,
    pub diagnostics: Diagnostics,
}

impl Findings {
    pub fn new(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), diagnostics: Vec::new() }
    }

    /// An error to be completed and then pushed.
    pub fn error(&self, rule: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(rule, &self.source, span, message)
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    pub fn count(&self) -> usize {
        self.diagnostics.len()
    }
}
