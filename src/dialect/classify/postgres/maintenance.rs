//! Statements that keep a server in order, and those that change only the session.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::{Draft, Mode};
use super::tree::{self, has, holds};
use crate::dialect::{Action, Blocks, ObjectKind};

pub(super) fn read(node: &SyntaxNode) -> Option<Draft> {
    use SyntaxKind as K;
    Some(match node.kind() {
        K::TRUNCATE => truncate(node),
        K::LOCK => lock(node),
        K::REFRESH => refresh(node),
        K::CLUSTER | K::REPACK => cluster(node),
        K::VACUUM => vacuum(node),
        K::ANALYZE => analyze(node),
        K::REINDEX => reindex(node),
        K::COMMENT_ON => Draft::new("comment"),
        K::GRANT => on_object("grant", node),
        K::REVOKE => on_object("revoke", node),
        K::SECURITY_LABEL => on_object("security_label", node),
        K::CALL => {
            let mut draft = opaque("call", "runs a procedure whose effect cannot be read from its text");
            if let Some(name) = tree::child_name(node, K::PROCEDURE_NAME_REF) {
                draft.object(ObjectKind::Function, name, Action::Read);
            }
            draft
        }
        K::EXECUTE => {
            opaque("execute", "runs a prepared statement whose effect cannot be read from its text")
        }
        K::LOAD => opaque("load", "loads a library whose effect cannot be read from its text"),
        K::IMPORT_FOREIGN_SCHEMA => Draft::new("import_foreign_schema"),
        K::REASSIGN => {
            let mut draft = Draft::new("reassign_owned");
            draft.loses(
                "gives everything that a role owns to another one, which cannot be told apart afterwards",
            );
            draft.lock_unknown();
            draft
        }
        K::DISCARD => {
            let mut draft = Draft::new("discard");
            if holds(node, K::ALL_KW) {
                draft.never("DISCARD ALL cannot run inside a transaction block");
            }
            draft
        }
        K::SET | K::SET_ROLE | K::SET_SESSION_AUTH | K::SET_CONSTRAINTS | K::SET_TRANSACTION => {
            Draft::new("set")
        }
        K::RESET | K::RESET_ROLE | K::RESET_SESSION_AUTH => Draft::new("reset"),
        K::SHOW => {
            let mut draft = Draft::new("show");
            draft.reads_only(true);
            draft
        }
        K::FETCH => Draft::new("fetch"),
        K::MOVE => Draft::new("move"),
        K::CLOSE => Draft::new("close"),
        K::DEALLOCATE => Draft::new("deallocate"),
        K::LISTEN => Draft::new("listen"),
        K::UNLISTEN => Draft::new("unlisten"),
        K::NOTIFY => Draft::new("notify"),
        K::CHECKPOINT => Draft::new("checkpoint"),
        _ => return None,
    })
}

fn opaque(kind: &'static str, what: &'static str) -> Draft {
    let mut draft = Draft::new(kind);
    draft.loses(what);
    draft.lock_unknown();
    draft.cost_unknown();
    draft
}

fn truncate(node: &SyntaxNode) -> Draft {
    let mut draft = Draft::new("truncate");
    let also = if has(node, SyntaxKind::CASCADE) { ", with every table that refers to it" } else { "" };
    // The table and its indexes get new files.
    draft.rewrites(Some(true));
    draft.keeps_indexes();
    for table in tree::descendants(node, SyntaxKind::TABLE_NAME_REF).filter_map(|table| tree::name(&table)) {
        draft.lock(Mode::AccessExclusive, &table);
        draft.loses(format!("truncates {table}{also}"));
        draft.object(ObjectKind::Table, table, Action::Write);
    }
    draft
}

fn lock(node: &SyntaxNode) -> Draft {
    use SyntaxKind as K;
    let mut draft = Draft::new("lock_table");
    const MODES: [(SyntaxKind, Mode); 7] = [
        (K::ACCESS_SHARE, Mode::AccessShare),
        (K::ROW_SHARE, Mode::RowShare),
        (K::ROW_EXCLUSIVE, Mode::RowExclusive),
        (K::SHARE_UPDATE_EXCLUSIVE, Mode::ShareUpdateExclusive),
        (K::SHARE, Mode::Share),
        (K::SHARE_ROW_EXCLUSIVE, Mode::ShareRowExclusive),
        (K::EXCLUSIVE, Mode::Exclusive),
    ];
    let mode =
        MODES.iter().find(|(kind, _)| holds(node, *kind)).map_or(Mode::AccessExclusive, |(_, mode)| *mode);
    for table in tree::descendants(node, K::RELATION_NAME_REF).filter_map(|table| tree::name(&table)) {
        draft.lock(mode, &table);
        draft.object(ObjectKind::Table, table, Action::Read);
    }
    draft
}

fn refresh(node: &SyntaxNode) -> Draft {
    use SyntaxKind as K;
    let mut draft = Draft::new("refresh_materialized_view");
    let name = tree::child_name(node, K::VIEW_REF).unwrap_or_default();
    let concurrently = has(node, K::CONCURRENTLY_KW);
    draft.lock(if concurrently { Mode::Exclusive } else { Mode::AccessExclusive }, &name);
    draft.object(ObjectKind::View, name, Action::Write);
    draft.rewrites(Some(!concurrently));
    draft.scans(Some(true));
    draft
}

fn cluster(node: &SyntaxNode) -> Draft {
    let mut draft = Draft::new(if node.kind() == SyntaxKind::CLUSTER { "cluster" } else { "repack" });
    draft.rewrites(Some(true));
    draft.scans(Some(true));
    match tree::relation(node) {
        Some(table) => {
            draft.lock(Mode::AccessExclusive, &table);
            draft.object(ObjectKind::Table, table, Action::Alter);
        }
        None => {
            draft.lock_unknown();
            draft.never("CLUSTER of all tables cannot run inside a transaction block");
        }
    }
    draft
}

fn vacuum(node: &SyntaxNode) -> Draft {
    let mut draft = Draft::new("vacuum");
    let full = holds(node, SyntaxKind::FULL_KW);
    for table in tree::descendants(node, SyntaxKind::TABLE_NAME_REF).filter_map(|table| tree::name(&table)) {
        draft.lock(if full { Mode::AccessExclusive } else { Mode::ShareUpdateExclusive }, &table);
        draft.object(ObjectKind::Table, table, Action::Alter);
    }
    draft.rewrites(Some(full));
    draft.scans(Some(true));
    draft.never("VACUUM cannot run inside a transaction block");
    draft
}

fn analyze(node: &SyntaxNode) -> Draft {
    let mut draft = Draft::new("analyze");
    for table in tree::descendants(node, SyntaxKind::TABLE_NAME_REF).filter_map(|table| tree::name(&table)) {
        draft.lock(Mode::ShareUpdateExclusive, &table);
        draft.object(ObjectKind::Table, table, Action::Read);
    }
    draft
}

fn reindex(node: &SyntaxNode) -> Draft {
    use SyntaxKind as K;
    let mut draft = Draft::new("reindex");
    draft.scans(Some(true));
    draft.builds_index(Some(true));
    // The index is built anew; the table is not.
    let Some(target) = node.children().find(|child| child.kind() != K::REINDEX_OPTION_LIST) else {
        return draft;
    };
    let name = target.children().next().and_then(|named| tree::name(&named)).unwrap_or_default();
    let concurrently = holds(node, K::CONCURRENTLY_KW);
    if concurrently {
        draft.never("REINDEX CONCURRENTLY cannot run inside a transaction block");
    }
    match target.kind() {
        K::REINDEX_TARGET_TABLE => {
            draft.lock(if concurrently { Mode::ShareUpdateExclusive } else { Mode::Share }, &name);
            draft.object(ObjectKind::Table, name, Action::Alter);
            if !concurrently {
                // Its indexes are locked against everybody, and whoever reads the table opens them.
                draft.blocks(Some(Blocks::Everything));
            }
        }
        K::REINDEX_TARGET_INDEX => {
            draft.object(ObjectKind::Index, &name, Action::Alter);
            if !concurrently {
                // SHARE on the table, which the text does not name; ACCESS EXCLUSIVE on the index.
                draft.lock(Mode::AccessExclusive, &name);
            }
        }
        K::REINDEX_TARGET_SCHEMA => {
            draft.object(ObjectKind::Schema, name, Action::Alter);
            draft.never("REINDEX SCHEMA cannot run inside a transaction block");
            if !concurrently {
                draft.lock_unknown();
            }
        }
        _ => {
            draft.object(ObjectKind::Database, name, Action::Alter);
            draft.never("REINDEX DATABASE and REINDEX SYSTEM cannot run inside a transaction block");
            if !concurrently {
                draft.lock_unknown();
            }
        }
    }
    draft
}

fn on_object(kind: &'static str, node: &SyntaxNode) -> Draft {
    let mut draft = Draft::new(kind);
    for table in tree::descendants(node, SyntaxKind::RELATION_NAME_REF)
        .chain(tree::descendants(node, SyntaxKind::TABLE_NAME_REF))
        .filter_map(|table| tree::name(&table))
    {
        draft.object(ObjectKind::Table, table, Action::Alter);
    }
    draft
}
