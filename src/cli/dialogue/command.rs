//! The command line that says what a dialogue came to.

use std::path::Path;

use super::super::draft::{Draft, Place};
use super::super::load;
use crate::engine::shell_word;
use crate::template::Given;

/// What a target answers, and what a default says, is left out of it; a password too.
pub fn line(draft: &Draft<'_>, params: Option<&Path>) -> String {
    let Some(template) = draft.template else { return String::new() };
    let mut parts = vec![format!("rollbook new {}", template.name)];
    match (&draft.place, draft.dialect()) {
        (Place::At(target), _) => parts.push(format!("--db {}", shell_word(&target.argument))),
        (_, Some(dialect)) if template.dialects.len() > 1 => parts.push(format!("--dialect {dialect}")),
        _ => {}
    }
    if let Some(path) = params {
        parts.push(format!("--params {}", shell_word(&path.display().to_string())));
    }
    for asked in &template.asks {
        // What a file gave has a type, and comes from there again.
        let Some(Given::Text(value)) = draft.given.get(&asked.spec.name) else { continue };
        let usual = asked.spec.default.as_ref().map(load::typed);
        if usual.as_ref() == Some(value) {
            continue;
        }
        parts.push(match asked.spec.secret {
            true => load::secret_argument(&asked.spec.name),
            false => format!("--set {}", shell_word(&format!("{}={value}", asked.spec.name))),
        });
    }
    if let Some(path) = &draft.output {
        parts.push(format!("-o {}", shell_word(&path.display().to_string())));
    }
    parts.join(" ")
}

/// A value as a person would type it.
pub fn text(given: &Given) -> String {
    match given {
        Given::Text(text) => text.clone(),
        Given::Typed(value) => load::typed(value),
    }
}
