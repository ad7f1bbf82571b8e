/// What a database says of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    /// Columns of the primary key, in order.
    pub primary_key: Vec<String>,
    /// Columns of each unique index, in order, the primary key among them.
    pub unique: Vec<Vec<String>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Its type, as the engine prints it. SQLite has columns without one.
    pub kind: String,
    pub nullable: bool,
    /// The expression of its default.
    pub default: Option<String>,
    /// Its collation, where a definition that leaves it out would give the column another one.
    pub collation: Option<String>,
    /// The engine computes it: no statement may write it.
    pub generated: bool,
}

/// How large a table is, and what hangs on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// About how many rows it has: the server's own estimate where it keeps one.
    pub rows: Option<u64>,
    /// What it takes on disk, with its indexes.
    pub bytes: Option<u64>,
    /// Indexes, foreign keys of other tables, views and triggers, each as its kind and its name.
    pub dependants: Vec<String>,
}
