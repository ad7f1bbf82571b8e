use super::super::draft::{Draft, Mode};
use super::cursor::{Cursor, list};
use super::statement::COMMITS;
use crate::dialect::{Action, ObjectKind};

/// Tables, caches and logs of a server (MySQL manual §15.7.3, §15.7.8).
pub(super) fn read(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    match cursor.next()?.word.as_str() {
        "analyze" => tables(cursor, "analyze", Mode::SharedRead),
        "optimize" => tables(cursor, "optimize", Mode::SharedUpgradable),
        "repair" => tables(cursor, "repair", Mode::MetadataExclusive),
        "check" => tables(cursor, "check_table", Mode::SharedRead),
        "checksum" => {
            let mut draft = tables(cursor, "checksum_table", Mode::SharedRead)?;
            draft.reads_only(true);
            Some(draft)
        }
        "flush" => flush(cursor),
        "reset" => reset(cursor),
        "purge" => {
            cursor.eat_any(&["binary", "master"])?;
            cursor
                .eat("logs")
                .then(|| lossy("purge_logs", "deletes binary logs, which backups and replicas may need"))
        }
        "shutdown" | "restart" => Some(lossy("shutdown", "stops the server and ends every session")),
        "install" => {
            cursor.eat_any(&["plugin", "component", "soname"])?;
            Some(plain("install"))
        }
        "uninstall" => {
            let noun = cursor.eat_any(&["plugin", "component", "soname"])?;
            let name = cursor.next()?.plain();
            Some(lossy("uninstall", &format!("uninstalls {noun} {name}, which breaks every user of it")))
        }
        "cache" => cursor.eat("index").then(|| plain("cache_index")),
        "load" => cursor.eat_all(&["index", "into", "cache"]).then(|| plain("load_index")),
        _ => None,
    }
}

fn plain(kind: &'static str) -> Draft {
    let mut draft = Draft::new(kind);
    draft.commits(COMMITS);
    draft
}

fn lossy(kind: &'static str, what: &str) -> Draft {
    let mut draft = plain(kind);
    draft.loses(what);
    draft
}

fn tables(mut cursor: Cursor<'_, '_>, kind: &'static str, mode: Mode) -> Option<Draft> {
    let mut draft = if kind == "checksum_table" { Draft::new(kind) } else { plain(kind) };
    cursor.eat_any(&["no_write_to_binlog", "local"]);
    cursor.eat_any(&["table", "tables", "view"])?;
    let names = cursor.until(|piece| {
        matches!(
            piece.word.as_str(),
            "update"
                | "drop"
                | "persistent"
                | "for"
                | "quick"
                | "fast"
                | "medium"
                | "extended"
                | "changed"
                | "use_frm"
                | "wait"
                | "nowait"
                | "force"
                | "from"
        )
    });
    for name in list(names) {
        let mut name = Cursor::new(name);
        let table = name.name()?;
        if !name.is_done() {
            return None;
        }
        let writes = matches!(kind, "analyze" | "optimize" | "repair");
        draft.object(ObjectKind::Table, &table, if writes { Action::Alter } else { Action::Read });
        draft.lock(mode, &table);
        if kind == "repair" {
            draft.loses(format!("repairs table {table}, which may drop rows that it cannot read"));
        }
    }
    match kind {
        "optimize" => {
            draft.rewrites(Some(true));
            draft.scans(Some(true));
            // Of InnoDB nothing, of other engines everything.
            draft.lock_unknown();
        }
        "repair" => draft.cost_unknown(),
        // A sample of the pages.
        "analyze" => {}
        _ => draft.scans(Some(true)),
    }
    Some(draft)
}

fn flush(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    cursor.eat_any(&["no_write_to_binlog", "local"]);
    cursor.peek()?;
    let words: Vec<&str> = cursor.rest().iter().map(|piece| piece.word.as_str()).collect();
    let mut draft = Draft::new("flush");
    // Both keep locks, under which the journal could not be written.
    if words.windows(2).any(|pair| matches!(pair, ["read", "lock"] | ["for", "export"])) {
        draft.control();
    } else {
        draft.commits(COMMITS);
    }
    Some(draft)
}

fn reset(mut cursor: Cursor<'_, '_>) -> Option<Draft> {
    Some(match cursor.next()?.word.as_str() {
        "persist" | "query" => plain("reset"),
        "master" | "binary" => lossy("reset", "deletes all binary logs, which backups and replicas may need"),
        "slave" | "replica" => lossy("reset", "forgets where this server replicates from"),
        _ => return None,
    })
}
