//! What a runbook takes away from the code that uses it.

use super::Context;
use super::runbook::STILL_IN_CODE;
use crate::dialect::{Action, ObjectKind, Renamed};
use crate::document::Document;
use crate::plan::Plan;
use crate::source::Span;

/// A table or a column that is not there under its name after a forward cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// As the statement writes it, with its schema where one stands there.
    pub table: String,
    pub column: Option<String>,
    pub how: How,
    pub cell: String,
    /// In the cell, from 1.
    pub statement: usize,
    /// The statement in the runbook.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Dropped,
    Renamed,
}

impl Gone {
    /// `users.email`, or the table.
    pub fn name(&self) -> String {
        match &self.column {
            Some(column) => format!("{}.{column}", self.table),
            None => self.table.clone(),
        }
    }
}

/// What forward cells drop or rename, in their order, each thing once; what the runbook itself has made
/// since its last hold is known to no code. A cell that allows the code to use it is left out.
pub fn gone(document: &Document, plans: &[Plan]) -> Vec<Gone> {
    let mut found: Vec<Gone> = Vec::new();
    for plan in plans {
        let context = Context::new(document, plan, plans);
        let allowed = |cell: &str| {
            let cell = document.cell(cell);
            cell.is_some_and(|cell| cell.options.allow.iter().any(|allow| allow.rule == STILL_IN_CODE.id))
        };
        for site in context.forward().filter(|site| !allowed(&site.action.cell)) {
            let mut push = |table: &str, column: Option<&str>, how| {
                let gone = Gone {
                    table: table.to_owned(),
                    column: column.map(str::to_owned),
                    how,
                    cell: site.action.cell.clone(),
                    statement: site.number(),
                    span: site.statement.span,
                };
                let known = found.iter().any(|other| other.name() == gone.name() && other.cell == gone.cell);
                if !known && !context.is_new(table, site) {
                    found.push(gone);
                }
            };
            for object in &site.statement.facts.objects {
                match (object.action, object.kind, object.name.rsplit_once('.')) {
                    (Action::Drop, ObjectKind::Column, Some((table, column))) => {
                        push(table, Some(column), How::Dropped);
                    }
                    (Action::Drop, ObjectKind::Table | ObjectKind::View, _) => {
                        push(&object.name, None, How::Dropped)
                    }
                    _ => {}
                }
            }
            for Renamed { kind, table, old, .. } in Renamed::all(&site.words) {
                match (kind, table) {
                    (ObjectKind::Column, Some(table)) => push(&table, Some(&old), How::Renamed),
                    (ObjectKind::Table, None) => push(&old, None, How::Renamed),
                    _ => {}
                }
            }
        }
    }
    found
}
