use super::super::draft::Draft;
use super::column::{Definition, references};
use super::cost::Costs;
use super::cursor::Cursor;
use super::statement::COMMITS;
use super::{drop, partition, table_option};
use crate::dialect::{Action, ObjectKind};

/// A change of one table, clause by clause. A clause that is not known makes the whole unknown.
pub(super) struct Change<'p, 'a> {
    pub(super) draft: Draft,
    pub(super) costs: Costs,
    pub(super) table: String,
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
    let mut change = Change { draft, costs, table, cursor };
    while !change.cursor.is_done() {
        change.clause()?;
        change.cursor.mark(",");
    }
    let Change { mut draft, costs, table, .. } = change;
    costs.apply(&mut draft, &table);
    Some(draft)
}

impl Change<'_, '_> {
    fn of(&self, name: &str) -> String {
        format!("{}.{name}", self.table)
    }

    fn clause(&mut self) -> Option<()> {
        if self.costs.option(&mut self.cursor)? {
            return Some(());
        }
        let objects = self.draft.objects().len();
        self.one_clause()?;
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
                cursor.if_not_exists();
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
        let name = self.of(&cursor.simple_name()?);
        let column = Definition::read(cursor)?;
        self.draft.object(ObjectKind::Column, name, Action::Create);
        if let Some(table) = &column.references {
            self.draft.object(ObjectKind::Table, table, Action::Read);
        }
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
        cursor.if_not_exists();
        let own = if cursor.word() == "using" { None } else { cursor.simple_name() };
        index_options(cursor)?;
        cursor.group()?;
        index_options(cursor)?;
        let name = if kind == ObjectKind::Constraint { name } else { own.or(name) };
        if let Some(name) = name {
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
        if kind != ObjectKind::Column && name.eq_ignore_ascii_case("primary") {
            self.costs.drops_key();
        }
        let name = self.of(&name);
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
        if cursor.eat_all(&["set", "default"]) {
            if cursor.group().is_none() {
                cursor.until(|piece| piece.text == ",");
            }
        } else if cursor.eat_all(&["drop", "default"]) {
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
            cursor.name()?;
            let table = &self.table;
            self.draft.loses(format!("renames table {table}, which breaks every reader of the old name"));
            self.costs.exclusive();
            return Some(());
        }
        let old = cursor.simple_name()?;
        if !cursor.eat("to") {
            return None;
        }
        cursor.simple_name()?;
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
