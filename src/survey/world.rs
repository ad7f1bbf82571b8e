//! What exists when a statement's turn comes: what the server has, and what the statements before it
//! make, rename and take away.

use std::collections::{HashMap, HashSet};

use crate::backend::survey::{Relation, Sight};
use crate::dialect::{Action, Dialect, Facts, ObjectKind, Renamed, Words};

pub(super) struct World<'a> {
    dialect: Dialect,
    pub sight: &'a Sight,
    /// Relations that the runbook has made by now, by name: those that are another one renamed lead to it.
    made: HashMap<String, Option<&'a Relation>>,
    gone: HashSet<String>,
    /// Parts of relations and other things, with their kind in front.
    made_others: HashSet<String>,
    gone_others: HashSet<String>,
    /// Relations and routines that the runbook has made, replaced or dropped by now.
    touched: HashSet<String>,
    /// Relations that it has put rows into.
    filled: HashSet<String>,
    /// A statement whose effect on names nobody can read.
    pub clouded: Option<String>,
}

/// What a name stands for.
#[derive(Clone, Copy)]
pub(super) enum Found<'a> {
    /// The server has it, with or without this name.
    There(&'a Relation),
    /// The runbook has made it, so that there is nothing in it that others need.
    Made,
    Missing,
}

impl<'a> World<'a> {
    pub fn new(dialect: Dialect, sight: &'a Sight) -> Self {
        Self {
            dialect,
            sight,
            made: HashMap::new(),
            gone: HashSet::new(),
            made_others: HashSet::new(),
            gone_others: HashSet::new(),
            touched: HashSet::new(),
            filled: HashSet::new(),
            clouded: None,
        }
    }

    pub fn find(&self, name: &str) -> Found<'a> {
        let key = self.key(name);
        match self.made.get(&key) {
            Some(Some(relation)) => Found::There(relation),
            Some(None) => Found::Made,
            None if self.gone.contains(&key) => Found::Missing,
            None => self.on_server(name).map_or(Found::Missing, Found::There),
        }
    }

    fn on_server(&self, name: &str) -> Option<&'a Relation> {
        let key = self.key(name);
        self.sight
            .relations
            .iter()
            .find(|relation| relation.name == name || self.fold(&relation.called) == key)
    }

    fn fold(&self, name: &str) -> String {
        if self.sight.folds_case { name.to_lowercase() } else { name.to_owned() }
    }

    /// A name with its schema.
    fn key(&self, name: &str) -> String {
        let asked = self.sight.relations.iter().find(|relation| relation.name == name);
        match asked {
            Some(relation) => self.fold(&relation.called),
            None if name.contains('.') => self.fold(name),
            None => self.fold(&format!("{}.{name}", self.sight.schema)),
        }
    }

    /// Whether a column is there; None where nobody knows.
    pub fn has_column(&self, table: &str, column: &str) -> Option<bool> {
        let part = self.part(ObjectKind::Column, table, column);
        if self.made_others.contains(&part) {
            return Some(true);
        }
        if self.gone_others.contains(&part) {
            return Some(false);
        }
        match self.find(table) {
            Found::There(relation) if !relation.columns.is_empty() => {
                let same = |name: &str| match self.dialect {
                    Dialect::Postgres => name == column,
                    Dialect::Mysql | Dialect::Sqlite => name.eq_ignore_ascii_case(column),
                };
                Some(relation.columns.iter().any(|known| same(&known.name)))
            }
            _ => None,
        }
    }

    pub fn has_constraint(&self, table: &str, constraint: &str) -> Option<bool> {
        let part = self.part(ObjectKind::Constraint, table, constraint);
        if self.made_others.contains(&part) {
            return Some(true);
        }
        if self.gone_others.contains(&part) {
            return Some(false);
        }
        match (self.find(table), self.dialect) {
            (_, Dialect::Sqlite) => None,
            (Found::There(relation), _) => {
                Some(relation.constraints.iter().any(|known| known.name.eq_ignore_ascii_case(constraint)))
            }
            _ => None,
        }
    }

    /// Whether something that is no relation is there.
    pub fn has_other(&self, kind: ObjectKind, name: &str) -> bool {
        let key = format!("{kind:?} {}", self.fold(name));
        if self.made_others.contains(&key) {
            return true;
        }
        !self.gone_others.contains(&key)
            && self.sight.others.iter().any(|(known, other)| *known == kind && other == name)
    }

    /// Whether the runbook has taken it away.
    pub fn has_gone(&self, kind: ObjectKind, name: &str) -> bool {
        self.gone_others.contains(&format!("{kind:?} {}", self.fold(name)))
    }

    /// Whether the runbook has made it anew or taken it away.
    pub fn has_changed(&self, kind: ObjectKind, name: &str) -> bool {
        let last = name.rsplit('.').next().unwrap_or(name);
        [name, last].into_iter().any(|name| {
            let key = format!("{kind:?} {}", self.fold(name));
            self.made_others.contains(&key) || self.gone_others.contains(&key)
        })
    }

    pub fn is_touched(&self, name: &str) -> bool {
        self.touched.contains(&self.key(name))
    }

    pub fn is_filled(&self, name: &str) -> bool {
        self.filled.contains(&self.key(name))
    }

    /// Whether two names are those of one relation.
    pub fn same(&self, a: &str, b: &str) -> bool {
        self.key(a) == self.key(b)
    }

    fn part(&self, kind: ObjectKind, table: &str, name: &str) -> String {
        format!("{kind:?} {}.{}", self.key(table), name.to_lowercase())
    }

    /// Takes the statement's effect on names in.
    pub fn apply(&mut self, facts: &Facts, sql: &str) {
        if matches!(facts.kind, "unknown" | "do" | "call" | "execute" | "set" | "use" | "attach")
            || !facts.calls.is_empty()
        {
            self.clouded.get_or_insert_with(|| facts.kind.replace('_', " "));
        }
        for object in &facts.objects {
            let key = self.key(&object.name);
            match object.action {
                Action::Create | Action::Drop => _ = self.touched.insert(key),
                Action::Write => _ = self.filled.insert(key),
                Action::Alter | Action::Read => {}
            }
            if facts.kind == "create_table_as" && object.action == Action::Create {
                self.filled.insert(self.key(&object.name));
            }
            match (object.kind, object.action) {
                (kind, Action::Create) if is_relation(self.dialect, kind) => {
                    let key = self.key(&object.name);
                    self.gone.remove(&key);
                    let there = self.on_server(&object.name).filter(|_| facts.kind.starts_with("create"));
                    // `IF NOT EXISTS` leaves what is there.
                    let kept = there.filter(|_| !self.made.contains_key(&key));
                    self.made.insert(key, kept);
                }
                (kind, Action::Drop) if is_relation(self.dialect, kind) => {
                    let key = self.key(&object.name);
                    self.made.remove(&key);
                    self.gone.insert(key);
                }
                (kind @ (ObjectKind::Column | ObjectKind::Constraint), action) => {
                    let Some((table, name)) = object.name.rsplit_once('.') else { continue };
                    let part = self.part(kind, table, name);
                    self.turn(part, action);
                }
                (kind, action) => {
                    let key = format!("{kind:?} {}", self.fold(&object.name));
                    self.turn(key, action);
                }
            }
        }
        for renamed in Renamed::all(&Words::of(self.dialect, sql)) {
            self.rename(&renamed);
        }
    }

    fn turn(&mut self, key: String, action: Action) {
        match action {
            Action::Create => {
                self.gone_others.remove(&key);
                self.made_others.insert(key);
            }
            Action::Drop => {
                self.made_others.remove(&key);
                self.gone_others.insert(key);
            }
            Action::Alter | Action::Write | Action::Read => {}
        }
    }

    fn rename(&mut self, renamed: &Renamed) {
        let Renamed { kind, table, old, new, .. } = renamed;
        match (kind, table) {
            (_, None) => {
                let home = old.rsplit_once('.').map(|(schema, _)| schema);
                let new = match home {
                    Some(schema) if !new.contains('.') => format!("{schema}.{new}"),
                    _ => new.clone(),
                };
                let there = match self.find(old) {
                    Found::There(relation) => Some(relation),
                    Found::Made | Found::Missing => None,
                };
                let (old, new) = (self.key(old), self.key(&new));
                self.made.remove(&old);
                self.gone.insert(old);
                self.gone.remove(&new);
                self.made.insert(new, there);
            }
            (ObjectKind::Column | ObjectKind::Constraint, Some(table)) => {
                let (old, new) = (self.part(*kind, table, old), self.part(*kind, table, new));
                self.turn(old, Action::Drop);
                self.turn(new, Action::Create);
            }
            _ => {}
        }
    }
}

/// Kinds that live under one roof of names. An index of MySQL is a part of its table.
pub(super) fn is_relation(dialect: Dialect, kind: ObjectKind) -> bool {
    match kind {
        ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence => true,
        ObjectKind::Index => dialect != Dialect::Mysql,
        _ => false,
    }
}
