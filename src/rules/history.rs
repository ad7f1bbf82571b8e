//! What a runbook itself has done by the time that a statement runs.

use std::collections::HashMap;
use std::ops::Range;

use super::context::Site;
use crate::dialect::{Action, ObjectKind, Words, last_part};

/// Names are compared without their schema and their case: a mistake leaves a finding out.
#[derive(Debug, Default)]
pub struct History {
    /// Tables that were made, with the moment and the era.
    tables: HashMap<String, Vec<(usize, usize)>>,
    /// The table of each index that was built.
    indexes: HashMap<String, String>,
    /// When a `CHECK` began and ceased to prove that a column holds no NULL, by table and column.
    proofs: HashMap<(String, String), Vec<Proof>>,
}

#[derive(Clone, Debug)]
struct Proof {
    constraint: Option<String>,
    holds: Range<usize>,
}

const NEVER: usize = usize::MAX;

impl History {
    /// Of the forward statements among `sites`.
    pub fn of(sites: &[Site<'_>]) -> Self {
        let mut history = Self::default();
        for site in sites.iter().filter(|site| site.is_forward()) {
            history.read(site);
        }
        history
    }

    /// Of the statements of one cell, whatever its role.
    pub fn of_cell(sites: &[Site<'_>]) -> Self {
        let mut history = Self::default();
        sites.iter().for_each(|site| history.read(site));
        history
    }

    pub fn is_new(&self, table: &str, site: &Site<'_>) -> bool {
        let made = self.tables.get(&key(table));
        made.is_some_and(|made| made.iter().any(|(moment, era)| *moment <= site.moment && *era == site.era))
    }

    pub fn table_of(&self, index: &str) -> Option<&str> {
        self.indexes.get(&key(index)).map(String::as_str)
    }

    pub fn proves_not_null(&self, table: &str, column: &str, moment: usize) -> bool {
        let proofs = self.proofs.get(&(key(table), key(column)));
        proofs.is_some_and(|proofs| {
            proofs.iter().any(|proof| proof.holds.start < moment && moment <= proof.holds.end)
        })
    }

    fn read(&mut self, site: &Site<'_>) {
        let words = &site.words;
        if site.kind().starts_with("create_table") {
            if words.find_flat(words.all(), &["if", "not", "exists"]).is_some() {
                return;
            }
            for object in &site.statement.facts.objects {
                if object.kind == ObjectKind::Table && object.action == Action::Create {
                    self.tables.entry(key(&object.name)).or_default().push((site.moment, site.era));
                }
            }
        }
        if let ("create_index", Some(table)) = (site.kind(), site.table()) {
            let objects = site.statement.facts.objects.iter().filter(|o| o.kind == ObjectKind::Index);
            self.indexes.extend(objects.map(|index| (key(&index.name), table.to_owned())));
        }
        let Some(alter) = site.alter_table() else { return };
        for clause in &alter.clauses {
            if let Some(check) = Check::read(words, clause.clone()) {
                let valid = words.find_flat(clause.clone(), &["not", "valid"]).is_none();
                let holds = if valid { site.moment..NEVER } else { NEVER..NEVER };
                for column in check.not_null {
                    let proof = Proof { constraint: check.name.clone(), holds: holds.clone() };
                    self.proofs.entry((key(&alter.table), column)).or_default().push(proof);
                }
            } else if let Some(name) = named(words, clause, "validate") {
                for proof in self.of_constraint(&alter.table, &name) {
                    proof.holds.start = proof.holds.start.min(site.moment);
                }
            } else if let Some(name) = named(words, clause, "drop") {
                for proof in self.of_constraint(&alter.table, &name) {
                    proof.holds.end = site.moment;
                }
            }
        }
    }

    fn of_constraint<'h>(&'h mut self, table: &str, name: &'h str) -> impl Iterator<Item = &'h mut Proof> {
        let table = key(table);
        self.proofs
            .iter_mut()
            .filter(move |((of, _), _)| *of == table)
            .flat_map(|(_, proofs)| proofs)
            .filter(move |proof| proof.constraint.as_deref() == Some(name))
    }
}

/// `VALIDATE CONSTRAINT name`, `DROP CONSTRAINT [IF EXISTS] name`.
fn named(words: &Words<'_>, clause: &Range<usize>, verb: &str) -> Option<String> {
    if !words.starts(clause.start, &[verb, "constraint"]) {
        return None;
    }
    words.name(words.skip(clause.start + 2, &["if", "exists"])).map(|(name, _)| key(&name))
}

/// `ADD [CONSTRAINT name] CHECK (…)`.
struct Check {
    name: Option<String>,
    /// Columns of which it says `IS NOT NULL`, and which it therefore proves.
    not_null: Vec<String>,
}

impl Check {
    fn read(words: &Words<'_>, clause: Range<usize>) -> Option<Self> {
        if !words.is(clause.start, "add") {
            return None;
        }
        let (mut at, mut name) = (clause.start + 1, None);
        if words.is(at, "constraint") {
            let (given, end) = words.name(at + 1)?;
            (at, name) = (end, Some(key(&given)));
        }
        if !words.starts(at, &["check", "("]) {
            return None;
        }
        let close = words.close(at + 1);
        let mut not_null = Vec::new();
        let mut start = at + 2;
        while start < close {
            let end = words.find_flat(start..close, &["and"]).map_or(close, |and| and.start);
            if let Some((column, after)) = words.name(words.skip(start, &["("]))
                && words.starts(after, &["is", "not", "null"])
                && end <= after + 4
            {
                not_null.push(key(&column));
            }
            start = end + 1;
        }
        Some(Self { name, not_null })
    }
}

fn key(name: &str) -> String {
    last_part(name).to_lowercase()
}
