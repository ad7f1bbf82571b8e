use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::{Draft, Mode};
use super::alter_column;
use super::tree::{self, child, child_name, has, of};
use super::undo;
use crate::dialect::{Action, ObjectKind};

/// What `ALTER` is said to alter, where several statements share their clauses.
pub(super) struct Subject {
    noun: &'static str,
    kind: ObjectKind,
}

pub(super) const TABLE: Subject = Subject { noun: "table", kind: ObjectKind::Table };
pub(super) const FOREIGN_TABLE: Subject = Subject { noun: "foreign table", kind: ObjectKind::Table };
pub(super) const VIEW: Subject = Subject { noun: "view", kind: ObjectKind::View };
pub(super) const MATERIALIZED_VIEW: Subject = Subject { noun: "materialized view", kind: ObjectKind::View };

pub(super) fn read(node: &SyntaxNode, kind: &'static str, subject: &Subject) -> Draft {
    use SyntaxKind as K;
    let mut draft = Draft::new(kind);
    let named = node.children().find(|child| {
        matches!(
            child.kind(),
            K::TABLE_RELATION_NAME
                | K::TABLE_NAME_REF
                | K::RELATION_NAME_REF
                | K::VIEW_REF
                | K::RELATION_NAME
        )
    });
    let Some(table) = named.as_ref().and_then(tree::name) else {
        // `ALTER TABLE ALL IN TABLESPACE`: which tables, only the catalogue knows.
        draft.lock_unknown();
        draft.cost_unknown();
        return draft;
    };
    draft.object(subject.kind, &table, Action::Alter);
    for action in node.children().filter(|child| Some(child) != named.as_ref()) {
        read_action(&mut draft, &action, &table, subject);
        if action.kind() != K::IF_EXISTS {
            let words = format!("ALTER {}", subject.noun.to_uppercase());
            undo::alter_table(&mut draft, &words, &table, &action);
        }
    }
    draft
}

fn read_action(draft: &mut Draft, action: &SyntaxNode, table: &str, subject: &Subject) {
    use SyntaxKind as K;
    let column = || child_name(action, K::COLUMN_NAME_REF).or_else(|| child_name(action, K::COLUMN_NAME));
    let column = || of(table, &column().unwrap_or_default());
    let constraint = || of(table, &child_name(action, K::CONSTRAINT_NAME_REF).unwrap_or_default());
    match action.kind() {
        K::IF_EXISTS => {}
        K::ADD_COLUMN => alter_column::add(draft, action, table),
        K::ALTER_COLUMN => alter_column::alter(draft, action, table),
        K::DROP_COLUMN => {
            draft.object(ObjectKind::Column, column(), Action::Drop);
            let also = if has(action, K::CASCADE) { ", with everything that depends on it" } else { "" };
            draft.loses(format!("drops column {} and its data{also}", column()));
            draft.lock(Mode::AccessExclusive, table);
        }
        K::RENAME_COLUMN => {
            draft.object(ObjectKind::Column, column(), Action::Alter);
            draft.loses(format!("renames column {}, which breaks every reader of the old name", column()));
            draft.lock(Mode::AccessExclusive, table);
        }
        K::TABLE_RENAME_TO | K::VIEW_RENAME_TO => {
            draft.loses(format!(
                "renames {} {table}, which breaks every reader of the old name",
                subject.noun
            ));
            draft.lock(Mode::AccessExclusive, table);
        }
        K::SET_SCHEMA => {
            let schema = child_name(action, K::SCHEMA_REF).unwrap_or_default();
            draft.loses(format!(
                "moves {} {table} to schema {schema}, which breaks every reader of the old name",
                subject.noun
            ));
            draft.lock(Mode::AccessExclusive, table);
        }
        K::ADD_CONSTRAINT => add_constraint(draft, action, table),
        K::DROP_CONSTRAINT => {
            // A foreign key locks the table that it refers to as well, which the text does not name.
            draft.object(ObjectKind::Constraint, constraint(), Action::Drop);
            let name = constraint();
            let loss = if has(action, K::CASCADE) {
                format!("drops constraint {name}, with every foreign key that relies on it")
            } else {
                format!("drops constraint {name}, which no row has to keep any more")
            };
            draft.loses_part(&[("constraint", &name), ("table", table)], loss);
            draft.lock(Mode::AccessExclusive, table);
        }
        K::ALTER_CONSTRAINT | K::RENAME_CONSTRAINT => {
            if tree::has(action, K::NOT_ENFORCED) {
                let name = constraint();
                draft.loses_part(
                    &[("constraint", &name), ("table", table)],
                    format!("enforces constraint {name} no more, which no row has to keep then"),
                );
            }
            draft.object(ObjectKind::Constraint, constraint(), Action::Alter);
            draft.lock(Mode::AccessExclusive, table);
        }
        K::VALIDATE_CONSTRAINT => {
            draft.object(ObjectKind::Constraint, constraint(), Action::Alter);
            draft.lock(Mode::ShareUpdateExclusive, table);
            draft.scans(Some(true));
        }
        K::ENABLE_TRIGGER | K::DISABLE_TRIGGER | K::ENABLE_ALWAYS_TRIGGER | K::ENABLE_REPLICA_TRIGGER => {
            if let Some(trigger) = child_name(action, K::TRIGGER_REF) {
                draft.object(ObjectKind::Trigger, of(table, &trigger), Action::Alter);
            }
            draft.lock(Mode::ShareRowExclusive, table);
        }
        // The options of a view are part of what it answers; of a table's, this one is of its rows.
        K::SET_OPTIONS | K::RESET_OPTIONS
            if subject.noun == VIEW.noun || action.text().to_string().contains("user_catalog_table") =>
        {
            draft.lock(Mode::AccessExclusive, table);
        }
        K::SET_OPTIONS | K::RESET_OPTIONS | K::CLUSTER_ON | K::SET_WITHOUT_CLUSTER => {
            draft.lock(Mode::ShareUpdateExclusive, table);
        }
        K::SET_LOGGED | K::SET_UNLOGGED | K::SPLIT_PARTITION | K::MERGE_PARTITIONS => {
            draft.lock(Mode::AccessExclusive, table);
            draft.rewrites(Some(true));
            draft.scans(Some(true));
        }
        // Nothing happens where the table is there already.
        K::SET_TABLESPACE | K::SET_ACCESS_METHOD => {
            draft.lock(Mode::AccessExclusive, table);
            draft.cost_unknown();
        }
        K::ATTACH_PARTITION => {
            let partition = tree::relation(action).unwrap_or_default();
            draft.object(ObjectKind::Table, &partition, Action::Alter);
            draft.lock(Mode::AccessExclusive, &partition);
            draft.lock(Mode::ShareUpdateExclusive, table);
            // Not where a valid CHECK of the partition proves its bounds.
            draft.scans(None);
            // Those of the parent that the partition does not have yet.
            draft.builds_index(None);
        }
        K::DETACH_PARTITION => detach(draft, action, table),
        K::INHERIT_TABLE | K::NO_INHERIT_TABLE => {
            let parent = tree::relation(action).unwrap_or_default();
            draft.object(ObjectKind::Table, &parent, Action::Alter);
            draft.lock(Mode::AccessExclusive, table);
            draft.lock(Mode::ShareUpdateExclusive, &parent);
            if action.kind() == K::NO_INHERIT_TABLE {
                draft.loses(format!("takes table {table} out of {parent}, whose readers lose its rows"));
            }
        }
        K::OWNER_TO
        | K::REPLICA_IDENTITY
        | K::ENABLE_RLS
        | K::DISABLE_RLS
        | K::FORCE_RLS
        | K::NO_FORCE_RLS
        | K::ENABLE_RULE
        | K::DISABLE_RULE
        | K::ENABLE_ALWAYS_RULE
        | K::ENABLE_REPLICA_RULE
        | K::SET_WITHOUT_OIDS
        | K::OF_TYPE
        | K::NOT_OF
        | K::OPTION_ITEM_LIST
        | K::ALTER_OPTION_LIST => draft.lock(Mode::AccessExclusive, table),
        // A clause of a newer server: the strongest lock, and no word about its cost.
        _ => {
            draft.lock(Mode::AccessExclusive, table);
            draft.cost_unknown();
        }
    }
}

fn detach(draft: &mut Draft, action: &SyntaxNode, table: &str) {
    use SyntaxKind as K;
    let partition = tree::relation(action).unwrap_or_default();
    draft.object(ObjectKind::Table, &partition, Action::Alter);
    draft.loses(format!("detaches partition {partition} from {table}, whose readers lose its rows"));
    if has(action, K::DETACH_CONCURRENTLY) {
        draft.lock(Mode::ShareUpdateExclusive, table);
        draft.never("DETACH PARTITION CONCURRENTLY cannot run inside a transaction block");
    } else if has(action, K::DETACH_FINALIZE) {
        draft.lock(Mode::ShareUpdateExclusive, table);
    } else {
        draft.lock(Mode::AccessExclusive, table);
        draft.lock(Mode::AccessExclusive, &partition);
    }
}

fn add_constraint(draft: &mut Draft, action: &SyntaxNode, table: &str) {
    use SyntaxKind as K;
    let Some(constraint) = action.children().next() else { return draft.cost_unknown() };
    if let Some(name) = child(&constraint, K::CONSTRAINT_NAME_CLAUSE)
        .and_then(|clause| child_name(&clause, K::CONSTRAINT_NAME))
    {
        draft.object(ObjectKind::Constraint, of(table, &name), Action::Create);
    }
    let checked = !has(&constraint, K::NOT_VALID) && !tree::holds(&constraint, K::NOT_ENFORCED);
    match constraint.kind() {
        K::FOREIGN_KEY_CONSTRAINT => {
            draft.lock(Mode::ShareRowExclusive, table);
            if let Some(referenced) = tree::relation(&constraint) {
                draft.lock(Mode::ShareRowExclusive, &referenced);
                draft.object(ObjectKind::Table, referenced, Action::Read);
            }
            draft.scans(Some(checked));
        }
        K::CHECK_CONSTRAINT => {
            draft.lock(Mode::AccessExclusive, table);
            draft.scans(Some(checked));
        }
        K::NOT_NULL_CONSTRAINT => {
            draft.lock(Mode::AccessExclusive, table);
            // Not where a valid CHECK proves it.
            draft.scans(if checked { None } else { Some(false) });
        }
        K::PRIMARY_KEY_CONSTRAINT if tree::holds(&constraint, K::USING_INDEX_NAME) => {
            draft.lock(Mode::AccessExclusive, table);
            // Only where a column may still be null.
            draft.scans(None);
        }
        K::UNIQUE_CONSTRAINT if tree::holds(&constraint, K::USING_INDEX_NAME) => {
            draft.lock(Mode::AccessExclusive, table);
        }
        _ => {
            draft.lock(Mode::AccessExclusive, table);
            draft.scans(Some(true));
            draft.builds_index(Some(true));
        }
    }
}
