//! SQLite, which runs in this process: a call returns when it is done and not before.
//!
//! It runs on the engine's own thread, because a trip to another one and back costs a short step more than
//! its statement does. What stops a long statement is a flag that is looked at now and then.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, Error, OpenFlags, Row, Statement};

use super::super::answer::{Answer, AnswerBuilder};
use super::super::session::Mode;
use super::super::{DbError, Refusal, RefusalKind};

/// Virtual-machine instructions between two looks at the clock and the flag.
const PROGRESS_STEPS: i32 = 1_000;

/// Opens the file. `keep_going` is asked now and then while a statement runs, and ends it.
pub(super) fn open(
    path: &Path,
    mode: Mode,
    busy: Duration,
    keep_going: impl Fn() -> bool + Send + 'static,
) -> Result<Connection, Error> {
    let access = match mode {
        Mode::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Mode::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE,
        Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    };
    let mut db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(busy)?;
    db.progress_handler(PROGRESS_STEPS, Some(move || !keep_going()))?;
    // SQLite's own default, which the bundled library is not built with: with foreign keys on, dropping a
    // table deletes its children's rows first (sqlite.org/foreignkeys.html, section 5).
    db.execute_batch("PRAGMA foreign_keys = OFF")?;
    Ok(db)
}

/// Runs the statements of a text to their ends.
pub(super) fn run(db: &Connection, sql: &str, keep: u64) -> Result<Answer, DbError> {
    run_into(db, sql, AnswerBuilder::new(keep))
}

pub(super) fn run_into(db: &Connection, sql: &str, mut answer: AnswerBuilder) -> Result<Answer, DbError> {
    let mut texts = Batch::new(db, sql);
    let mut reals = Reals { db, cast: None };
    while let Some(mut statement) = texts.next().map_err(failure)? {
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failure)? {
            push(&mut answer, row, &mut reals);
        }
        drop(rows);
        answer.affected(db.changes());
    }
    Ok(answer.finish())
}

fn push(answer: &mut AnswerBuilder, row: &Row<'_>, reals: &mut Reals<'_>) {
    let statement = row.as_ref();
    answer.columns(|| statement.column_names().map(str::to_owned).collect());
    answer.row((0..statement.column_count()).map(|i| match row.get_ref(i).ok()? {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(Cow::Owned(number.to_string())),
        ValueRef::Real(number) => Some(Cow::Owned(reals.text(number))),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => Some(Cow::Owned(format!("x'{}'", crate::source::hex(bytes)))),
    }));
}

/// Floating-point numbers as SQLite itself writes them.
struct Reals<'db> {
    db: &'db Connection,
    cast: Option<Statement<'db>>,
}

impl Reals<'_> {
    fn text(&mut self, number: f64) -> String {
        let cast = match self.cast.take() {
            Some(cast) => Ok(cast),
            None => self.db.prepare("SELECT CAST(?1 AS TEXT)"),
        };
        let Ok(mut cast) = cast else { return number.to_string() };
        let text = cast.query_row([number], |row| row.get(0));
        self.cast = Some(cast);
        text.unwrap_or_else(|_| number.to_string())
    }
}

pub(super) fn failure(error: Error) -> DbError {
    let (error, message, offset) = match error {
        Error::SqliteFailure(error, message) => (error, message, None),
        Error::SqlInputError { error, msg, offset, .. } => (error, Some(msg), usize::try_from(offset).ok()),
        other => return DbError::Lost(other.to_string()),
    };
    let code = error.extended_code;
    let message = message.unwrap_or_else(|| error.to_string());
    DbError::Refused(Box::new(Refusal {
        kind: kind(code, &message),
        message,
        code: code.to_string(),
        offset,
        ..Refusal::default()
    }))
}

/// SQLITE_BUSY and SQLITE_LOCKED with their extended codes; SQLITE_INTERRUPT; SQLITE_FULL
/// (sqlite.org/rescode.html). SQLITE_ERROR is for anything: its text tells whether the statement is wrong.
fn kind(code: i32, message: &str) -> RefusalKind {
    let unreadable = ["no such ", "near ", "unrecognized token", "ambiguous column name"];
    match code & 0xff {
        5 | 6 => RefusalKind::Contention,
        9 => RefusalKind::Cancelled,
        13 => RefusalKind::NoSpace,
        1 if unreadable.iter().any(|start| message.starts_with(start)) => RefusalKind::Statement,
        _ => RefusalKind::Final,
    }
}
