//! What takes a statement back, as far as its text tells: nothing that was replaced or lost.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::Draft;
use super::alter_table::written;
use super::tree::{self, has, holds};

/// `CREATE`, where nothing was there before.
pub(super) fn create(draft: &mut Draft, node: &SyntaxNode, name: &str) {
    use SyntaxKind as K;
    let words = match node.kind() {
        K::CREATE_TABLE_AS => "TABLE",
        K::CREATE_VIEW => "VIEW",
        K::CREATE_MATERIALIZED_VIEW => "MATERIALIZED VIEW",
        K::CREATE_SEQUENCE => "SEQUENCE",
        K::CREATE_SCHEMA => "SCHEMA",
        K::CREATE_DATABASE => "DATABASE",
        K::CREATE_TYPE => "TYPE",
        K::CREATE_DOMAIN => "DOMAIN",
        K::CREATE_TRIGGER => "TRIGGER",
        K::CREATE_EVENT_TRIGGER => "EVENT TRIGGER",
        K::CREATE_RULE => "RULE",
        K::CREATE_POLICY => "POLICY",
        K::CREATE_STATISTICS => "STATISTICS",
        K::CREATE_PUBLICATION => "PUBLICATION",
        K::CREATE_EXTENSION => "EXTENSION",
        K::CREATE_ROLE => "ROLE",
        K::CREATE_USER => "USER",
        K::CREATE_SERVER => "SERVER",
        K::CREATE_TABLESPACE => "TABLESPACE",
        _ => return,
    };
    // What was there already, or was replaced, the text does not tell.
    let fresh = !has(node, K::IF_NOT_EXISTS) && !has(node, K::OR_REPLACE) && !holds_elements(node);
    let on = matches!(node.kind(), K::CREATE_TRIGGER | K::CREATE_RULE | K::CREATE_POLICY);
    let on = if on {
        tree::relation(node).map(|table| format!(" ON {}", written(&table)))
    } else {
        Some(String::new())
    };
    draft.undo_begins(format!("DROP {words} "));
    draft.undo(on.filter(|_| fresh && !name.is_empty()).map(|on| format!("{}{on}", written(name))));
}

/// `CREATE SCHEMA` with what is in it.
fn holds_elements(node: &SyntaxNode) -> bool {
    node.kind() == SyntaxKind::CREATE_SCHEMA
        && (holds(node, SyntaxKind::CREATE_TABLE) || holds(node, SyntaxKind::CREATE_VIEW))
}
