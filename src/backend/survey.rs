//! One look at a database: what it says of the things that a plan touches, as plain values.
//!
//! It reads, on a connection of its own and with short limits, and never waits in a lock's queue: a
//! question that would is left out, or answered from the catalog alone. What the server does not tell
//! this user is a line in `unseen` and no failure. What the answers mean for a plan is not judged here.

use std::collections::{BTreeMap, BTreeSet};

use super::{Address, Answer, Blocker, DbError, mysql, postgres, sqlite};
use crate::dialect::{Dialect, Object, ObjectKind, TokenKind, lex};

/// What to look for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Tables, views, indexes, columns …, by the names that statements give them.
    pub objects: Vec<Object>,
}

/// What there is.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// The schema or database of a name that has none.
    pub schema: String,
    /// Whether a name's case means nothing.
    pub folds_case: bool,
    /// Whether the server was able to say which relations there are.
    pub has_names: bool,
    pub relations: Vec<Relation>,
    /// Types, functions, triggers, schemas … that exist, by the names that were asked for.
    pub others: Vec<(ObjectKind, String)>,
    /// Settings by name, as the server prints them.
    pub settings: BTreeMap<String, String>,
    /// What it says of itself, a line each.
    pub notes: Vec<Note>,
    /// Open transactions of this database, the oldest first.
    pub transactions: Vec<Blocker>,
    /// Locks on the whole database, which is one file.
    pub held: Vec<Held>,
    /// Bytes of the whole database, where it is one file.
    pub bytes: Option<u64>,
    /// Bytes that are free where the data is; None where the server does not tell.
    pub free_bytes: Option<u64>,
    /// What could not be seen, and why, a line each.
    pub unseen: Vec<String>,
}

/// A line about the server, under a heading (`replication`, `transactions`, `file`).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Note {
    pub topic: &'static str,
    pub text: String,
    /// Whether it asks for a decision before the run.
    pub alarming: bool,
}

/// A table, view, index or sequence that exists.
#[derive(Clone, Debug, Default)]
pub struct Relation {
    /// The name that was asked for.
    pub name: String,
    /// With its schema.
    pub called: String,
    /// The server's word: `table`, `partitioned table`, `view`, `index`.
    pub kind: String,
    /// The table of an index.
    pub table: Option<String>,
    pub rows: Option<u64>,
    /// Where the number of rows comes from, and how old it is.
    pub rows_from: String,
    /// Bytes of its rows, with what is stored aside of them.
    pub bytes: Option<u64>,
    pub index_bytes: Option<u64>,
    /// Where the bytes come from.
    pub bytes_from: String,
    pub indexes: u64,
    /// Partitions and children that the figures are the sum of.
    pub partitions: u64,
    pub columns: Vec<Column>,
    pub constraints: Vec<Constraint>,
    pub dependants: Vec<Dependant>,
    /// Locks that others hold or wait for.
    pub held: Vec<Held>,
    /// What shows that it is used; None where nothing counts it.
    pub usage: Option<Usage>,
}

#[derive(Clone, Debug, Default)]
pub struct Column {
    pub name: String,
    /// As the server prints it.
    pub kind: String,
    pub nullable: bool,
    /// Bytes that a value takes on average, as far as statistics tell.
    pub width: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Constraint {
    pub name: String,
    /// As the server prints it: `CHECK ((a > 0))`.
    pub definition: String,
    pub validated: bool,
    /// The table that a foreign key points at.
    pub references: Option<String>,
}

/// Something that needs a relation or one of its columns.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Dependant {
    /// `view recent_orders`, `foreign key items_order on items`.
    pub what: String,
    /// The column that it needs; None for the relation itself.
    pub column: Option<String>,
    pub bond: Bond,
}

/// What becomes of a dependant when the thing that it needs is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bond {
    /// The server refuses the drop.
    Refuses,
    /// It would refuse, and `CASCADE` takes the dependant too.
    Falls,
    /// The server lets it go, and the dependant fails when it is used next.
    Breaks,
    /// Its text has the name in it; whether it means this thing is not known.
    Mentions,
    /// It goes too.
    Goes,
    /// A foreign key of its own, to another table.
    Points,
}

/// A lock that another session has on a relation, or waits for.
#[derive(Clone, Debug)]
pub struct Held {
    /// The server's word for it.
    pub mode: String,
    pub granted: bool,
    pub by: Blocker,
}

/// Since when the server counts, and what it has counted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Usage {
    pub reads: u64,
    pub writes: u64,
    /// `since 2026-11-01 09:30 UTC`.
    pub since: String,
    /// Statements that mention it, those with the most calls first.
    pub statements: Vec<Seen>,
}

/// A statement that the server has seen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Seen {
    /// The column that it mentions beside its table; None where only the table was looked for.
    pub column: Option<String>,
    pub calls: u64,
    /// Cut, without its literals.
    pub query: String,
}

/// Looks at the database at `address`.
pub async fn survey(address: &Address, wanted: &Wanted) -> Result<Sight, DbError> {
    match address {
        Address::Sqlite { path } => sqlite::survey(path, wanted).await,
        Address::Mysql { options } => mysql::survey(options, wanted).await,
        Address::Postgres { options } => postgres::survey(options, wanted).await,
    }
}

impl Wanted {
    /// Names of relations: of the objects that are one, and of those that are parts of one.
    pub(super) fn relations(&self) -> BTreeSet<&str> {
        use ObjectKind as K;
        let relations = self
            .objects
            .iter()
            .filter(|object| matches!(object.kind, K::Table | K::View | K::Index | K::Sequence));
        relations.map(|object| object.name.as_str()).collect()
    }

    /// Columns by table and name.
    pub(super) fn columns(&self) -> BTreeSet<(&str, &str)> {
        let columns = self.objects.iter().filter(|object| object.kind == ObjectKind::Column);
        columns.filter_map(|object| object.name.rsplit_once('.')).collect()
    }
}

impl Sight {
    pub(super) fn note(&mut self, topic: &'static str, alarming: bool, text: impl Into<String>) {
        self.notes.push(Note { topic, text: text.into(), alarming });
    }

    /// Takes in which of the wanted objects are there: the answer has their places in the list.
    pub(super) fn found(&mut self, wanted: &Wanted, answer: &Answer) {
        let places = answer.rows.iter().flatten().flatten().filter_map(|text| text.parse::<usize>().ok());
        let found = places.filter_map(|place| wanted.objects.get(place));
        self.others = found.map(|object| (object.kind, object.name.clone())).collect();
    }

    /// Takes an answer, or says that there is none. A connection that is lost ends the look.
    pub(super) fn take<T>(&mut self, what: &str, answer: Result<T, DbError>) -> Result<Option<T>, DbError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(DbError::Refused(refusal)) => {
                self.unseen.push(format!("{what}: {refusal}"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether the text has the name in it as a whole word, quoted or not.
pub(super) fn mentions(dialect: Dialect, text: &str, name: &str) -> bool {
    lex(dialect, text).iter().any(|token| {
        let word = &text[token.span.start..token.span.end];
        match token.kind {
            TokenKind::Word => word.eq_ignore_ascii_case(name),
            TokenKind::QuotedIdent => word
                .get(1..word.len().saturating_sub(1))
                .is_some_and(|inside| inside.eq_ignore_ascii_case(name)),
            _ => false,
        }
    })
}
