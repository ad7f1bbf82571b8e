use super::super::draft::Draft;
use super::cursor::{Cursor, Piece};
use super::reading::readings;
use super::{account, alter, create, data, drop, maintenance, session, transaction};
use crate::dialect::TokenKind;

/// Why no transaction holds a statement.
pub(super) const COMMITS: &str = "the server commits before and after it (MySQL manual §15.3.3)";

/// The same where what runs is not in the text.
pub(super) const MAY_COMMIT: &str = "what it runs may commit, which its text does not tell";

/// What `sql` does on either server; None where it cannot be told.
pub(in super::super) fn read(sql: &str) -> Option<Draft> {
    let mut merged: Option<Draft> = None;
    for reading in readings(sql)?.iter().filter(|reading| !reading.is_empty()) {
        let draft = classify(reading)?;
        merged = Some(match merged {
            None => draft,
            Some(mut whole) if whole.kind() == draft.kind() => {
                let reads_only = whole.is_read_only() && draft.is_read_only();
                whole.include(draft);
                whole.reads_only(reads_only);
                whole
            }
            // One server reads another statement than the other.
            Some(_) => return None,
        });
    }
    merged
}

/// A statement of which nothing can be said; it may commit as well.
pub(in super::super) fn unknown() -> Draft {
    let mut draft = Draft::unknown();
    draft.commits(MAY_COMMIT);
    draft
}

pub(super) fn classify(pieces: &[Piece<'_>]) -> Option<Draft> {
    let several = pieces.iter().any(|piece| piece.kind == TokenKind::Punct && piece.text == ";");
    let draft = of(Cursor::new(pieces))?;
    let may_hold_several = matches!(
        draft.kind(),
        "create_procedure"
            | "create_function"
            | "create_trigger"
            | "create_event"
            | "alter_event"
            | "compound"
    );
    (!several || may_hold_several).then_some(draft)
}

fn of(cursor: Cursor<'_, '_>) -> Option<Draft> {
    let pieces = cursor.rest();
    match (cursor.word(), cursor.word_after(1)) {
        ("begin", "not") | ("if" | "case" | "loop" | "while" | "repeat" | "for", _) => Some(compound()),
        _ if pieces.get(1).is_some_and(|piece| piece.text == ":") => Some(compound()),
        ("select" | "table" | "values" | "with", _) => data::query(pieces),
        ("", _) if cursor.is_mark("(") => data::query(pieces),
        ("insert" | "replace", _) => data::insert(cursor),
        ("update", _) => data::update(cursor, &[]),
        ("delete", _) => data::delete(cursor, &[]),
        ("load", "index") => maintenance::read(cursor),
        ("load", _) => data::load(cursor),
        ("create", _) => create::read(cursor),
        ("alter", _) => alter::read(cursor),
        ("drop", "prepare") => session::dynamic(cursor),
        ("drop" | "rename" | "truncate", _) => drop::read(cursor),
        ("grant" | "revoke", _) => account::read(cursor),
        ("set", _) => session::set(cursor),
        ("start", "replica" | "slave" | "group_replication") => None,
        (
            "begin" | "start" | "commit" | "rollback" | "savepoint" | "release" | "xa" | "lock" | "unlock"
            | "backup",
            _,
        ) => transaction::read(cursor),
        ("explain" | "describe" | "desc", _) => session::explain(cursor),
        ("analyze", next) if !matches!(next, "table" | "tables" | "no_write_to_binlog" | "local") => {
            session::explain(cursor)
        }
        ("call" | "prepare" | "execute" | "deallocate", _) => session::dynamic(cursor),
        ("do" | "show" | "help" | "use" | "handler" | "signal" | "resignal" | "get" | "kill", _) => {
            session::other(cursor)
        }
        _ => maintenance::read(cursor),
    }
}

/// MariaDB's statements with a body, which is not read.
fn compound() -> Draft {
    let mut draft = Draft::new("compound");
    runs(&mut draft, "runs a block of statements, whose effect is not read from its text");
    draft
}

/// A statement that runs others, which are not read.
pub(super) fn runs(draft: &mut Draft, what: &str) {
    draft.loses(what);
    draft.lock_unknown();
    draft.cost_unknown();
    draft.commits(MAY_COMMIT);
}
