use super::alter_table::Change;
use super::cursor::Cursor;

/// Options that are written into the catalogue alone (MySQL manual §17.12.1; MariaDB, "ALTER TABLE").
const NOTES: [&str; 9] = [
    "auto_increment",
    "comment",
    "stats_auto_recalc",
    "stats_persistent",
    "stats_sample_pages",
    "max_rows",
    "min_rows",
    "avg_row_length",
    "pack_keys",
];

/// Options whose cost the text does not tell.
const OTHERS: [&str; 23] = [
    "autoextend_size",
    "checksum",
    "table_checksum",
    "compression",
    "connection",
    "delay_key_write",
    "encryption",
    "encrypted",
    "encryption_key_id",
    "engine_attribute",
    "ietf_quotes",
    "insert_method",
    "page_checksum",
    "page_compressed",
    "page_compression_level",
    "password",
    "secondary_engine",
    "secondary_engine_attribute",
    "sequence",
    "tablespace",
    "transactional",
    "union",
    "data",
];

/// A table's option, or a clause that is about the whole table.
pub(super) fn clause(change: &mut Change<'_, '_>) -> Option<()> {
    let cursor = &mut change.cursor;
    let word = cursor.word();
    match (word, cursor.word_after(1)) {
        ("convert", "to") => return convert(change),
        ("engine", _) | ("storage", "engine") | ("type", _) => return engine(change),
        ("order", "by") => {
            cursor.until(|_| false);
            change.costs.unknown();
        }
        ("enable" | "disable", "keys") => skip(cursor, 2),
        ("discard", "tablespace") => {
            skip(cursor, 2);
            change.draft.loses(format!("discards the data of table {}", change.table));
            change.costs.exclusive();
        }
        ("import", "tablespace") => {
            skip(cursor, 2);
            change.draft.loses(format!("takes the rows of table {} from a file on the server", change.table));
            change.costs.unknown();
        }
        ("force", _) => {
            skip(cursor, 1);
            change.costs.rebuilds();
        }
        ("row_format" | "key_block_size", _) => {
            skip(cursor, 1);
            cursor.value()?;
            change.costs.rebuilds();
        }
        ("default" | "character" | "charset" | "collate", _) => {
            cursor.eat("default");
            if !cursor.eat_all(&["character", "set"]) {
                cursor.eat_any(&["charset", "collate"])?;
            }
            cursor.value()?;
        }
        ("with" | "without", "validation") => skip(cursor, 2),
        ("secondary_load" | "secondary_unload", _) => {
            skip(cursor, 1);
            change.costs.unknown();
        }
        ("data" | "index", "directory") => {
            skip(cursor, 2);
            cursor.value()?;
            change.costs.unknown();
        }
        _ if NOTES.contains(&word) => {
            skip(cursor, 1);
            cursor.value()?;
        }
        _ if OTHERS.contains(&word) => {
            skip(cursor, 1);
            cursor.mark("=");
            if cursor.group().is_none() {
                cursor.next()?;
            }
            change.costs.unknown();
        }
        _ => return None,
    }
    Some(())
}

fn skip(cursor: &mut Cursor<'_, '_>, pieces: usize) {
    for _ in 0..pieces {
        cursor.next();
    }
}

/// `CONVERT TO CHARACTER SET`: every text is written in the new one.
fn convert(change: &mut Change<'_, '_>) -> Option<()> {
    let cursor = &mut change.cursor;
    skip(cursor, 2);
    if !cursor.eat_all(&["character", "set"]) && !cursor.eat("charset") {
        return None;
    }
    let set = cursor.next()?.text.trim_matches(['\'', '"']).to_ascii_lowercase();
    if cursor.eat("collate") {
        cursor.value()?;
    }
    if set != "utf8mb4" {
        let table = &change.table;
        change.draft.loses(format!(
            "converts the text of table {table} to {set}; characters may be lost or rejected"
        ));
    }
    change.costs.copies();
    Some(())
}

fn engine(change: &mut Change<'_, '_>) -> Option<()> {
    let cursor = &mut change.cursor;
    cursor.eat("storage");
    cursor.next();
    let engine = cursor.value()?.text.trim_matches(['\'', '"', '`']).to_owned();
    let table = &change.table;
    match engine.to_ascii_lowercase().as_str() {
        "innodb" | "myisam" | "aria" | "rocksdb" | "ndb" | "ndbcluster" => {}
        "blackhole" => change
            .draft
            .loses(format!("deletes every row of {table}, which the engine {engine} does not keep")),
        "memory" | "heap" => {
            change.draft.loses(format!(
                "moves table {table} to the engine {engine}, which keeps rows until a restart"
            ));
        }
        _ => change
            .draft
            .loses(format!("moves table {table} to the engine {engine}, which may not keep every row")),
    }
    change.costs.moves();
    Some(())
}
