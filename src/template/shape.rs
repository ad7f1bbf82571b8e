//! What a value must not change in a document.

use super::{Values, render_cell};
use crate::dialect::{self, Dialect};
use crate::document::{Cell, Document};

/// A document without its texts: front matter, headings, and of every cell its tags and what kind of
/// statements it holds. Two renderings of a template with values of the same form have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    front: String,
    headings: Vec<u8>,
    cells: Vec<String>,
}

pub(super) fn shape(document: &Document, dialect: Dialect, values: &Values) -> Shape {
    let front = &document.front;
    let holds: Vec<&str> = front.holds.iter().map(|hold| hold.before.as_str()).collect();
    let params: Vec<_> =
        front.params.iter().map(|param| (&param.name, &param.kind, &param.default)).collect();
    Shape {
        front: format!(
            "{:?} {:?} {:?} {holds:?} {params:?} {:?}",
            front.dialects, front.strategy, front.phases, front.defaults
        ),
        headings: document.headings.iter().map(|(level, _)| *level).collect(),
        cells: document.cells.iter().map(|cell| of_cell(document, cell, dialect, values)).collect(),
    }
}

fn of_cell(document: &Document, cell: &Cell, dialect: Dialect, values: &Values) -> String {
    let options = &cell.options;
    let batch = options.batch.as_ref().map(|batch| {
        (&batch.alias, &batch.size, batch.pause, batch.order, batch.on_error, batch.throttle.shown())
    });
    let tags = format!(
        "{} {:?} {} {:?} {} {:?} {:?} {:?} {batch:?} {:?} {:?} {:?} {:?} {}",
        cell.id,
        cell.role,
        cell.phase,
        cell.of,
        cell.destructive,
        cell.expect,
        cell.when,
        cell.until,
        options.timeout,
        options.lock_timeout,
        options.tx,
        options.retry,
        options.irreversible.is_some(),
    );
    // Any text does for the range of a batch: only what stands around it counts here.
    let batch = options.batch.as_ref().map(|_| "1 = 2");
    let kinds = match render_cell(&document.source, cell.body, dialect, values, batch) {
        Ok(rendered) => {
            let split = dialect::split(dialect, &rendered.sql);
            let kinds = split.statements.iter().map(|span| {
                let facts = dialect::classify(dialect, &rendered.sql[span.start..span.end]);
                (facts.kind, facts.destructive.is_some())
            });
            format!("{:?} {}", kinds.collect::<Vec<_>>(), split.faults.len())
        }
        Err(_) => "cannot be rendered".to_owned(),
    };
    format!("{tags} {kinds}")
}
