use super::super::draft::{Draft, Mode};
use super::super::spelling::spelled;
use super::reader::Reader;
use super::tree::of;
use super::{alter_column, column, constraint, create_table};
use crate::dialect::{Action, Clause, ClauseKind, Dialect, ObjectKind};

/// What `ALTER` is said to alter, where several statements share their clauses.
struct Subject {
    kind: &'static str,
    noun: &'static str,
    object: ObjectKind,
}

/// What one clause is taken back by; None where nothing that the text tells does.
pub(super) type Undo = Option<String>;

/// `ALTER TABLE`, `FOREIGN TABLE`, `VIEW` and `MATERIALIZED VIEW`; the outer None is another statement, the
/// inner one a clause that makes no sense.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Option<Draft>> {
    const SUBJECTS: [(&[&str], Subject); 4] = [
        (&["alter", "table"], Subject { kind: "alter_table", noun: "table", object: ObjectKind::Table }),
        (
            &["alter", "foreign", "table"],
            Subject { kind: "alter_foreign_table", noun: "foreign table", object: ObjectKind::Table },
        ),
        (&["alter", "view"], Subject { kind: "alter_view", noun: "view", object: ObjectKind::View }),
        (
            &["alter", "materialized", "view"],
            Subject { kind: "alter_materialized_view", noun: "materialized view", object: ObjectKind::View },
        ),
    ];
    let subject = SUBJECTS.iter().find(|(words, _)| reader.eat(words)).map(|(_, subject)| subject)?;
    Some(clauses(reader, subject))
}

fn clauses(reader: &mut Reader<'_, '_>, subject: &Subject) -> Option<Draft> {
    let mut draft = Draft::new(subject.kind);
    if reader.eat(&["all", "in", "tablespace"]) {
        // Which tables, only the catalogue knows.
        reader.doubt();
        reader.set_at(reader.end());
        draft.lock_unknown();
        draft.cost_unknown();
        return Some(draft);
    }
    reader.eat(&["if", "exists"]);
    reader.eat(&["only"]);
    let bracket = reader.eat(&["("]);
    let table = reader.name()?;
    if bracket && !reader.eat(&[")"]) {
        return None;
    }
    reader.eat(&["*"]);
    draft.object(subject.object, &table, Action::Alter);
    draft.undo_begins(format!("ALTER {} {} ", subject.noun.to_uppercase(), written(&table)));
    loop {
        let undo = clause(&mut draft, reader, &table, subject)?;
        draft.undo(undo);
        if reader.is_done() {
            return Some(draft);
        }
        if !reader.eat(&[","]) {
            return None;
        }
    }
}

fn clause(draft: &mut Draft, reader: &mut Reader<'_, '_>, table: &str, subject: &Subject) -> Option<Undo> {
    let start = reader.at();
    if reader.eat(&["add"]) {
        return add(draft, reader, table, start);
    }
    if reader.eat(&["drop"]) {
        return drop(draft, reader, table, start);
    }
    if reader.eat(&["alter", "constraint"]) {
        return alter_constraint(draft, reader, table, start);
    }
    if reader.eat(&["alter"]) {
        reader.eat(&["column"]);
        return alter_column::read(draft, reader, table);
    }
    if reader.eat(&["rename"]) {
        return rename(draft, reader, table, subject, start);
    }
    if reader.eat(&["validate", "constraint"]) {
        let name = reader.name()?;
        draft.object(ObjectKind::Constraint, of(table, &name), Action::Alter);
        draft.lock(Mode::ShareUpdateExclusive, table);
        let clause = reader.clause(ClauseKind::ValidateConstraint, start, &name);
        draft.clause(Clause { scans: Some(true), ..clause });
        return Some(None);
    }
    if reader.eat(&["set", "schema"]) {
        let schema = reader.name()?;
        draft.loses(format!(
            "moves {} {table} to schema {schema}, which breaks every reader of the old name",
            subject.noun
        ));
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(Clause { to: schema, ..reader.clause(ClauseKind::SetSchema, start, "") });
        return Some(None);
    }
    storage(draft, reader, table, subject, start)
        .or_else(|| trigger(draft, reader, table, start))
        .or_else(|| family(draft, reader, table, start))
        .unwrap_or_else(|| {
            // A clause of a newer server: the strongest lock, and no word about its cost.
            reader.doubt();
            reader.skip_to(&[]);
            draft.lock(Mode::AccessExclusive, table);
            let clause = reader.clause(ClauseKind::Other, start, "");
            draft.clause(Clause { rewrites: None, scans: None, ..clause });
            Some(None)
        })
}

fn add(draft: &mut Draft, reader: &mut Reader<'_, '_>, table: &str, start: usize) -> Option<Undo> {
    let is_column = reader.eat(&["column"]);
    if !is_column && constraint::begins(reader) {
        let name = constraint::define(draft, reader, table, true)?;
        return Some((!name.is_empty()).then(|| format!("DROP CONSTRAINT {}", written(&name))));
    }
    let perhaps = reader.eat(&["if", "not", "exists"]);
    draft.lock(Mode::AccessExclusive, table);
    let name = reader.name()?;
    draft.object(ObjectKind::Column, of(table, &name), Action::Create);
    column::define(draft, reader, &name, start, true)?;
    Some((!perhaps).then(|| format!("DROP COLUMN {}", written(&name))))
}

fn drop(draft: &mut Draft, reader: &mut Reader<'_, '_>, table: &str, start: usize) -> Option<Undo> {
    draft.lock(Mode::AccessExclusive, table);
    if reader.eat(&["constraint"]) {
        reader.eat(&["if", "exists"]);
        let given = reader.name()?;
        // A foreign key locks the table that it refers to as well, which the text does not name.
        let name = of(table, &given);
        draft.object(ObjectKind::Constraint, &name, Action::Drop);
        let loss = if cascades(reader) {
            format!("drops constraint {name}, with every foreign key that relies on it")
        } else {
            format!("drops constraint {name}, which no row has to keep any more")
        };
        draft.loses_part(&[("constraint", &name), ("table", table)], loss);
        draft.clause(reader.clause(ClauseKind::DropConstraint, start, &given));
        return Some(None);
    }
    reader.eat(&["column"]);
    reader.eat(&["if", "exists"]);
    let given = reader.name()?;
    let column = of(table, &given);
    draft.object(ObjectKind::Column, &column, Action::Drop);
    let also = if cascades(reader) { ", with everything that depends on it" } else { "" };
    draft.loses(format!("drops column {column} and its data{also}"));
    draft.clause(reader.clause(ClauseKind::DropColumn, start, &given));
    Some(None)
}

fn cascades(reader: &mut Reader<'_, '_>) -> bool {
    let cascades = reader.eat(&["cascade"]);
    if !cascades {
        reader.eat(&["restrict"]);
    }
    cascades
}

fn alter_constraint(
    draft: &mut Draft,
    reader: &mut Reader<'_, '_>,
    table: &str,
    start: usize,
) -> Option<Undo> {
    let given = reader.name()?;
    let name = of(table, &given);
    while !reader.is_done() && !reader.is(",") {
        if reader.is("not") && reader.is_after(1, "enforced") {
            draft.loses_part(
                &[("constraint", &name), ("table", table)],
                format!("enforces constraint {name} no more, which no row has to keep then"),
            );
        }
        if !column::timing(reader) && !reader.eat(&["no", "inherit"]) && !reader.eat(&["inherit"]) {
            return None;
        }
    }
    draft.object(ObjectKind::Constraint, name, Action::Alter);
    draft.lock(Mode::AccessExclusive, table);
    draft.clause(reader.clause(ClauseKind::AlterConstraint, start, &given));
    Some(None)
}

fn rename(
    draft: &mut Draft,
    reader: &mut Reader<'_, '_>,
    table: &str,
    subject: &Subject,
    start: usize,
) -> Option<Undo> {
    draft.lock(Mode::AccessExclusive, table);
    if reader.eat(&["to"]) {
        let new = reader.name()?;
        draft.loses(format!("renames {} {table}, which breaks every reader of the old name", subject.noun));
        draft.clause(Clause { to: new.clone(), ..reader.clause(ClauseKind::Rename, start, "") });
        let (schema, old) = table
            .rsplit_once('.')
            .map_or((String::new(), table), |(schema, old)| (format!("{}.", written(schema)), old));
        draft.undo_begins(format!("ALTER {} {schema}{} ", subject.noun.to_uppercase(), written(&new)));
        return Some(Some(format!("RENAME TO {}", written(old))));
    }
    let constraint = reader.eat(&["constraint"]);
    if !constraint {
        reader.eat(&["column"]);
    }
    let old = reader.name()?;
    if !reader.eat(&["to"]) {
        return None;
    }
    let new = reader.name()?;
    let name = of(table, &old);
    let (kind, what, object) = if constraint {
        (ClauseKind::RenameConstraint, "CONSTRAINT", ObjectKind::Constraint)
    } else {
        draft.loses(format!("renames column {name}, which breaks every reader of the old name"));
        (ClauseKind::RenameColumn, "COLUMN", ObjectKind::Column)
    };
    draft.object(object, name, Action::Alter);
    draft.clause(Clause { to: new.clone(), ..reader.clause(kind, start, &old) });
    Some(Some(format!("RENAME {what} {} TO {}", written(&new), written(&old))))
}

/// How and where the table is kept.
fn storage(
    draft: &mut Draft,
    reader: &mut Reader<'_, '_>,
    table: &str,
    subject: &Subject,
    start: usize,
) -> Option<Option<Undo>> {
    let rewrites = |clause: Clause| Clause { rewrites: Some(true), scans: Some(true), ..clause };
    // Nothing happens where the table is there already.
    let may_rewrite = |clause: Clause| Clause { rewrites: None, scans: None, ..clause };
    if reader.eat(&["set", "logged"]) {
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(rewrites(reader.clause(ClauseKind::SetLogged, start, "")));
        return Some(Some(Some("SET UNLOGGED".to_owned())));
    }
    if reader.eat(&["set", "unlogged"]) {
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(rewrites(reader.clause(ClauseKind::SetUnlogged, start, "")));
        return Some(Some(Some("SET LOGGED".to_owned())));
    }
    if reader.is("split") || reader.is("merge") {
        reader.doubt();
        reader.skip_to(&[]);
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(rewrites(reader.clause(ClauseKind::Other, start, "")));
    } else if reader.eat(&["set", "tablespace"]) {
        reader.name()?;
        reader.eat(&["nowait"]);
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(may_rewrite(reader.clause(ClauseKind::SetTablespace, start, "")));
    } else if reader.eat(&["set", "access", "method"]) {
        reader.name()?;
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(may_rewrite(reader.clause(ClauseKind::SetAccessMethod, start, "")));
    } else if reader.eat(&["set", "without", "cluster"]) {
        draft.lock(Mode::ShareUpdateExclusive, table);
        draft.clause(reader.clause(ClauseKind::Other, start, ""));
    } else if reader.eat(&["set", "without", "oids"]) {
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(reader.clause(ClauseKind::Other, start, ""));
    } else if reader.eat(&["cluster", "on"]) {
        reader.name()?;
        draft.lock(Mode::ShareUpdateExclusive, table);
        draft.clause(reader.clause(ClauseKind::Other, start, ""));
    } else if (reader.is("set") || reader.is("reset")) && reader.is_after(1, "(") {
        reader.set_at(start + 1);
        let inside = reader.settings()?;
        let catalog = reader.words().find(inside, &["user_catalog_table"]).is_some();
        // The options of a view are part of what it answers; of a table's, this one is of its rows.
        let strong = subject.kind == "alter_view" || catalog;
        draft.lock(if strong { Mode::AccessExclusive } else { Mode::ShareUpdateExclusive }, table);
        draft.clause(reader.clause(ClauseKind::Other, start, ""));
    } else {
        return None;
    }
    Some(Some(None))
}

/// Triggers, rules and row security.
fn trigger(
    draft: &mut Draft,
    reader: &mut Reader<'_, '_>,
    table: &str,
    start: usize,
) -> Option<Option<Undo>> {
    let how = reader
        .eat_any(&["enable", "disable", "force"])
        .or_else(|| reader.eat(&["no", "force"]).then_some("no force"))?;
    let when = reader.eat_any(&["always", "replica"]);
    if reader.eat(&["row", "level", "security"]) {
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(reader.clause(ClauseKind::RowSecurity, start, ""));
        let back = match how {
            "enable" => "DISABLE",
            "disable" => "ENABLE",
            "force" => "NO FORCE",
            _ => "FORCE",
        };
        return Some(Some(Some(format!("{back} ROW LEVEL SECURITY"))));
    }
    let is_trigger = reader.eat(&["trigger"]);
    if !is_trigger && !reader.eat(&["rule"]) {
        return Some(None);
    }
    let quoted = reader.text().starts_with('"');
    let Some(name) = reader.name() else { return Some(None) };
    if !is_trigger {
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(reader.clause(ClauseKind::Other, start, &name));
        return Some(Some(None));
    }
    let every = !quoted && matches!(name.as_str(), "all" | "user");
    if !every {
        draft.object(ObjectKind::Trigger, of(table, &name), Action::Alter);
    }
    draft.lock(Mode::ShareRowExclusive, table);
    let kind = if how == "enable" { ClauseKind::EnableTrigger } else { ClauseKind::DisableTrigger };
    draft.clause(reader.clause(kind, start, &name));
    let back = if how == "enable" { "DISABLE" } else { "ENABLE" };
    Some(Some((!every && when.is_none()).then(|| format!("{back} TRIGGER {}", written(&name)))))
}

/// Partitions, parents, owners and identities.
fn family(draft: &mut Draft, reader: &mut Reader<'_, '_>, table: &str, start: usize) -> Option<Option<Undo>> {
    let undo = if reader.eat(&["attach", "partition"]) {
        let span = reader.since(start);
        let partition = reader.name()?;
        create_table::bounds(reader);
        if !reader.is_done() {
            reader.doubt();
            reader.skip_to(&[]);
        }
        draft.object(ObjectKind::Table, &partition, Action::Alter);
        draft.lock(Mode::AccessExclusive, &partition);
        draft.lock(Mode::ShareUpdateExclusive, table);
        let clause = reader.clause(ClauseKind::AttachPartition, start, "");
        let undo = format!("DETACH PARTITION {}", written(&partition));
        // Not read where a valid CHECK of the partition proves its bounds; the indexes are those of the
        // parent that the partition does not have yet.
        draft.clause(Clause { span, to: partition, scans: None, builds_index: None, ..clause });
        Some(undo)
    } else if reader.eat(&["detach", "partition"]) {
        let span = reader.since(start);
        let partition = reader.name()?;
        draft.object(ObjectKind::Table, &partition, Action::Alter);
        draft.loses(format!("detaches partition {partition} from {table}, whose readers lose its rows"));
        let kind = if reader.eat(&["concurrently"]) {
            draft.lock(Mode::ShareUpdateExclusive, table);
            draft.never("DETACH PARTITION CONCURRENTLY cannot run inside a transaction block");
            ClauseKind::DetachPartitionConcurrently
        } else if reader.eat(&["finalize"]) {
            draft.lock(Mode::ShareUpdateExclusive, table);
            ClauseKind::DetachPartitionFinalize
        } else {
            draft.lock(Mode::AccessExclusive, table);
            draft.lock(Mode::AccessExclusive, &partition);
            ClauseKind::DetachPartition
        };
        draft.clause(Clause { span, to: partition, ..reader.clause(kind, start, "") });
        None
    } else if reader.is("inherit") || (reader.is("no") && reader.is_after(1, "inherit")) {
        let leaves = reader.eat(&["no"]);
        reader.eat(&["inherit"]);
        let parent = reader.name()?;
        draft.object(ObjectKind::Table, &parent, Action::Alter);
        draft.lock(Mode::AccessExclusive, table);
        draft.lock(Mode::ShareUpdateExclusive, &parent);
        if leaves {
            draft.loses(format!("takes table {table} out of {parent}, whose readers lose its rows"));
        }
        let kind = if leaves { ClauseKind::NoInherit } else { ClauseKind::Inherit };
        let back = if leaves { "INHERIT" } else { "NO INHERIT" };
        let undo = format!("{back} {}", written(&parent));
        draft.clause(Clause { to: parent, ..reader.clause(kind, start, "") });
        Some(undo)
    } else {
        let kind = if reader.eat(&["owner", "to"]) {
            reader.name()?;
            ClauseKind::Owner
        } else if reader.eat(&["replica", "identity"]) {
            match reader.eat_any(&["default", "full", "nothing"]) {
                Some(_) => {}
                None if reader.eat(&["using", "index"]) => reader.name().map(|_| ())?,
                None => return None,
            }
            ClauseKind::ReplicaIdentity
        } else if reader.eat(&["not", "of"]) {
            ClauseKind::Other
        } else if reader.eat(&["of"]) {
            reader.name()?;
            ClauseKind::Other
        } else if reader.eat(&["options"]) {
            reader.group()?;
            reader.doubt();
            ClauseKind::Other
        } else {
            return None;
        };
        draft.lock(Mode::AccessExclusive, table);
        draft.clause(reader.clause(kind, start, ""));
        None
    };
    Some(Some(undo))
}

/// A name as the user would write it.
pub(super) fn written(name: &str) -> String {
    spelled(Dialect::Postgres, name)
}
