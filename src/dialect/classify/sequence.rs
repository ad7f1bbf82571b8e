use std::collections::{BTreeMap, BTreeSet};

use super::draft::{Draft, Part};
use super::entry;
use super::{mysql, postgres};
use crate::dialect::{Dialect, Facts};

/// The statements that one runbook runs, in their order: what one of them made or defined, a later one
/// takes away again or calls.
///
/// A constraint or a default that the runbook made itself nobody else relies on, so that dropping it
/// loses nothing. A function that it created is as destructive to call as its body is. A
/// `SELECT` alone in a cell is there for what it does: a function in it that nobody knows is gated.
pub struct Sequence {
    dialect: Dialect,
    made: BTreeSet<Part>,
    routines: BTreeMap<String, Option<String>>,
}

/// A routine and what calling it does, as a fragment that completes "which …"; None where it does nothing
/// that is lost.
pub(super) struct Routine {
    pub(super) name: String,
    pub(super) effect: Option<String>,
}

impl Sequence {
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, made: BTreeSet::new(), routines: BTreeMap::new() }
    }

    /// The facts of the statement that comes next.
    pub fn classify(&mut self, statement: &str) -> Facts {
        let mut draft = entry::read(self.dialect, statement);
        draft.forgive(|part| self.made.contains(part));
        self.calls(&mut draft);
        self.made.extend(draft.made());
        if let Some(routine) = self.defines(&draft, statement) {
            // One of several with this name may be meant: the worst of them counts.
            let known = self.routines.entry(routine.name).or_default();
            *known = routine.effect.or_else(|| known.take());
        }
        draft.finish()
    }

    fn calls(&self, draft: &mut Draft) {
        let alone = matches!(draft.kind(), "select" | "values" | "select_into");
        for name in draft.called().to_vec() {
            match self.routine(&name) {
                Some(Some(effect)) => draft.loses(format!("calls {name}, which {effect}")),
                Some(None) => {}
                None if alone => {
                    draft.loses(format!("calls {name}, whose effect cannot be read from the text"));
                }
                None => {}
            }
        }
    }

    /// With or without its schema.
    fn routine(&self, name: &str) -> Option<&Option<String>> {
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let same = |known: &str| {
            known == name || (last(known) == last(name) && known.contains('.') != name.contains('.'))
        };
        self.routines.iter().find(|(known, _)| same(known)).map(|(_, effect)| effect)
    }

    fn defines(&self, draft: &Draft, statement: &str) -> Option<Routine> {
        if !matches!(draft.kind(), "create_function" | "create_procedure") {
            return None;
        }
        match self.dialect {
            Dialect::Postgres => postgres::routine(statement),
            Dialect::Mysql => mysql::routine(statement),
            Dialect::Sqlite => None,
        }
    }
}
