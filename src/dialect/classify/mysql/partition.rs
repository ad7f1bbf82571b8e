use super::alter_table::Change;
use crate::dialect::{Action, ObjectKind};

/// What is done to the partitions of a table (MySQL manual §15.1.9.1; MariaDB, "ALTER TABLE").
pub(super) fn clause(change: &mut Change<'_, '_>) -> Option<()> {
    let cursor = &mut change.cursor;
    let word = cursor.next()?.word.as_str();
    let second = cursor.next()?.word.as_str();
    // What locks and costs a partition's change depends on its kind, and the servers differ.
    change.costs.unknown();
    match (word, second) {
        ("partition", "by") | ("remove", _) => {
            cursor.until(|_| false);
            change.costs.moves();
        }
        ("upgrade", _) => {}
        ("add", _) => {
            cursor.eat_any(&["no_write_to_binlog", "local"]);
            cursor.if_not_exists();
            if cursor.eat("partitions") {
                cursor.next()?;
            } else {
                cursor.group()?;
            }
        }
        ("coalesce", _) => {
            cursor.eat_any(&["no_write_to_binlog", "local"]);
            cursor.next()?;
        }
        ("reorganize", _) => {
            cursor.eat_any(&["no_write_to_binlog", "local"]);
            if cursor.word() != "into" && !cursor.is_done() {
                names(change)?;
            }
            if change.cursor.eat("into") {
                change.cursor.group()?;
            }
        }
        ("exchange", _) => {
            let name = cursor.simple_name()?;
            if !cursor.eat_all(&["with", "table"]) {
                return None;
            }
            let other = cursor.name()?;
            let table = &change.table;
            change
                .draft
                .loses(format!("exchanges the rows of partition {table}.{name} with those of {other}"));
            change.draft.object(ObjectKind::Table, other, Action::Write);
        }
        ("convert", "partition") => {
            let name = cursor.simple_name()?;
            if !cursor.eat_all(&["to", "table"]) {
                return None;
            }
            let other = cursor.name()?;
            let table = &change.table;
            change.draft.loses(format!("takes partition {name} out of {table}, whose readers lose its rows"));
            change.draft.object(ObjectKind::Table, other, Action::Create);
        }
        ("convert", _) => {
            let other = cursor.name()?;
            if !cursor.eat_all(&["to", "partition"]) {
                return None;
            }
            // Its name and its values.
            cursor.until(|piece| piece.text == "," || matches!(piece.word.as_str(), "with" | "without"));
            let table = &change.table;
            change.draft.loses(format!(
                "moves table {other} into {table}, which breaks every reader of the old name"
            ));
            change.draft.object(ObjectKind::Table, other, Action::Drop);
        }
        _ => {
            cursor.eat_any(&["no_write_to_binlog", "local"]);
            cursor.if_exists();
            let names = names(change)?;
            change.cursor.eat("tablespace");
            change.cursor.eat_any(&["quick", "fast", "medium", "extended", "changed"]);
            let table = &change.table;
            for name in names {
                match word {
                    "drop" => change.draft.loses(format!("drops partition {table}.{name} and its rows")),
                    "truncate" => {
                        change.draft.loses(format!("deletes every row of partition {table}.{name}"))
                    }
                    "discard" => change.draft.loses(format!("discards the data of partition {table}.{name}")),
                    "import" => change.draft.loses(format!(
                        "takes the rows of partition {table}.{name} from a file on the server"
                    )),
                    "repair" => change.draft.loses(format!(
                        "repairs partition {table}.{name}, which may drop rows that it cannot read"
                    )),
                    "analyze" | "check" | "optimize" | "rebuild" => {}
                    _ => return None,
                }
            }
        }
    }
    Some(())
}

/// The partitions that are named; `ALL` is a name like another.
fn names(change: &mut Change<'_, '_>) -> Option<Vec<String>> {
    let cursor = &mut change.cursor;
    let mut names = vec![cursor.simple_name()?];
    // After a comma, another clause may begin with a word as well, but none of a partition can.
    while cursor.mark(",") {
        names.push(cursor.simple_name()?);
    }
    Some(names)
}
