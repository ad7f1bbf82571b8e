//! What a runbook itself says that tables consist of, when all of it has run.

use std::collections::BTreeMap;
use std::ops::Range;

use super::context::Site;
use crate::dialect::{ColumnDefinition, Definition, Key, Reference, Words, last_part};

/// Names are compared without their schema and their case: a mistake leaves a finding out.
#[derive(Debug, Default)]
pub struct Schema {
    tables: BTreeMap<String, Table>,
}

/// A table of which the runbook says something.
#[derive(Debug)]
pub struct Table {
    pub name: String,
    /// The table's name where the runbook makes it; None where it was there before, so that not all of
    /// it is known.
    pub made: Option<Placed<Range<usize>>>,
    pub temporary: bool,
    pub columns: Vec<Placed<ColumnDefinition>>,
    pub keys: Vec<Placed<Key>>,
    pub references: Vec<Placed<Reference>>,
}

/// A part with the statement that says it, as its place in `Context::sites`.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    pub site: usize,
    pub part: T,
}

impl Schema {
    /// Of the forward statements among `sites`.
    pub fn of(sites: &[Site<'_>]) -> Self {
        let mut schema = Self::default();
        for (at, site) in sites.iter().enumerate().filter(|(_, site)| site.is_forward()) {
            if let Some(definition) = &site.defines {
                schema.add(at, definition);
            }
            schema.take_away(&site.words);
        }
        schema
    }

    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&key(name))
    }

    /// The tables that the runbook makes and leaves behind.
    pub fn made(&self) -> impl Iterator<Item = (&Table, &Placed<Range<usize>>)> {
        let lasting = self.tables().filter(|table| !table.temporary);
        lasting.filter_map(|table| table.made.as_ref().map(|made| (table, made)))
    }

    fn add(&mut self, site: usize, definition: &Definition) {
        let key = key(&definition.table);
        if definition.makes {
            self.tables.remove(&key);
        }
        let table = self.tables.entry(key).or_insert_with(|| Table {
            name: definition.table.clone(),
            made: None,
            temporary: false,
            columns: Vec::new(),
            keys: Vec::new(),
            references: Vec::new(),
        });
        if definition.makes {
            table.made = Some(Placed { site, part: definition.at.clone() });
            table.temporary = definition.temporary;
        }
        for column in &definition.columns {
            table.columns.retain(|known| !is(&known.part.name, &column.name));
            table.columns.push(Placed { site, part: column.clone() });
        }
        table.keys.extend(definition.keys.iter().map(|key| Placed { site, part: key.clone() }));
        let references = definition.references.iter();
        table.references.extend(references.map(|reference| Placed { site, part: reference.clone() }));
    }

    /// What is dropped or has another name.
    fn take_away(&mut self, words: &Words<'_>) {
        if words.starts(0, &["drop", "table"]) {
            for item in words.list(words.skip(2, &["if", "exists"])..words.len()) {
                if let Some((name, _)) = words.name(item.start) {
                    self.tables.remove(&key(&name));
                }
            }
        } else if words.starts(0, &["drop", "index"]) {
            let at = words.skip(words.skip(2, &["concurrently"]), &["if", "exists"]);
            if let Some((name, _)) = words.name(at) {
                self.tables.values_mut().for_each(|table| table.drop_key(&name));
            }
        }
        let Some(alter) = crate::dialect::AlterTable::read(words) else { return };
        let mut known_as = key(&alter.table);
        for clause in alter.clauses {
            let at = clause.start;
            let Some(table) = self.tables.get_mut(&known_as) else { return };
            if words.starts(at, &["rename", "to"]) {
                if let Some((name, _)) = words.name(at + 2)
                    && let Some(mut table) = self.tables.remove(&known_as)
                {
                    known_as = key(&name);
                    table.name = name;
                    self.tables.insert(known_as.clone(), table);
                }
            } else if words.is(at, "drop") {
                let part = ["constraint", "index", "key"].iter().find(|part| words.is(at + 1, part));
                let name = words.skip(at + 1 + usize::from(part.is_some()), &["column"]);
                let Some((name, _)) = words.name(words.skip(name, &["if", "exists"])) else { continue };
                match part {
                    Some(_) => table.drop_key(&name),
                    None => table.columns.retain(|column| !is(&column.part.name, &name)),
                }
            }
        }
    }
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Placed<ColumnDefinition>> {
        self.columns.iter().find(|column| is(&column.part.name, name))
    }

    fn drop_key(&mut self, name: &str) {
        self.keys.retain(|key| !key.part.name.as_deref().is_some_and(|own| is(own, name)));
    }
}

/// What names that mean one thing have in common.
fn key(name: &str) -> String {
    last_part(name).to_ascii_lowercase()
}

/// Whether two names mean one thing, with or without their schemas.
pub fn is(a: &str, b: &str) -> bool {
    last_part(a).eq_ignore_ascii_case(last_part(b))
}
