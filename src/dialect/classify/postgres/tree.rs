//! Reading a syntax tree: children by kind, and names as the server folds them.

use squawk_syntax::{SyntaxKind, SyntaxNode};

pub(super) fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|child| child.kind() == kind)
}

pub(super) fn has(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens().any(|child| child.kind() == kind)
}

/// Whether `kind` is anywhere in `node`, as a node or a token.
pub(super) fn holds(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.descendants_with_tokens().any(|inner| inner.kind() == kind)
}

pub(super) fn descendants(node: &SyntaxNode, kind: SyntaxKind) -> impl Iterator<Item = SyntaxNode> {
    node.descendants().filter(move |inner| inner.kind() == kind)
}

/// The first name of that kind directly in `node`.
pub(super) fn child_name(node: &SyntaxNode, kind: SyntaxKind) -> Option<String> {
    child(node, kind).and_then(|child| name(&child))
}

/// The first name that a node of one of `kinds` in `node` gives, at any depth.
pub(super) fn first_name(node: &SyntaxNode, kinds: &[SyntaxKind]) -> Option<String> {
    node.descendants().find(|inner| kinds.contains(&inner.kind())).and_then(|inner| name(&inner))
}

/// The table or other relation that `node` is about.
pub(super) fn relation(node: &SyntaxNode) -> Option<String> {
    first_name(node, &[SyntaxKind::TABLE_NAME_REF, SyntaxKind::RELATION_NAME_REF, SyntaxKind::TABLE_NAME])
}

/// The name at the beginning of `node`: unquoted, folded to lower case where it was not quoted
/// (manual §4.1.1), and with its qualifiers. Stops at the first thing that is no part of a name.
pub(super) fn name(node: &SyntaxNode) -> Option<String> {
    let mut name = String::new();
    let mut joined = true;
    for token in node.descendants_with_tokens().filter_map(|inner| inner.into_token()) {
        match token.kind() {
            SyntaxKind::WHITESPACE | SyntaxKind::COMMENT => {}
            SyntaxKind::ONLY_KW if name.is_empty() => {}
            SyntaxKind::DOT if !joined => {
                name.push('.');
                joined = true;
            }
            _ if joined && is_word(token.text()) => {
                name.push_str(&unquoted(token.text()));
                joined = false;
            }
            _ => break,
        }
    }
    (!name.is_empty()).then_some(name)
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"')
}

fn unquoted(text: &str) -> String {
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inside) => inside.replace("\"\"", "\""),
        None => text.to_ascii_lowercase(),
    }
}

/// `table.column`.
pub(super) fn of(table: &str, name: &str) -> String {
    format!("{table}.{name}")
}
