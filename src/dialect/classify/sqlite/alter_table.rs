use sqlite3_parser::ast::{AlterTableBody, ColumnConstraint, ColumnDefinition, Name, NamedTableConstraint};

use super::super::draft::Draft;
use super::statement::plain;
use crate::dialect::{Action, ObjectKind};

/// Renames and added columns change only the schema; a dropped column is taken out of every row
/// (sqlite.org/lang_altertable.html §4–6).
pub(super) fn read(table: &str, body: &AlterTableBody) -> Draft {
    let mut draft = Draft::new("alter_table");
    draft.lock_database();
    draft.object(ObjectKind::Table, table, Action::Alter);
    let column = |name: &Name| format!("{table}.{}", plain(name));
    match body {
        AlterTableBody::RenameTo(_) => {
            draft.loses(format!("renames table {table}, which breaks every reader of the old name"));
        }
        AlterTableBody::AddColumn(definition) => add_column(&mut draft, table, definition),
        AlterTableBody::RenameColumn { old, .. } => {
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
        }
        AlterTableBody::DropColumnNotNull(name) => {
            draft.object(ObjectKind::Column, column(name), Action::Alter);
        }
        AlterTableBody::SetColumnNotNull(name, _) => {
            draft.object(ObjectKind::Column, column(name), Action::Alter);
            draft.scans(Some(true));
        }
        AlterTableBody::AddConstraint(NamedTableConstraint { name, .. }) => {
            if let Some(name) = name {
                draft.object(ObjectKind::Constraint, column(name), Action::Create);
            }
            draft.scans(Some(true));
        }
        AlterTableBody::DropConstraint(name) => {
            draft.object(ObjectKind::Constraint, column(name), Action::Drop);
        }
    }
    draft
}

fn add_column(draft: &mut Draft, table: &str, definition: &ColumnDefinition) {
    draft.object(ObjectKind::Column, format!("{table}.{}", plain(&definition.col_name)), Action::Create);
    for constraint in definition.constraints {
        match &constraint.constraint {
            // Rows are tested where they could break it.
            ColumnConstraint::Check(_) | ColumnConstraint::Generated { .. } => draft.scans(Some(true)),
            ColumnConstraint::ForeignKey { clause, .. } => {
                draft.object(ObjectKind::Table, plain(&clause.tbl_name), Action::Read);
            }
            _ => {}
        }
    }
}
