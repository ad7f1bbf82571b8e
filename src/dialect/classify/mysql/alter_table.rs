use super::super::draft::Draft;
use super::super::spelling::spelled;
use super::column::{Definition, references};
use super::cost::Costs;
use super::cursor::Cursor;
use super::statement::COMMITS;
use super::{drop, partition, table_option};
use crate::dialect::{Action, Dialect, ObjectKind};

/// A change of one table, clause by clause. A clause that is not known makes the whole unknown.
pub(super) struct Change<'p, 'a> {
    pub(super) draft: Draft,
    pub(super) costs: Costs,
    pub(super) table: String,
    /// Whether what is added was certainly not there before.
    fresh: bool,
    pub(super) cursor: Cursor<'p, 'a>,
}

/// `ALTER [ONLINE] [IGNORE] TABLE`, of which `ALTER` has been read.
pub(super) fn read(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let mut costs = Costs::default();
    if cursor.eat("online") {
        costs.online();
    }
    let ignores = cursor.eat("ignore");
    if !cursor.eat("table") {
        return None;
    }
    cursor.if_exists();
    let table = cursor.name()?;
    drop::wait(&mut cursor);
    let mut draft = Draft::new("alter_table");
    draft.commits(COMMITS);
    draft.object(ObjectKind::Table, &table, Action::Alter);
    if ignores {
        draft.loses(format!("deletes rows of {table} that a new key would refuse"));
    }
    draft.undo_begins(format!("ALTER TABLE {} ", written(&table)));
    let mut change = Change { draft, costs, table, fresh: true, cursor };
    while !change.cursor.is_done() {
        change.clause()?;
        change.cursor.mark(",");
    }
    let Change { mut draft, costs, table, .. } = change;
    costs.apply(&mut draft, &table);
    Some(draft)
}

/// A name as the user would write it.
pub(super) fn written(name: &str) -> String {
    spelled(Dialect::Mysql, name)
}

impl Change<'_, '_> {
    fn of(&self, name: &str) -> String {
        format!("{}.{name}", self.table)
    }

    fn clause(&mut self) -> Option<()> {
        if self.costs.option(&mut self.cursor)? {
            return Some(());
        }
        let (objects, undone) = (self.draft.objects().len(), self.draft.undone());
        self.one_clause()?;
        if self.draft.undone() == undone {
            self.draft.undo(None);
        }
        let added = &self.draft.objects()[objects..];
        let columns = added.iter().any(|o| o.kind == ObjectKind::Column && o.action != Action::Alter);
        self.costs.clause(columns);
        Some(())
    }

    fn one_clause(&mut self) -> Option<()> {
        let cursor = &mut self.cursor;
        match (cursor.word(), cursor.word_after(1)) {
            ("add", "partition") | ("drop", "partition") | ("convert", "partition" | "table") => {
                partition::clause(self)
            }
            (
                "truncate" | "coalesce" | "reorganize" | "exchange" | "analyze" | "check" | "optimize"
                | "rebuild" | "repair" | "discard" | "import",
                "partition",
            )
            | ("remove" | "upgrade", "partitioning")
            | ("partition", "by") => partition::clause(self),
            ("add", _) => self.add(),
            ("drop", _) => self.drop(),
            ("modify", _) => self.modify(),
            ("change", _) => self.change(),
            ("alter", _) => self.alter(),
            ("rename", _) => self.rename(),
            _ => table_option::clause(self),
        }
    }

    fn add(&mut self) -> Option<()> {
        let cursor = &mut self.cursor;
        cursor.next();
        match (cursor.word(), cursor.word_after(1)) {
            ("constraint" | "primary" | "unique" | "foreign" | "check", _) => self.add_constraint(),
            ("index" | "key", _) => {
                cursor.next();
                self.add_index(ObjectKind::Index, None)?;
                self.costs.builds();
                Some(())
            }
            ("fulltext" | "spatial", _) | ("vector", "index" | "key") => {
                let fulltext = cursor.next()?.word != "spatial";
                cursor.eat_any(&["index", "key"]);
                self.add_index(ObjectKind::Index, None)?;
                self.costs.builds_closed();
                if fulltext {
                    self.costs.may_rewrite();
                }
                Some(())
            }
            ("period", "for") => {
                cursor.next();
                cursor.next();
                cursor.simple_name()?;
                cursor.group()?;
                self.costs.unknown();
                Some(())
            }
            ("system", "versioning") => {
                cursor.next();
                cursor.next();
                self.costs.unknown();
                Some(())
            }
            _ => {
                cursor.eat("column");
                self.fresh = !cursor.if_not_exists();
                if let Some(columns) = cursor.group() {
                    for column in super::cursor::list(columns) {
                        let mut column = Cursor::new(column);
                        self.add_column(&mut column)?;
                        column.is_done().then_some(())?;
                    }
                    return Some(());
                }
                let mut cursor = self.cursor;
                self.add_column(&mut cursor)?;
                self.cursor = cursor;
                Some(())
            }
        }
    }

    fn add_column(&mut self, cursor: &mut Cursor<'_, '_>) -> Option<()> {
        let name = cursor.simple_name()?;
        self.draft.undo(self.fresh.then(|| format!("DROP COLUMN {}", written(&name))));
        let name = self.of(&name);
        let column = Definition::read(cursor)?;
        self.draft.object(ObjectKind::Column, name, Action::Create);
        if let Some(table) = &column.references {
            self.draft.object(ObjectKind::Table, table, Action::Read);
        }
        self.draft.builds_index(Some(column.is_key()));
        column.add_costs(&mut self.costs);
        Some(())
    }

    /// `[CONSTRAINT [name]]` and what is constrained.
    fn add_constraint(&mut self) -> Option<()> {
        let cursor = &mut self.cursor;
        let mut name = None;
        if cursor.eat("constraint") {
            cursor.if_not_exists();
            if !matches!(cursor.word(), "primary" | "unique" | "foreign" | "check") {
                name = Some(cursor.simple_name()?);
            }
        }
        match cursor.next()?.word.as_str() {
            "primary" if cursor.eat("key") => {
                self.draft.undo(Some("DROP PRIMARY KEY".to_owned()));
                self.add_index(ObjectKind::Constraint, Some("PRIMARY".to_owned()))?;
                self.costs.adds_key();
            }
            "unique" => {
                cursor.eat_any(&["index", "key"]);
                self.add_index(ObjectKind::Index, name)?;
                self.costs.builds();
            }
            "foreign" if cursor.eat("key") => {
                cursor.if_not_exists();
                let own = cursor.simple_name();
                cursor.group()?;
                if !cursor.eat("references") {
                    return None;
                }
                let referenced = references(cursor)?;
                if let Some(name) = name.or(own) {
                    self.draft.undo(Some(format!("DROP FOREIGN KEY {}", written(&name))));
                    let name = self.of(&name);
                    self.draft.object(ObjectKind::Constraint, name, Action::Create);
                }
                self.draft.object(ObjectKind::Table, referenced, Action::Read);
                // With foreign_key_checks on, which is the default of both servers.
                self.costs.copies();
            }
            "check" => {
                cursor.group()?;
                let enforced = !cursor.eat_all(&["not", "enforced"]);
                cursor.eat("enforced");
                if let Some(name) = name {
                    self.draft.undo(Some(format!("DROP CONSTRAINT {}", written(&name))));
                    let name = self.of(&name);
                    self.draft.object(ObjectKind::Constraint, name, Action::Create);
                }
                if enforced { self.costs.copies() } else { self.costs.unknown() }
            }
            _ => return None,
        }
        Some(())
    }

    /// `[name] [USING …] (columns) [options]`
    fn add_index(&mut self, kind: ObjectKind, name: Option<String>) -> Option<()> {
        let cursor = &mut self.cursor;
        let fresh = !cursor.if_not_exists();
        self.draft.builds_index(Some(true));
        let own = if cursor.word() == "using" { None } else { cursor.simple_name() };
        index_options(cursor)?;
        cursor.group()?;
        index_options(cursor)?;
        let name = if kind == ObjectKind::Constraint { name } else { own.or(name) };
        if let Some(name) = name {
            if kind == ObjectKind::Index {
                self.draft.undo(fresh.then(|| format!("DROP INDEX {}", written(&name))));
            }
            let name = self.of(&name);
            self.draft.object(kind, name, Action::Create);
        }
        Some(())
    }

    fn drop(&mut self) -> Option<()> {
        let cursor = &mut self.cursor;
        cursor.next();
        let (kind, name) = match (cursor.word(), cursor.word_after(1)) {
            ("primary", "key") => {
                cursor.next();
                cursor.next();
                self.costs.drops_key();
                (ObjectKind::Constraint, "PRIMARY".to_owned())
            }
            ("foreign", "key") => {
                cursor.next();
                cursor.next();
                cursor.if_exists();
                (ObjectKind::Constraint, cursor.simple_name()?)
            }
            ("constraint" | "check", _) => {
                cursor.next();
                cursor.if_exists();
                (ObjectKind::Constraint, cursor.simple_name()?)
            }
            ("index" | "key", _) => {
                cursor.next();
                cursor.if_exists();
                (ObjectKind::Index, cursor.simple_name()?)
            }
            ("system", "versioning") => {
                cursor.next();
                cursor.next();
                self.draft.loses(format!("drops the history of table {}", self.table));
                self.costs.unknown();
                return Some(());
            }
            ("period", _) => {
                cursor.next();
                cursor.if_exists();
                cursor.eat("for");
                cursor.simple_name()?;
                self.costs.unknown();
                return Some(());
            }
            _ => {
                cursor.eat("column");
                cursor.if_exists();
                let name = cursor.simple_name()?;
                cursor.eat_any(&["restrict", "cascade"]);
                // INSTANT, or written anew in place by MySQL before 8.0.29.
                self.costs.may_rebuild();
                self.draft.loses(format!("drops column {} and its data", self.of(&name)));
                (ObjectKind::Column, name)
            }
        };
        let primary = kind != ObjectKind::Column && name.eq_ignore_ascii_case("primary");
        if primary {
            self.costs.drops_key();
        }
        let name = self.of(&name);
        if primary || kind == ObjectKind::Constraint {
            let loss = if primary {
                format!("drops the primary key of table {}, by which its rows are told apart", self.table)
            } else {
                format!("drops constraint {name}, which no row has to keep any more")
            };
            self.draft.loses_part(&[("constraint", &name), ("table", &self.table)], loss);
        }
        self.draft.object(kind, name, Action::Drop);
        Some(())
    }

    fn modify(&mut self) -> Option<()> {
        let cursor = &mut self.cursor;
        cursor.next();
        cursor.eat("column");
        cursor.if_exists();
        let name = cursor.simple_name()?;
        self.redefine(&name, &name)
    }

    fn change(&mut self) -> Option<()> {
        let cursor = &mut self.cursor;
        cursor.next();
        cursor.eat("column");
        cursor.if_exists();
        let (old, new) = (cursor.simple_name()?, cursor.simple_name()?);
        self.redefine(&old, &new)
    }

    /// The old definition is in the catalogue alone, and what the new one does not say is gone.
    fn redefine(&mut self, old: &str, new: &str) -> Option<()> {
        let column = Definition::read(&mut self.cursor)?;
        let name = self.of(old);
        if !old.eq_ignore_ascii_case(new) {
            self.draft.loses(format!("renames column {name}, which breaks every reader of the old name"));
        }
        if !column.is_wide() {
            let kind = &column.kind;
            self.draft.loses(format!(
                "changes the type of column {name} to {kind}; values may be lost or rejected"
            ));
        }
        self.draft.object(ObjectKind::Column, name, Action::Alter);
        if column.primary {
            self.costs.adds_key();
        }
        self.costs.unknown();
        Some(())
    }

    fn alter(&mut self) -> Option<()> {
        let cursor = &mut self.cursor;
        cursor.next();
        if cursor.eat_any(&["index", "key"]).is_some() {
            let name = self.cursor.simple_name()?;
            if !self.cursor.eat_all(&["not", "ignored"]) {
                self.cursor.eat_any(&["visible", "invisible", "ignored"])?;
            }
            let name = self.of(&name);
            self.draft.object(ObjectKind::Index, name, Action::Alter);
            return Some(());
        }
        if cursor.eat_any(&["check", "constraint"]).is_some() {
            let name = self.cursor.simple_name()?;
            self.cursor.eat("not");
            self.cursor.eat("enforced").then_some(())?;
            let name = self.of(&name);
            self.draft.object(ObjectKind::Constraint, name, Action::Alter);
            self.costs.unknown();
            return Some(());
        }
        cursor.eat("column");
        cursor.if_exists();
        let name = cursor.simple_name()?;
        let column = format!("{}.{name}", self.table);
        if cursor.eat_all(&["set", "default"]) {
            self.draft.makes("default", &column);
            if cursor.group().is_none() {
                cursor.until(|piece| piece.text == ",");
            }
        } else if cursor.eat_all(&["drop", "default"]) {
            self.draft.loses_part(
                &[("default", &column), ("column", &column), ("table", &self.table)],
                format!("drops the default of column {column}, which writers may leave to it"),
            );
        } else if cursor.eat("set") {
            cursor.eat_any(&["visible", "invisible"])?;
        } else {
            return None;
        }
        let name = self.of(&name);
        self.draft.object(ObjectKind::Column, name, Action::Alter);
        Some(())
    }

    fn rename(&mut self) -> Option<()> {
        let cursor = &mut self.cursor;
        cursor.next();
        let part = cursor.eat_any(&["column", "index", "key"]);
        if part.is_some() {
            cursor.if_exists();
        } else {
            if cursor.eat_any(&["to", "as"]).is_none() {
                cursor.mark("=");
            }
            let new = cursor.name()?;
            let table = &self.table;
            if self.draft.undone() == 0 {
                self.draft.undo_begins(format!("ALTER TABLE {} ", written(&new)));
                self.draft.undo(Some(format!("RENAME TO {}", written(table))));
            }
            self.draft.loses(format!("renames table {table}, which breaks every reader of the old name"));
            self.costs.exclusive();
            return Some(());
        }
        let old = cursor.simple_name()?;
        if !cursor.eat("to") {
            return None;
        }
        let new = cursor.simple_name()?;
        let noun = if part == Some("column") { "COLUMN" } else { "INDEX" };
        self.draft.undo(Some(format!("RENAME {noun} {} TO {}", written(&new), written(&old))));
        let name = self.of(&old);
        if part == Some("column") {
            self.draft.loses(format!("renames column {name}, which breaks every reader of the old name"));
            self.draft.object(ObjectKind::Column, name, Action::Alter);
        } else {
            self.draft.object(ObjectKind::Index, name, Action::Alter);
        }
        Some(())
    }
}

/// What may stand before and after the columns of an index.
pub(super) fn index_options(cursor: &mut Cursor<'_, '_>) -> Option<()> {
    loop {
        if cursor.eat_all(&["with", "parser"]) || cursor.eat("using") || cursor.eat("type") {
            cursor.next()?;
        } else if cursor
            .eat_any(&[
                "key_block_size",
                "comment",
                "engine_attribute",
                "secondary_engine_attribute",
                "m",
                "distance",
            ])
            .is_some()
        {
            cursor.value()?;
        } else if cursor.eat_any(&["visible", "invisible", "ignored"]).is_none()
            && !cursor.eat_all(&["not", "ignored"])
        {
            return Some(());
        }
    }
}
