use super::super::draft::{Draft, Mode};
use super::cursor::Cursor;
use super::statement::COMMITS;
use super::{alter_table, create};
use crate::dialect::{Action, ObjectKind};

pub(super) fn read(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    cursor.next();
    if matches!(cursor.word(), "table" | "online" | "ignore") {
        return alter_table::read(cursor);
    }
    if cursor.eat("algorithm") {
        cursor.value()?;
    }
    create::definer(&mut cursor)?;
    if cursor.eat_all(&["sql", "security"]) {
        cursor.next()?;
    }
    cursor.eat("undo");
    let word = cursor.next()?.word.as_str();
    let (kind, object) = match word {
        "database" | "schema" => ("alter_database", ObjectKind::Database),
        "view" => ("alter_view", ObjectKind::View),
        "procedure" => ("alter_procedure", ObjectKind::Function),
        "function" => ("alter_function", ObjectKind::Function),
        "library" => ("alter_library", ObjectKind::Function),
        "event" => ("alter_event", ObjectKind::Other),
        "sequence" => ("alter_sequence", ObjectKind::Sequence),
        "server" => ("alter_server", ObjectKind::Other),
        "user" => ("alter_user", ObjectKind::Other),
        "tablespace" => ("alter_tablespace", ObjectKind::Other),
        "instance" => ("alter_instance", ObjectKind::Other),
        "logfile" if cursor.eat("group") => ("alter_logfile_group", ObjectKind::Other),
        "resource" if cursor.eat("group") => ("alter_resource_group", ObjectKind::Other),
        _ => return None,
    };
    let mut draft = Draft::new(kind);
    draft.commits(COMMITS);
    match kind {
        "alter_user" | "alter_instance" => return Some(draft),
        // `ALTER DATABASE CHARACTER SET …` is about the session's own.
        "alter_database"
            if matches!(cursor.word(), "default" | "character" | "charset" | "collate" | "comment") =>
        {
            return Some(draft);
        }
        _ => {}
    }
    cursor.if_exists();
    let name = cursor.name()?;
    draft.object(object, &name, Action::Alter);
    match kind {
        "alter_view" => create::view(&mut draft, &name, cursor.rest()),
        "alter_event" => {
            if cursor.rest().windows(2).any(|pair| pair[0].word == "rename" && pair[1].word == "to") {
                draft.loses(format!("renames event {name}, which breaks every user of the old name"));
            }
            create::event_body(&mut draft, cursor);
        }
        "alter_sequence" => draft.lock(Mode::MetadataExclusive, &name),
        "alter_tablespace" if cursor.eat_all(&["rename", "to"]) => {
            draft.loses(format!("renames tablespace {name}, which breaks every user of the old name"));
        }
        "alter_tablespace" if cursor.eat_all(&["drop", "datafile"]) => {
            draft.loses(format!("drops a file of tablespace {name}"));
        }
        _ => {}
    }
    Some(draft)
}
