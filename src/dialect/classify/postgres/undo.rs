//! What takes a statement back, as far as its text tells: nothing that was replaced or lost.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::Draft;
use super::super::spelling::spelled;
use super::tree::{self, child, child_name, has, holds};
use crate::dialect::Dialect;

/// A name as the user would write it.
fn written(name: &str) -> String {
    spelled(Dialect::Postgres, name)
}

fn named(node: &SyntaxNode, kind: SyntaxKind) -> Option<String> {
    child_name(node, kind).map(|name| written(&name))
}

/// The clauses of `ALTER TABLE table` and the like.
pub(super) fn alter_table(draft: &mut Draft, words: &str, table: &str, action: &SyntaxNode) {
    use SyntaxKind as K;
    if let K::TABLE_RENAME_TO | K::VIEW_RENAME_TO = action.kind() {
        return rename(draft, words, table, action);
    }
    draft.undo_begins(format!("{words} {} ", written(table)));
    draft.undo(clause(action));
}

fn clause(action: &SyntaxNode) -> Option<String> {
    use SyntaxKind as K;
    let column = || named(action, K::COLUMN_NAME_REF);
    let constraint = || named(action, K::CONSTRAINT_NAME_REF);
    let trigger = || named(action, K::TRIGGER_REF);
    Some(match action.kind() {
        K::ADD_COLUMN if !has(action, K::IF_NOT_EXISTS) => {
            format!("DROP COLUMN {}", named(action, K::COLUMN_NAME)?)
        }
        K::ALTER_COLUMN => {
            let option = action.children().find(|child| child.kind() != K::COLUMN_NAME_REF)?;
            let undo = match option.kind() {
                K::SET_NOT_NULL => "DROP NOT NULL",
                K::DROP_NOT_NULL => "SET NOT NULL",
                K::ADD_GENERATED => "DROP IDENTITY",
                _ => return None,
            };
            format!("ALTER COLUMN {} {undo}", column()?)
        }
        K::RENAME_COLUMN => format!("RENAME COLUMN {} TO {}", named(action, K::COLUMN_NAME)?, column()?),
        K::ADD_CONSTRAINT => {
            let added = action.children().next()?;
            let name = child(&added, K::CONSTRAINT_NAME_CLAUSE)?;
            format!("DROP CONSTRAINT {}", named(&name, K::CONSTRAINT_NAME)?)
        }
        K::RENAME_CONSTRAINT => {
            format!("RENAME CONSTRAINT {} TO {}", named(action, K::CONSTRAINT_NAME)?, constraint()?)
        }
        K::ENABLE_TRIGGER => format!("DISABLE TRIGGER {}", trigger()?),
        K::DISABLE_TRIGGER => format!("ENABLE TRIGGER {}", trigger()?),
        K::ENABLE_RLS => "DISABLE ROW LEVEL SECURITY".to_owned(),
        K::DISABLE_RLS => "ENABLE ROW LEVEL SECURITY".to_owned(),
        K::FORCE_RLS => "NO FORCE ROW LEVEL SECURITY".to_owned(),
        K::NO_FORCE_RLS => "FORCE ROW LEVEL SECURITY".to_owned(),
        K::SET_LOGGED => "SET UNLOGGED".to_owned(),
        K::SET_UNLOGGED => "SET LOGGED".to_owned(),
        K::INHERIT_TABLE => format!("NO INHERIT {}", written(&tree::relation(action)?)),
        K::NO_INHERIT_TABLE => format!("INHERIT {}", written(&tree::relation(action)?)),
        K::ATTACH_PARTITION => format!("DETACH PARTITION {}", written(&tree::relation(action)?)),
        _ => return None,
    })
}

/// `… RENAME TO`, which is taken back under the new name.
pub(super) fn rename(draft: &mut Draft, words: &str, old: &str, action: &SyntaxNode) {
    let new = action.children().last().and_then(|child| tree::name(&child));
    let Some(new) = new else { return draft.undo(None) };
    let (schema, old) = old
        .rsplit_once('.')
        .map_or((String::new(), old), |(schema, old)| (format!("{}.", written(schema)), old));
    draft.undo_begins(format!("{words} {schema}{} ", written(&new)));
    draft.undo(Some(format!("RENAME TO {}", written(old))));
}

/// `CREATE`, where nothing was there before.
pub(super) fn create(draft: &mut Draft, node: &SyntaxNode, name: &str) {
    use SyntaxKind as K;
    let words = match node.kind() {
        K::CREATE_TABLE | K::CREATE_TABLE_AS => "TABLE",
        K::CREATE_FOREIGN_TABLE => "FOREIGN TABLE",
        K::CREATE_INDEX if has(node, K::CONCURRENTLY_KW) => "INDEX CONCURRENTLY",
        K::CREATE_INDEX => "INDEX",
        K::CREATE_VIEW => "VIEW",
        K::CREATE_MATERIALIZED_VIEW => "MATERIALIZED VIEW",
        K::CREATE_SEQUENCE => "SEQUENCE",
        K::CREATE_SCHEMA => "SCHEMA",
        K::CREATE_DATABASE => "DATABASE",
        K::CREATE_TYPE => "TYPE",
        K::CREATE_DOMAIN => "DOMAIN",
        K::CREATE_FUNCTION => "FUNCTION",
        K::CREATE_PROCEDURE => "PROCEDURE",
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
    // An index is in the schema of its table.
    let schema = tree::relation(node).filter(|_| node.kind() == K::CREATE_INDEX);
    let schema = schema.as_deref().and_then(|table| table.rsplit_once('.'));
    let schema = schema.map_or(String::new(), |(schema, _)| format!("{}.", written(schema)));
    draft.undo_begins(format!("DROP {words} {schema}"));
    draft.undo(on.filter(|_| fresh && !name.is_empty()).map(|on| format!("{}{on}", written(name))));
}

/// `CREATE SCHEMA` with what is in it.
fn holds_elements(node: &SyntaxNode) -> bool {
    node.kind() == SyntaxKind::CREATE_SCHEMA
        && (holds(node, SyntaxKind::CREATE_TABLE) || holds(node, SyntaxKind::CREATE_VIEW))
}
