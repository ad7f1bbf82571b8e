//! What is asked next, before there is a runbook to show.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::super::draft::{Draft, Place};
use crate::dialect::Dialect;
use crate::template::{Asked, Given, Template, Written};

#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// What shall become of the database.
    Change,
    Target,
    Url,
    Engine,
    Parameter(&'a Template, &'a Asked),
}

/// What somebody said.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    Change(&'a Template),
    Place(Place),
    Engine(Dialect),
    Parameter(String, Given),
    /// The runbook was shown.
    Approved(Written),
    File(PathBuf),
}

/// The next question about values, if one is left.
pub fn next<'a>(draft: &Draft<'a>, filled: &BTreeMap<String, Given>) -> Option<Question<'a>> {
    let Some(template) = draft.template else { return Some(Question::Change) };
    match draft.place {
        Place::Open if draft.said.is_none() => return Some(Question::Target),
        Place::ToType => return Some(Question::Url),
        _ if draft.dialect().is_none() => return Some(Question::Engine),
        _ => {}
    }
    let open = |asked: &&Asked| !filled.contains_key(&asked.spec.name) && !is_answered(draft, asked);
    template.asks.iter().find(open).map(|asked| Question::Parameter(template, asked))
}

/// Whether a default stands for what only a database can tell: it was asked and has nothing to say, or
/// there is none and the text can do without.
fn is_answered(draft: &Draft<'_>, asked: &Asked) -> bool {
    let Some(fill) = asked.fill.as_ref().filter(|_| asked.spec.default.is_some()) else { return false };
    draft.target().is_some() || fill.is_about_a_table()
}

/// The draft with one answer more.
pub fn with<'a>(mut draft: Draft<'a>, answer: &Answer<'a>) -> Draft<'a> {
    match answer {
        Answer::Change(template) => draft.template = Some(template),
        Answer::Place(place) => draft.place = place.clone(),
        Answer::Engine(dialect) => draft.said = Some(*dialect),
        Answer::Parameter(name, given) => {
            draft.given.insert(name.clone(), given.clone());
        }
        Answer::Approved(_) => {}
        Answer::File(path) => draft.output = Some(path.clone()),
    }
    draft
}
