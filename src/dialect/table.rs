/// What a database says of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    /// Columns of the primary key, in order.
    pub primary_key: Vec<String>,
    /// Columns of each unique index, in order, the primary key among them.
    pub unique: Vec<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// Its type, as the engine prints it. SQLite has columns without one.
    pub kind: String,
    pub nullable: bool,
}
