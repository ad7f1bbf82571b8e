use super::super::draft::Draft;
use super::cursor::Cursor;

/// What opens, ends or marks a transaction, and the locks of a session, under which the journal
/// could not be written (MySQL manual §15.3).
pub(super) fn read(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    let kind = match cursor.next()?.word.as_str() {
        "begin" => {
            cursor.eat("work");
            "begin"
        }
        "start" if cursor.eat("transaction") => {
            cursor.until(|_| false);
            "begin"
        }
        "commit" => {
            completion(&mut cursor);
            "commit"
        }
        "rollback" => {
            completion(&mut cursor);
            if cursor.eat("to") {
                cursor.eat("savepoint");
                cursor.simple_name()?;
            }
            "rollback"
        }
        "savepoint" => {
            cursor.simple_name()?;
            "savepoint"
        }
        "release" if cursor.eat("savepoint") => {
            cursor.simple_name()?;
            "release_savepoint"
        }
        "xa" => {
            cursor.eat_any(&["start", "begin", "end", "prepare", "commit", "rollback", "recover"])?;
            cursor.until(|_| false);
            "xa"
        }
        "lock" => {
            cursor.eat_any(&["table", "tables", "instance"])?;
            cursor.until(|_| false);
            "lock_tables"
        }
        "unlock" => {
            cursor.eat_any(&["table", "tables", "instance"])?;
            "unlock_tables"
        }
        "backup" => {
            cursor.eat_any(&["stage", "lock", "unlock"])?;
            cursor.until(|_| false);
            "backup"
        }
        _ => return None,
    };
    let mut draft = Draft::new(kind);
    draft.control();
    cursor.is_done().then_some(draft)
}

/// `[WORK] [AND [NO] CHAIN] [[NO] RELEASE]`
fn completion(cursor: &mut Cursor<'_, '_>) {
    cursor.eat("work");
    if cursor.eat("and") {
        cursor.eat("no");
        cursor.eat("chain");
    }
    cursor.eat("no");
    cursor.eat("release");
}
