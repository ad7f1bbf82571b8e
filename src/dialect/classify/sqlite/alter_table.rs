use sqlite3_parser::ast::{AlterTableBody, ColumnConstraint, ColumnDefinition, Name, NamedTableConstraint};

use super::super::draft::Draft;
use super::super::spelling::spelled;
use super::statement::plain;
use crate::dialect::{Action, Dialect, ObjectKind};

/// Renames and added columns change only the schema; a dropped column is taken out of every row
/// (sqlite.org/lang_altertable.html §4–6).
pub(super) fn read(table: &str, body: &AlterTableBody) -> Draft {
    let mut draft = Draft::new("alter_table");
    draft.lock_database();
    draft.object(ObjectKind::Table, table, Action::Alter);
    draft.undo_begins(format!("ALTER TABLE {} ", spelled(Dialect::Sqlite, table)));
    let column = |name: &Name| format!("{table}.{}", plain(name));
    match body {
        AlterTableBody::RenameTo(new) => {
            draft.undo_begins(format!("ALTER TABLE {} ", in_schema_of(table, &plain(new))));
            let old = table.rsplit('.').next().unwrap_or(table);
            draft.undo(Some(format!("RENAME TO {}", spelled(Dialect::Sqlite, old))));
            draft.loses(format!("renames table {table}, which breaks every reader of the old name"));
        }
        AlterTableBody::AddColumn(definition) => add_column(&mut draft, table, definition),
        AlterTableBody::RenameColumn { old, new } => {
            let names = [new, old].map(|name| spelled(Dialect::Sqlite, &plain(name)));
            draft.undo(Some(format!("RENAME COLUMN {}", names.join(" TO "))));
            let column = column(old);
            draft.loses(format!("renames column {column}, which breaks every reader of the old name"));
            draft.object(ObjectKind::Column, column, Action::Alter);
        }
        AlterTableBody::DropColumn(name) => {
            let column = column(name);
            draft.loses(format!("drops column {column} and its data"));
            draft.object(ObjectKind::Column, column, Action::Drop);
            draft.rewrites(Some(true));
            draft.scans(Some(true));
            // Rows keep their ids.
            draft.keeps_indexes();
        }
        AlterTableBody::DropColumnNotNull(name) => {
            let column = column(name);
            draft.undo(Some(format!("ALTER COLUMN {} SET NOT NULL", spelled(Dialect::Sqlite, &plain(name)))));
            draft.object(ObjectKind::Column, column, Action::Alter);
        }
        AlterTableBody::SetColumnNotNull(name, _) => {
            draft
                .undo(Some(format!("ALTER COLUMN {} DROP NOT NULL", spelled(Dialect::Sqlite, &plain(name)))));
            draft.object(ObjectKind::Column, column(name), Action::Alter);
            draft.scans(Some(true));
        }
        AlterTableBody::AddConstraint(NamedTableConstraint { name, .. }) => {
            if let Some(name) = name {
                draft.undo(Some(format!("DROP CONSTRAINT {}", spelled(Dialect::Sqlite, &plain(name)))));
                draft.object(ObjectKind::Constraint, column(name), Action::Create);
            }
            draft.scans(Some(true));
        }
        AlterTableBody::DropConstraint(name) => {
            let constraint = column(name);
            draft.loses_part(
                &[("constraint", &constraint), ("table", table)],
                format!("drops constraint {constraint}, which no row has to keep any more"),
            );
            draft.object(ObjectKind::Constraint, constraint, Action::Drop);
        }
    }
    draft
}

/// A table's new name with the schema of its old one.
fn in_schema_of(old: &str, new: &str) -> String {
    let schema = old.rsplit_once('.').map_or(String::new(), |(schema, _)| format!("{schema}."));
    spelled(Dialect::Sqlite, &format!("{schema}{new}"))
}

fn add_column(draft: &mut Draft, table: &str, definition: &ColumnDefinition) {
    draft.undo(Some(format!("DROP COLUMN {}", spelled(Dialect::Sqlite, &plain(&definition.col_name)))));
    draft.object(ObjectKind::Column, format!("{table}.{}", plain(&definition.col_name)), Action::Create);
    let not_null = |constraint: &ColumnConstraint| matches!(constraint, ColumnConstraint::NotNull { .. });
    let never_null = definition.constraints.iter().any(|constraint| not_null(&constraint.constraint));
    for constraint in definition.constraints {
        match &constraint.constraint {
            // Rows are tested where they could break it: what is computed may be NULL (measured, 3.40).
            ColumnConstraint::Check(_) => draft.scans(Some(true)),
            ColumnConstraint::Generated { .. } if never_null => draft.scans(Some(true)),
            ColumnConstraint::ForeignKey { clause, .. } => {
                draft.object(ObjectKind::Table, plain(&clause.tbl_name), Action::Read);
            }
            _ => {}
        }
    }
}
