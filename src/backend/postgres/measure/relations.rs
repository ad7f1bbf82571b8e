//! The relations of a database as the catalog has them at one moment.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::postgres::PgConnection;

use super::super::super::DbError;
use super::super::super::measure::{Relation, stronger};
use super::super::session::run;
use crate::dialect::{Dialect, Facts, identifier};

/// What nobody else can see, the server's own, and types that are no relations but in the catalog, are left out.
const RELATIONS: &str = "SELECT c.oid, c.relkind, n.nspname, c.relname, pg_table_is_visible(c.oid), c.relfilenode, i.indrelid, \
    (SELECT string_agg(inhparent::text, ' ') FROM pg_inherits WHERE inhrelid = c.oid) \
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid \
    WHERE c.relpersistence <> 't' AND c.relkind <> 'c' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// By object id.
pub(super) struct Relations(BTreeMap<String, Entry>);

pub(super) struct Entry {
    kind: String,
    schema: String,
    name: String,
    is_visible: bool,
    /// Another number is another file.
    file: String,
    /// The table of an index.
    table: Option<String>,
    parents: Vec<String>,
}

impl Relations {
    pub(super) async fn read(conn: &mut PgConnection) -> Result<Self, DbError> {
        let answer = run(conn, RELATIONS.to_owned(), u64::MAX).await?;
        let entry = |row: usize| {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            let entry = Entry {
                kind: cell(1),
                schema: cell(2),
                name: cell(3),
                is_visible: cell(4) == "t",
                file: cell(5),
                table: answer.cell(row, 6).map(str::to_owned),
                parents: cell(7).split_whitespace().map(str::to_owned).collect(),
            };
            (cell(0), entry)
        };
        Ok(Self((0..answer.rows.len()).map(entry).collect()))
    }

    /// The tables and materialized views among these, by the names that statements give them.
    pub(super) fn tables(&self, oids: &BTreeSet<String>) -> Vec<String> {
        let tables = oids.iter().filter_map(|oid| self.0.get(oid)).filter(|entry| entry.has_rows());
        let mut names: Vec<String> = tables.map(Entry::called).collect();
        names.sort();
        names
    }

    /// Tables that have other files than `before`.
    pub(super) fn rewritten(&self, before: &Self) -> Vec<String> {
        let is_new = |(oid, was): &(&String, &Entry)| {
            was.has_rows() && self.0.get(*oid).is_some_and(|now| now.file != was.file)
        };
        let mut names: Vec<String> = before.0.iter().filter(is_new).map(|(_, was)| was.called()).collect();
        names.sort();
        names
    }

    /// Indexes with another file than `before`, on tables that were there.
    pub(super) fn built(&self, before: &Self) -> Vec<String> {
        let is_built = |(oid, now): &(&String, &Entry)| {
            let of = now.table.as_ref().filter(|table| before.0.contains_key(*table));
            now.kind == "i" && of.is_some() && before.0.get(*oid).is_none_or(|was| was.file != now.file)
        };
        let mut names: Vec<String> = self.0.iter().filter(is_built).map(|(_, now)| now.called()).collect();
        names.sort();
        names
    }

    /// Tables that the statement names, or whose indexes it names, as SQL takes them.
    pub(super) fn named_tables(&self, facts: &Facts) -> Vec<String> {
        let is_meant = |entry: &Entry| facts.objects.iter().any(|object| entry.is_named(&object.name));
        let meant = self.0.iter().filter(|(_, entry)| is_meant(entry));
        let tables: BTreeSet<&String> =
            meant.map(|(oid, entry)| entry.table.as_ref().unwrap_or(oid)).collect();
        let tables = tables.into_iter().filter_map(|oid| self.0.get(oid));
        let plain = tables.filter(|entry| matches!(entry.kind.as_str(), "r" | "p"));
        plain.map(Entry::quoted).collect()
    }

    /// Those that the statement names or had locked.
    pub(super) fn locked(&self, facts: &Facts, locks: &[(String, &'static str)]) -> Vec<Relation> {
        let mut strongest: BTreeMap<&str, &'static str> = BTreeMap::new();
        for (oid, mode) in locks {
            let held = strongest.get(oid.as_str()).copied();
            strongest.insert(oid, stronger(Dialect::Postgres, held, mode));
        }
        let names = facts.objects.iter().map(|object| &object.name);
        let names: BTreeSet<&String> = names.chain(facts.locks.iter().map(|lock| &lock.object)).collect();
        let mut found: Vec<Relation> = Vec::new();
        for (oid, entry) in &self.0 {
            let lock = strongest.get(oid.as_str()).copied();
            if lock.is_some() || names.iter().any(|name| entry.is_named(name)) {
                found.push(Relation {
                    name: entry.called(),
                    full: entry.full(),
                    is_index: entry.table.is_some(),
                    part_of: self.above(oid),
                    lock,
                });
            }
        }
        found.sort_by(|a, b| a.full.cmp(&b.full));
        found
    }

    /// What the relation is a part of.
    fn above(&self, oid: &str) -> Vec<String> {
        let mut found: Vec<&String> = Vec::new();
        let mut left = vec![oid];
        while let Some(oid) = left.pop() {
            for above in
                self.0.get(oid).into_iter().flat_map(|entry| entry.table.iter().chain(&entry.parents))
            {
                if !found.contains(&above) {
                    found.push(above);
                    left.push(above);
                }
            }
        }
        found.into_iter().filter_map(|oid| self.0.get(oid)).map(Entry::full).collect()
    }
}

impl Entry {
    fn has_rows(&self) -> bool {
        matches!(self.kind.as_str(), "r" | "m")
    }

    fn full(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    fn called(&self) -> String {
        if self.is_visible { self.name.clone() } else { self.full() }
    }

    fn is_named(&self, name: &str) -> bool {
        (self.is_visible && self.name == name) || self.full() == name
    }

    fn quoted(&self) -> String {
        // The catalog has no name that an identifier could not be.
        let part = |name: &str| identifier(Dialect::Postgres, name).unwrap_or_default();
        format!("{}.{}", part(&self.schema), part(&self.name))
    }
}
