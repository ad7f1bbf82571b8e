use std::ops::Range;

use super::key::{Constraint, columns_in, constraint};
use super::{ColumnDefinition, Definition, Key, KeyKind};
use crate::dialect::{AlterTable, Words};

impl Definition {
    /// None where the statement defines no part of a table.
    pub fn read(words: &Words<'_>) -> Option<Self> {
        if words.is(0, "alter") {
            return Self::of_alter(words);
        }
        if !words.is(0, "create") {
            return None;
        }
        const BEFORE_TABLE: [&str; 9] =
            ["or", "replace", "temp", "temporary", "unlogged", "global", "local", "foreign", "external"];
        let mut at = 1;
        let mut temporary = false;
        while BEFORE_TABLE.iter().any(|word| words.is(at, word)) {
            temporary |= words.is(at, "temp") || words.is(at, "temporary");
            at += 1;
        }
        if words.is(at, "table") {
            return Self::of_table(words, at + 1, temporary);
        }
        Self::of_index(words)
    }

    fn of_table(words: &Words<'_>, at: usize, temporary: bool) -> Option<Self> {
        let at = words.skip(at, &["if", "not", "exists"]);
        let (table, open) = words.name(at)?;
        if !words.is(open, "(") || words.is(open + 1, "like") || words.is(open + 1, "select") {
            return None;
        }
        let close = words.close(open);
        let options = close + 1..words.len();
        let mut definition = Self { table, at: at..open, makes: true, temporary, options, ..Self::default() };
        for item in words.list(open + 1..close) {
            definition.item(words, item, false);
        }
        (!definition.columns.is_empty()).then_some(definition)
    }

    fn of_alter(words: &Words<'_>) -> Option<Self> {
        let alter = AlterTable::read(words)?;
        let mut definition = Self { at: alter.at.clone(), table: alter.table, ..Self::default() };
        for clause in alter.clauses {
            let at = clause.start;
            if words.is(at, "add") {
                let at = words.skip(words.skip(at + 1, &["column"]), &["if", "not", "exists"]);
                if words.is(at, "(") {
                    for item in words.list(at + 1..words.close(at)) {
                        definition.item(words, item, false);
                    }
                } else if at < clause.end {
                    definition.item(words, at..clause.end, false);
                }
            } else if words.is(at, "modify") || words.is(at, "change") {
                let name = words.skip(words.skip(at + 1, &["column"]), &["if", "exists"]);
                let name = if words.is(at, "change") { words.name(name)?.1 } else { name };
                definition.item(words, name..clause.end, true);
            } else if words.is(at, "alter") {
                definition.retyped(words, clause);
            }
        }
        let says = !(definition.columns.is_empty()
            && definition.keys.is_empty()
            && definition.references.is_empty());
        says.then_some(definition)
    }

    /// PostgreSQL's `ALTER [COLUMN] c [SET DATA] TYPE t`.
    fn retyped(&mut self, words: &Words<'_>, clause: Range<usize>) {
        let name = words.skip(clause.start + 1, &["column"]);
        let Some((column, after)) = words.name(name) else { return };
        let after = words.skip(after, &["set", "data"]);
        if !words.is(after, "type") {
            return;
        }
        if let Some((mut found, ..)) = ColumnDefinition::read(words, after..clause.end) {
            (found.name, found.at, found.redefines) = (column, name..name + 1, true);
            self.columns.push(found);
        }
    }

    fn of_index(words: &Words<'_>) -> Option<Self> {
        let mut at = 1;
        while ["or", "replace", "online", "offline"].iter().any(|word| words.is(at, word)) {
            at += 1;
        }
        let kind = match words.text(at).to_ascii_lowercase().as_str() {
            "unique" => KeyKind::Unique,
            "fulltext" | "spatial" | "vector" => KeyKind::Other,
            _ => KeyKind::Plain,
        };
        if kind != KeyKind::Plain {
            at += 1;
        }
        if !words.is(at, "index") {
            return None;
        }
        let on = words.find_flat(at..words.len(), &["on"])?;
        let name_at = words.skip(words.skip(at + 1, &["concurrently"]), &["if", "not", "exists"]);
        let name = if name_at < on.start { words.name(name_at).map(|(name, _)| name) } else { None };
        let table_at = words.skip(on.end, &["only"]);
        let (table, after) = words.name(table_at)?;
        let open = words.find_flat(after..words.len(), &["("])?;
        let ordered =
            !words.is(after, "using") || ["btree", "hash"].iter().any(|method| words.is(after + 1, method));
        let (columns, plain, end) = columns_in(words, open.start)?;
        let partial = words.find_flat(end..words.len(), &["where"]).is_some();
        let kind = if ordered { kind } else { KeyKind::Other };
        let key = Key { kind, name, columns, plain, partial, at: open.start..end };
        Some(Self { table, at: table_at..after, keys: vec![key], ..Self::default() })
    }

    /// One part of the list of a table, or of what is added to it.
    fn item(&mut self, words: &Words<'_>, item: Range<usize>, redefines: bool) {
        let constraint = if redefines { None } else { constraint(words, item.clone()) };
        match constraint {
            Some(Constraint::Key(key)) => self.keys.push(key),
            Some(Constraint::Reference(reference)) => self.references.push(reference),
            Some(Constraint::Other) => {}
            None => {
                let Some((mut column, keys, references)) = ColumnDefinition::read(words, item) else {
                    return;
                };
                column.redefines = redefines;
                self.columns.push(column);
                self.keys.extend(keys);
                self.references.extend(references);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    fn shown(dialect: Dialect, sql: &str) -> String {
        let words = Words::of(dialect, sql);
        let Some(definition) = Definition::read(&words) else { return "nothing".to_owned() };
        let mut parts = vec![definition.table];
        parts.extend(definition.columns.iter().map(|column| {
            let default = column.default.clone().map_or("", |at| words.written(at));
            let flags = [(column.not_null, " not null"), (column.generated, " generated")];
            let flags: String = flags.iter().filter(|(is, _)| *is).map(|(_, text)| *text).collect();
            format!("{} <{}>{flags} {default}", column.name, column.kind).trim_end().to_owned()
        }));
        parts.extend(definition.keys.iter().map(|key| format!("{:?} {:?}", key.kind, key.columns)));
        parts.extend(definition.references.iter().map(|reference| {
            let cascades = if reference.cascades.is_some() { " cascades" } else { "" };
            format!("{:?} -> {} {:?}{cascades}", reference.columns, reference.table, reference.to)
        }));
        parts.join("; ")
    }

    #[test]
    fn a_table_is_its_columns_keys_and_references() {
        let sql = "CREATE TABLE app.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamp(3) without \
                   time zone NOT NULL DEFAULT now(), tags text[] DEFAULT '{}', note character varying(20) COLLATE \"C\", \
                   user_id int REFERENCES users ON DELETE CASCADE, \"check\" numeric(1, 2), CHECK (id > 0), \
                   CONSTRAINT u UNIQUE (at, note), FOREIGN KEY (user_id, note) REFERENCES app.users (id, n))";
        assert_eq!(
            shown(Dialect::Postgres, sql),
            "app.orders; id <bigint> not null generated; at <timestamp without time zone> not null now(); tags <text[]> '{}'; \
             note <character varying>; user_id <int>; check <numeric>; Primary [\"id\"]; Unique [\"at\", \"note\"]; \
             [\"user_id\"] -> users [] cascades; [\"user_id\", \"note\"] -> app.users [\"id\", \"n\"]"
        );
    }

    #[test]
    fn mysql_has_keys_among_its_columns() {
        let sql = "CREATE TABLE IF NOT EXISTS `t` (`id` int(11) unsigned NOT NULL AUTO_INCREMENT COMMENT 'x, y', `key` varchar(9) \
                   CHARACTER SET utf8 DEFAULT NULL, d datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, \
                   PRIMARY KEY (`id`), UNIQUE KEY u (d), KEY k (`key`(4), d DESC), FULLTEXT f (`key`)) ENGINE=InnoDB";
        assert_eq!(
            shown(Dialect::Mysql, sql),
            "t; id <int unsigned> not null generated; key <varchar> NULL; d <datetime> CURRENT_TIMESTAMP; Primary [\"id\"]; \
             Unique [\"d\"]; Plain [\"key\", \"d\"]; Other [\"key\"]"
        );
        assert_eq!(
            shown(
                Dialect::Mysql,
                "ALTER TABLE t ADD (a int, b int NOT NULL), CHANGE COLUMN c d varchar(3) AFTER a, ADD KEY (a)"
            ),
            "t; a <int>; b <int> not null; d <varchar>; Plain [\"a\"]"
        );
    }

    #[test]
    fn sqlite_needs_no_types() {
        assert_eq!(
            shown(
                Dialect::Sqlite,
                "CREATE TEMP TABLE t (a, b PRIMARY KEY, [c d] INTEGER DEFAULT -1, UNIQUE (a, b)) STRICT"
            ),
            "t; a <>; b <> not null; c d <integer> -1; Primary [\"b\"]; Unique [\"a\", \"b\"]"
        );
    }

    #[test]
    fn indexes_and_what_defines_nothing() {
        assert_eq!(
            shown(
                Dialect::Postgres,
                "CREATE UNIQUE INDEX CONCURRENTLY i ON ONLY s.t USING btree (lower(a), b DESC) WHERE c"
            ),
            "s.t; Unique [\"lower(a)\", \"b\"]"
        );
        assert_eq!(shown(Dialect::Postgres, "CREATE INDEX ON t USING gin (a)"), "t; Other [\"a\"]");
        assert_eq!(
            shown(Dialect::Postgres, "ALTER TABLE t ALTER c SET DATA TYPE int USING c::int"),
            "t; c <int>"
        );
        for sql in
            ["CREATE TABLE t AS SELECT 1", "CREATE TABLE t (LIKE u)", "ALTER TABLE t DROP a", "SELECT 1"]
        {
            assert_eq!(shown(Dialect::Postgres, sql), "nothing", "{sql}");
        }
    }
}
