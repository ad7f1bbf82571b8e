//! Statements that read and write rows, alone or inside each other.

use std::collections::HashSet;
use std::sync::LazyLock;

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::{Draft, Mode};
use super::{statement, tree};
use crate::dialect::{Action, ObjectKind};

pub(super) fn read(node: &SyntaxNode) -> Option<Draft> {
    use SyntaxKind as K;
    let kind = match node.kind() {
        K::INSERT => "insert",
        K::UPDATE => "update",
        K::DELETE => "delete",
        K::MERGE => "merge",
        K::SELECT_INTO => "select_into",
        K::VALUES => "values",
        K::COPY => return Some(copy(node)),
        K::EXPLAIN => return explain(node),
        K::PREPARE => "prepare",
        K::DECLARE => "declare",
        _ => "select",
    };
    let mut draft = Draft::new(kind);
    let quiet = effects(&mut draft, node);
    if reads(&mut draft, node) {
        // An index may lead to the rows.
        draft.scans(None);
    }
    // A prepared statement and a cursor change the session, not the data.
    draft.reads_only(quiet && !matches!(node.kind(), K::PREPARE | K::DECLARE));
    Some(draft)
}

/// What the statements in `node`, itself among them, write and lose; true where they do neither.
pub(super) fn effects(draft: &mut Draft, node: &SyntaxNode) -> bool {
    use SyntaxKind as K;
    let mut quiet = true;
    for inner in node.descendants() {
        match inner.kind() {
            K::INSERT | K::UPDATE | K::DELETE | K::MERGE => {
                write(draft, &inner);
                quiet = false;
            }
            K::SELECT_INTO => {
                if let Some(name) = tree::first_name(&inner, &[K::TABLE_NAME]) {
                    draft.object(ObjectKind::Table, name, Action::Create);
                }
                draft.scans(Some(true));
                quiet = false;
            }
            K::LOCKING_CLAUSE => {
                let table = inner.parent().and_then(|select| {
                    tree::descendants(&select, K::RELATION_FROM_ITEM).find_map(|item| tree::relation(&item))
                });
                draft.lock(Mode::RowShare, &table.unwrap_or_default());
                quiet = false;
            }
            K::CALL_EXPR => quiet &= call(draft, &tree::name(&inner).unwrap_or_default()),
            _ => {}
        }
    }
    quiet
}

fn write(draft: &mut Draft, node: &SyntaxNode) {
    use SyntaxKind as K;
    // The target is the first relation after a leading WITH.
    let target = node
        .children()
        .filter(|child| child.kind() != K::WITH_CLAUSE)
        .find_map(|child| tree::relation(&child))
        .unwrap_or_default();
    draft.lock(Mode::RowExclusive, &target);
    draft.object(ObjectKind::Table, &target, Action::Write);
    let every = is_unrestricted(node);
    match node.kind() {
        K::DELETE if every => draft.loses(format!("deletes every row of {target}")),
        K::DELETE => draft.loses(format!("deletes rows of {target}")),
        K::UPDATE if every => draft.loses(format!("overwrites every row of {target}")),
        K::MERGE if tree::holds(node, K::MERGE_DELETE) => draft.loses(format!("deletes rows of {target}")),
        _ => {}
    }
    if matches!(node.kind(), K::DELETE | K::UPDATE) {
        // Without WHERE certainly; otherwise an index may lead to the rows.
        draft.scans(if every { Some(true) } else { None });
    }
    if node.kind() == K::MERGE {
        draft.scans(None);
    }
}

fn is_unrestricted(node: &SyntaxNode) -> bool {
    use SyntaxKind as K;
    if tree::has(node, K::WHERE_CURRENT_OF) {
        return false;
    }
    let Some(clause) = tree::child(node, K::WHERE_CLAUSE) else { return true };
    clause.children().next().is_none_or(|condition| is_always_true(&condition))
}

fn is_always_true(condition: &SyntaxNode) -> bool {
    use SyntaxKind as K;
    let operands: Vec<_> = condition.children().collect();
    match (condition.kind(), operands.as_slice()) {
        (K::LITERAL, _) => tree::has(condition, K::TRUE_KW),
        (K::PAREN_EXPR, [inner]) => is_always_true(inner),
        (K::BIN_EXPR, [left, right]) if tree::has(condition, K::OR_KW) => {
            is_always_true(left) || is_always_true(right)
        }
        (K::BIN_EXPR, [left, right]) if tree::has(condition, K::AND_KW) => {
            is_always_true(left) && is_always_true(right)
        }
        (K::BIN_EXPR, [left, right]) if tree::has(condition, K::EQ) => {
            // `a = a` leaves out NULLs and nothing else.
            let plain = |side: &SyntaxNode| matches!(side.kind(), K::LITERAL | K::NAME_REF | K::FIELD_EXPR);
            plain(left) && plain(right) && left.text() == right.text()
        }
        _ => false,
    }
}

/// Notes what a call of a known function does; false where it does more than read. What a function
/// of the user does, only the server knows: it enforces read-only transactions itself.
pub(super) fn call(draft: &mut Draft, name: &str) -> bool {
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    let loss = match name {
        "lo_unlink" => Some("deletes a large object"),
        "lo_put" | "lo_truncate" | "lo_truncate64" | "lowrite" => Some("overwrites a large object"),
        "pg_drop_replication_slot" => Some("drops a replication slot"),
        "dblink" | "dblink_exec" | "dblink_send_query" | "query_to_xml" => {
            Some("runs a command whose effect cannot be read from its text")
        }
        "pg_terminate_backend" => Some("ends sessions and rolls back what they were doing"),
        _ => None,
    };
    if let Some(loss) = loss {
        draft.loses(loss);
    }
    let acts = loss.is_some()
        || matches!(
            name,
            "setval"
                | "nextval"
                | "set_config"
                | "pg_cancel_backend"
                | "pg_reload_conf"
                | "pg_notify"
                | "pg_switch_wal"
                | "pg_create_restore_point"
                | "pg_promote"
                | "pg_rotate_logfile"
                | "pg_logical_emit_message"
                | "lo_create"
                | "lo_creat"
                | "lo_from_bytea"
                | "lo_import"
                | "lo_export"
        )
        || name.starts_with("pg_advisory")
        || name.starts_with("pg_try_advisory")
        || name.starts_with("pg_stat_reset")
        || name.starts_with("pg_replication_")
        || (name.starts_with("pg_create_") && name.ends_with("_slot"));
    if !acts && !only_reads(name) {
        draft.calls(name.to_owned());
    }
    !acts
}

/// Functions of `pg_catalog`, and of extensions that come with the server, that change nothing: the
/// catalogue's own `provolatile` where it says so, the manual (§9) where it does not.
const READING: &str = include_str!("reading_functions.txt");

pub(super) fn only_reads(name: &str) -> bool {
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| READING.split_ascii_whitespace().collect());
    KNOWN.contains(name)
}

/// The tables that `node` reads in a `FROM`, `JOIN`, `USING` or `TABLE`, without its own `WITH`
/// names; true where there is one.
pub(super) fn reads(draft: &mut Draft, node: &SyntaxNode) -> bool {
    use SyntaxKind as K;
    let (mut own, mut named) = (Vec::new(), Vec::new());
    for item in node.descendants() {
        match item.kind() {
            K::CTE_NAME => own.extend(tree::name(&item)),
            K::RELATION_FROM_ITEM => named.extend(tree::relation(&item)),
            K::TABLE => named.extend(tree::child_name(&item, K::RELATION_NAME)),
            _ => {}
        }
    }
    named.retain(|table| !own.contains(table));
    for table in &named {
        draft.lock(Mode::AccessShare, table);
        draft.object(ObjectKind::Table, table, Action::Read);
    }
    !named.is_empty()
}

fn explain(node: &SyntaxNode) -> Option<Draft> {
    use SyntaxKind as K;
    let mut draft = Draft::new("explain");
    let inner = node.children().filter(|child| {
        !matches!(child.kind(), K::EXPLAIN_ANALYZE | K::EXPLAIN_VERBOSE | K::EXPLAIN_OPTION_LIST)
    });
    let inner = inner.last()?;
    let runs = tree::has(node, K::EXPLAIN_ANALYZE)
        || tree::child(node, K::EXPLAIN_OPTION_LIST).is_some_and(|options| analyzes(&options));
    if runs {
        draft.include(statement::classify(&inner)?);
    } else {
        reads(&mut draft, &inner);
        draft.reads_only(true);
    }
    Some(draft)
}

fn analyzes(options: &SyntaxNode) -> bool {
    options.children().any(|option| {
        let text = option.text().to_string().to_ascii_lowercase();
        let mut words = text.split_whitespace();
        let named = words.next().is_some_and(|word| word == "analyze" || word == "analyse");
        named && !words.any(|value| ["false", "off", "0"].contains(&value))
    })
}

fn copy(node: &SyntaxNode) -> Draft {
    use SyntaxKind as K;
    let mut draft = Draft::new("copy");
    let table = tree::child(node, K::COPY_TABLE).and_then(|table| tree::relation(&table));
    if tree::has(node, K::COPY_FROM) {
        let table = table.unwrap_or_default();
        draft.lock(Mode::RowExclusive, &table);
        draft.object(ObjectKind::Table, table, Action::Write);
        if tree::holds(node, K::PROGRAM_KW) {
            draft.loses("runs a program on the server, whose effect cannot be read from its text");
        }
        return draft;
    }
    let quiet = effects(&mut draft, node);
    if reads(&mut draft, node) {
        draft.scans(None);
    }
    if let Some(table) = table {
        draft.scans(Some(true));
        draft.lock(Mode::AccessShare, &table);
        draft.object(ObjectKind::Table, table, Action::Read);
    }
    if tree::holds(node, K::COPY_STDOUT) {
        draft.reads_only(quiet);
    } else {
        draft.loses(
            "writes a file or runs a program on the server, whose effect cannot be read from its text",
        );
    }
    draft
}
