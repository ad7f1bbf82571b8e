//! What one statement is and does, as far as its text alone can tell.

use crate::source::Span;

/// What a statement does to a server, read from its text.
///
/// `None` in `blocks`, `rewrites`, `scans` and `builds_index` means that the text alone does not tell,
/// as does `None` in `lock` where `blocks` says something else than nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The statement's kind in snake case (`alter_table`, `create_index`, `update`); `unknown` where
    /// it could not be classified, and then `destructive` is set too.
    pub kind: &'static str,
    pub objects: Vec<Object>,
    /// The clauses of an `ALTER TABLE` and its like, and the columns and constraints of a `CREATE TABLE`, in their
    /// order (PostgreSQL alone).
    pub clauses: Vec<Clause>,
    /// What is lost for good, as a fragment that completes "this …" (`drops column users.email`).
    pub destructive: Option<String>,
    /// The clause that loses it, or the first of them, in bytes of the statement (`clauses`).
    pub destructive_at: Option<Span>,
    /// The strongest table lock, by the engine's own name (`ACCESS EXCLUSIVE`).
    pub lock: Option<Lock>,
    /// Every lock on something that the text names, strongest first and `lock` before all.
    pub locks: Vec<Lock>,
    pub blocks: Option<Blocks>,
    /// Whether a table gets new files: its rows are written again, or `TRUNCATE` leaves none.
    pub rewrites: Option<bool>,
    pub scans: Option<bool>,
    /// Whether an index is built from the rows of a table.
    pub builds_index: Option<bool>,
    pub transactional: Transactional,
    /// The statement that takes the effect back, where the text alone tells (`DROP INDEX i`). What was
    /// lost does not come back, nor what was replaced.
    pub reversible: Option<String>,
    /// Functions that it calls and that are not the engine's own, so that what they do is not known.
    pub calls: Vec<String>,
    /// True where the statement certainly only reads (`SELECT` without `INTO` or a data-modifying
    /// CTE, `SHOW`, `EXPLAIN` without `ANALYZE` …).
    pub reads_only: bool,
}

/// A part of a statement, what it alone costs, and the words that a finding about it points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    pub kind: ClauseKind,
    /// The words that say so (`SET NOT NULL`, `FOREIGN KEY`, a whole `DEFAULT now()`), in bytes of the statement.
    pub span: Span,
    /// The column, constraint, trigger or index that it is about, without its table; empty where it is none of
    /// them, or has no name.
    pub name: String,
    /// A column's type, the table that a foreign key refers to, the partition or parent, the new name or the new
    /// schema; else empty.
    pub to: String,
    /// `None` in these three is what the text does not tell, as in `Facts`.
    pub rewrites: Option<bool>,
    pub scans: Option<bool>,
    pub builds_index: Option<bool>,
}

/// What a clause does. Those of a column stand after its `Column`, and go by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClauseKind {
    /// A new column; `to` is its type.
    Column,
    /// A default that a new column has from the beginning.
    Default,
    Identity,
    /// `GENERATED … STORED`, and `VIRTUAL`.
    Stored,
    Virtual,
    /// NOT NULL of a new column, or as a constraint.
    NotNull,
    Check,
    Unique,
    PrimaryKey,
    ForeignKey,
    Exclude,
    Like,
    SetType,
    SetNotNull,
    DropNotNull,
    SetDefault,
    DropDefault,
    AddIdentity,
    DropIdentity,
    SetExpression,
    DropExpression,
    DropColumn,
    DropConstraint,
    AlterConstraint,
    ValidateConstraint,
    RenameColumn,
    RenameConstraint,
    Rename,
    SetSchema,
    AttachPartition,
    DetachPartition,
    DetachPartitionConcurrently,
    DetachPartitionFinalize,
    Inherit,
    NoInherit,
    SetLogged,
    SetUnlogged,
    SetTablespace,
    SetAccessMethod,
    EnableTrigger,
    DisableTrigger,
    Owner,
    ReplicaIdentity,
    RowSecurity,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    pub mode: &'static str,
    pub object: String,
}

/// Whom the lock keeps waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blocks {
    Nothing,
    Writes,
    /// Reads and writes.
    Everything,
}

/// Whether the engine lets the statement run inside a transaction, and undoes it with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transactional {
    Yes,
    /// The engine refuses it in a transaction; the reason names the engine's own rule.
    Never(&'static str),
    /// The engine commits before it and after it, so that no transaction holds it (MySQL 8.4 manual
    /// §15.3.3, "Statements That Cause an Implicit Commit"); the reason names the engine's own rule.
    Commits(&'static str),
    /// The statement itself opens, ends or marks a transaction (`BEGIN`, `COMMIT`, `SAVEPOINT`):
    /// the engine owns transactions, so a cell must not hold one.
    Control,
}

/// A database object that the statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub kind: ObjectKind,
    /// Schema-qualified as written, unquoted and case-folded as the engine does it (MySQL's names
    /// stay as written: whether their case counts is the server's setting). A column is
    /// `table.column`; in MySQL, where their names are per table, an index is `table.index` and a
    /// constraint `table.constraint`, with `PRIMARY` for the primary key.
    pub name: String,
    pub action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    Table,
    Column,
    Index,
    Constraint,
    View,
    Trigger,
    Function,
    Type,
    Sequence,
    Schema,
    Database,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Alter,
    Drop,
    Write,
    Read,
}
