//! What a plan meets on a live database: how large its tables are and therefore how long each statement
//! takes, whom it keeps waiting and who is in its way, what needs the things that it takes away, and
//! what it expects and is not there.
//!
//! `backend::survey` reads, and this module judges what was read: it does no I/O. How it looks is the
//! report's business.

mod column_type;
mod conflict;
mod estimate;
mod expect;
mod judge;
mod needs;
mod place;
mod server;
mod walk;
mod work;
mod world;

pub use estimate::{Class, Estimate};
pub use judge::{InTheWay, Judged, Needed, Space, Survey, TableView, Used, judge};
pub use walk::{Ahead, EndsSeen, Past, WalkSeen};

use crate::backend::survey::Wanted;
use crate::dialect::{Action, Dialect, Object, ObjectKind, Renamed, Words};
use crate::plan::Plan;

/// What to look for on the server: all that the forward statements name.
pub fn wanted(plan: &Plan) -> Wanted {
    let mut objects: Vec<Object> = Vec::new();
    let mut want = |object: Object| {
        if !objects.iter().any(|known| known.kind == object.kind && known.name == object.name) {
            objects.push(object);
        }
    };
    for statement in plan.steps.iter().flat_map(|step| &step.forward.statements) {
        statement.facts.objects.iter().cloned().for_each(&mut want);
        new_names(plan.dialect, &statement.sql).into_iter().for_each(&mut want);
    }
    Wanted { objects }
}

/// The relations that a statement gives a name to which another had before.
fn new_names(dialect: Dialect, sql: &str) -> Vec<Object> {
    let renamed = Renamed::all(&Words::of(dialect, sql)).into_iter();
    let whole = renamed.filter(|renamed| renamed.table.is_none());
    whole.map(|to| Object { kind: ObjectKind::Table, name: to.new, action: Action::Create }).collect()
}
