//! What was found, as findings: one for each place that is shown, and one that counts all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::{Certainty, Place};
use crate::diagnostics::{Diagnostic, Diagnostics, Level};
use crate::figures::plural;
use crate::rules::{Gone, How, STILL_IN_CODE};
use crate::source::{Source, Span};

/// Places that are shown of each thing; the others are counted.
const SHOWN: usize = 20;

/// Findings at the places where `places` name what the runbook takes away, the surest first. `level` is
/// that of the surest, and `open` reads a file that is shown.
pub fn findings(
    runbook: &Arc<Source>,
    gone: &[Gone],
    places: &[(PathBuf, Place)],
    level: Level,
    open: impl Fn(&PathBuf) -> Option<Arc<Source>>,
) -> Diagnostics {
    let mut findings = Vec::new();
    for (index, gone) in gone.iter().enumerate() {
        let mut found: Vec<&(PathBuf, Place)> =
            places.iter().filter(|(_, place)| place.gone == index).collect();
        if found.is_empty() {
            continue;
        }
        found.sort_by_key(|(_, place)| place.certainty);
        findings.push(count(runbook, gone, &found, level));
        let mut sources: BTreeMap<&PathBuf, Option<Arc<Source>>> = BTreeMap::new();
        for (path, place) in found.iter().take(SHOWN) {
            let source = sources.entry(path).or_insert_with(|| open(path));
            findings.extend(source.as_ref().and_then(|source| one(source, runbook, gone, place, level)));
        }
    }
    findings
}

/// What the runbook's statement has to do with the code.
fn count(runbook: &Arc<Source>, gone: &Gone, found: &[&(PathBuf, Place)], level: Level) -> Diagnostic {
    let files: BTreeSet<&PathBuf> = found.iter().map(|(path, _)| path).collect();
    let mut counts: BTreeMap<Certainty, usize> = BTreeMap::new();
    for (_, place) in found {
        *counts.entry(place.certainty).or_default() += 1;
    }
    let each: Vec<String> =
        counts.iter().map(|(certainty, count)| format!("{count} {}", of(*certainty, gone))).collect();
    let (places, files) = (plural(found.len() as u64, "place"), plural(files.len() as u64, "file"));
    let message = format!("the code still names `{}`: {places} in {files}", gone.name());
    let mut finding = STILL_IN_CODE
        .at(runbook, gone.span, message)
        .label(match gone.how {
            How::Dropped => "the releases that use it fail from here on",
            How::Renamed => "the releases that use the old name fail from here on",
        })
        .note(each.join("; "))
        .help("take it out of the code and deploy that first, or say what it is: `--| allow: {still-in-code: <why>}`")
        .cell(&gone.cell)
        .statement(gone.statement);
    if found.len() > SHOWN {
        finding.note = finding.note.map(|note| format!("{note}; the first {SHOWN} are shown"));
    }
    finding.level = found.iter().map(|(_, place)| level_of(place, level)).min().unwrap_or(Level::Note);
    finding
}

fn one(
    source: &Arc<Source>,
    runbook: &Arc<Source>,
    gone: &Gone,
    place: &Place,
    level: Level,
) -> Option<Diagnostic> {
    // The file may have changed since it was searched.
    let text = source.text();
    let inside =
        text.is_char_boundary(place.start) && text.is_char_boundary(place.end) && place.end <= text.len();
    let does = match gone.how {
        How::Dropped => "drops",
        How::Renamed => "renames",
    };
    let message =
        format!("`{}`, which cell `{}` of {} {does}, is named here", gone.name(), gone.cell, runbook.name());
    let mut finding = STILL_IN_CODE
        .at(source, Span::new(place.start, place.end), message)
        .label(match place.certainty {
            Certainty::Named if gone.column.is_some() => "with its table",
            Certainty::Named => "by its name",
            Certainty::Near => "a few lines from its table",
            Certainty::SameFile if gone.column.is_some() => "in a file that names its table",
            Certainty::SameFile => "as the class of its rows",
            Certainty::Alone => "in a file that does not name its table",
            Certainty::Migration => "in a migration: history, unless it is still to run",
        })
        .help(format!("deploy the code without it before `{}` runs", gone.cell))
        .cell(&gone.cell)
        .statement(gone.statement);
    finding.level = level_of(place, level);
    inside.then_some(finding)
}

/// What is sure or nearly so has the rule's level; the rest is there to be looked at.
fn level_of(place: &Place, level: Level) -> Level {
    match place.certainty {
        Certainty::Named | Certainty::Near => level,
        Certainty::SameFile | Certainty::Alone | Certainty::Migration => Level::Note,
    }
}

fn of(certainty: Certainty, gone: &Gone) -> &'static str {
    match (certainty, gone.column.is_some()) {
        (Certainty::Named, true) => "on a line with its table",
        (Certainty::Named, false) => "by its name",
        (Certainty::Near, _) => "within five lines of its table",
        (Certainty::SameFile, true) => "in a file that names its table",
        (Certainty::SameFile, false) => "as the class of its rows",
        (Certainty::Alone, _) => "elsewhere",
        (Certainty::Migration, _) => "in migrations",
    }
}
