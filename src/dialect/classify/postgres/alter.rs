//! `ALTER` of everything that is not a table or a view.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::{Draft, Mode};
use super::tree::{self, has, holds};
use super::undo;
use crate::dialect::{Action, Blocks, ObjectKind};

/// Kind, noun and object kind; the noun is None where nobody reads or calls by the name.
fn of(kind: SyntaxKind) -> Option<(&'static str, Option<&'static str>, ObjectKind)> {
    use ObjectKind as O;
    use SyntaxKind as K;
    Some(match kind {
        K::ALTER_INDEX => ("alter_index", None, O::Index),
        K::ALTER_TRIGGER => ("alter_trigger", None, O::Trigger),
        K::ALTER_EVENT_TRIGGER => ("alter_event_trigger", None, O::Trigger),
        K::ALTER_RULE => ("alter_rule", None, O::Other),
        K::ALTER_POLICY => ("alter_policy", None, O::Other),
        K::ALTER_STATISTICS => ("alter_statistics", None, O::Other),
        K::ALTER_TYPE => ("alter_type", Some("type"), O::Type),
        K::ALTER_DOMAIN => ("alter_domain", Some("domain"), O::Type),
        K::ALTER_SEQUENCE => ("alter_sequence", Some("sequence"), O::Sequence),
        K::ALTER_SCHEMA => ("alter_schema", Some("schema"), O::Schema),
        K::ALTER_DATABASE => ("alter_database", Some("database"), O::Database),
        K::ALTER_FUNCTION => ("alter_function", Some("function"), O::Function),
        K::ALTER_PROCEDURE => ("alter_procedure", Some("procedure"), O::Function),
        K::ALTER_ROUTINE => ("alter_routine", Some("routine"), O::Function),
        K::ALTER_AGGREGATE => ("alter_aggregate", Some("aggregate"), O::Function),
        K::ALTER_ROLE => ("alter_role", Some("role"), O::Other),
        K::ALTER_USER => ("alter_user", Some("user"), O::Other),
        K::ALTER_GROUP => ("alter_group", Some("group"), O::Other),
        K::ALTER_COLLATION => ("alter_collation", Some("collation"), O::Other),
        K::ALTER_CONVERSION => ("alter_conversion", Some("conversion"), O::Other),
        K::ALTER_DEFAULT_PRIVILEGES => ("alter_default_privileges", None, O::Other),
        K::ALTER_EXTENSION => ("alter_extension", Some("extension"), O::Other),
        K::ALTER_FOREIGN_DATA_WRAPPER => {
            ("alter_foreign_data_wrapper", Some("foreign-data wrapper"), O::Other)
        }
        K::ALTER_LANGUAGE => ("alter_language", Some("language"), O::Other),
        K::ALTER_LARGE_OBJECT => ("alter_large_object", None, O::Other),
        K::ALTER_OPERATOR => ("alter_operator", Some("operator"), O::Other),
        K::ALTER_OPERATOR_CLASS => ("alter_operator_class", Some("operator class"), O::Other),
        K::ALTER_OPERATOR_FAMILY => ("alter_operator_family", Some("operator family"), O::Other),
        K::ALTER_PROPERTY_GRAPH => ("alter_property_graph", Some("property graph"), O::Other),
        K::ALTER_PUBLICATION => ("alter_publication", Some("publication"), O::Other),
        K::ALTER_SERVER => ("alter_server", Some("server"), O::Other),
        K::ALTER_SUBSCRIPTION => ("alter_subscription", Some("subscription"), O::Other),
        K::ALTER_SYSTEM => ("alter_system", None, O::Other),
        K::ALTER_TABLESPACE => ("alter_tablespace", Some("tablespace"), O::Other),
        K::ALTER_TEXT_SEARCH_CONFIGURATION => {
            ("alter_text_search_configuration", Some("text search configuration"), O::Other)
        }
        K::ALTER_TEXT_SEARCH_DICTIONARY => {
            ("alter_text_search_dictionary", Some("text search dictionary"), O::Other)
        }
        K::ALTER_TEXT_SEARCH_PARSER => ("alter_text_search_parser", Some("text search parser"), O::Other),
        K::ALTER_TEXT_SEARCH_TEMPLATE => {
            ("alter_text_search_template", Some("text search template"), O::Other)
        }
        K::ALTER_USER_MAPPING => ("alter_user_mapping", None, O::Other),
        _ => return None,
    })
}

pub(super) fn read(node: &SyntaxNode) -> Option<Draft> {
    use SyntaxKind as K;
    let (kind, noun, object) = of(node.kind())?;
    let mut draft = Draft::new(kind);
    let name =
        node.children().find(|child| child.kind() != K::IF_EXISTS).and_then(|child| tree::name(&child));
    let nameless = matches!(
        node.kind(),
        K::ALTER_SYSTEM | K::ALTER_DEFAULT_PRIVILEGES | K::ALTER_LARGE_OBJECT | K::ALTER_USER_MAPPING
    );
    let name = name.filter(|_| !nameless).unwrap_or_default();
    if !name.is_empty() {
        draft.object(object, &name, Action::Alter);
    }
    for action in node.children() {
        match (noun, action.kind()) {
            (Some(noun), K::SET_SCHEMA) => {
                draft.loses(format!(
                    "moves {noun} {name} to another schema, which breaks every user of the old name"
                ));
            }
            (None, _)
                if renames(&action)
                    && !matches!(node.kind(), K::ALTER_TRIGGER | K::ALTER_RULE | K::ALTER_POLICY) =>
            {
                undo::rename(&mut draft, &words(kind), &name, &action);
            }
            (Some(noun), _) if renames(&action) => {
                undo::rename(&mut draft, &words(kind), &name, &action);
                draft.loses(format!("renames {noun} {name}, which breaks every user of the old name"));
            }
            _ => {}
        }
    }
    match node.kind() {
        K::ALTER_TYPE => alter_type(&mut draft, node, &name),
        K::ALTER_DOMAIN => alter_domain(&mut draft, node, &name),
        K::ALTER_SEQUENCE => draft.lock(Mode::ShareRowExclusive, &name),
        K::ALTER_INDEX if holds(node, K::SET_TABLESPACE) => {
            draft.lock(Mode::AccessExclusive, &name);
            draft.cost_unknown();
        }
        K::ALTER_INDEX if has(node, K::ATTACH_INDEX_PARTITION) => draft.lock_unknown(),
        K::ALTER_TRIGGER | K::ALTER_RULE | K::ALTER_POLICY => {
            if let Some(table) = tree::relation(node) {
                draft.lock(Mode::AccessExclusive, &table);
                draft.object(ObjectKind::Table, table, Action::Alter);
            }
        }
        K::ALTER_DATABASE if holds(node, K::SET_TABLESPACE) => {
            draft.never("ALTER DATABASE … SET TABLESPACE cannot run inside a transaction block");
        }
        K::ALTER_SYSTEM => draft.never("ALTER SYSTEM cannot run inside a transaction block"),
        K::ALTER_SUBSCRIPTION if refreshes(node) => {
            draft.never("ALTER SUBSCRIPTION with refresh cannot run inside a transaction block");
        }
        K::ALTER_PUBLICATION => {
            for table in
                tree::descendants(node, K::PUBLICATION_OBJECT_TABLE).filter_map(|t| tree::relation(&t))
            {
                draft.lock(Mode::ShareUpdateExclusive, &table);
                draft.object(ObjectKind::Table, table, Action::Alter);
            }
        }
        K::ALTER_EXTENSION if holds(node, K::UPDATE_KW) => {
            draft.loses(format!(
                "runs the update script of extension {name}, whose effect cannot be read from its text"
            ));
            draft.lock_unknown();
            draft.cost_unknown();
        }
        _ => {}
    }
    Some(draft)
}

/// `ALTER INDEX`
fn words(kind: &str) -> String {
    kind.replace('_', " ").to_uppercase()
}

fn renames(action: &SyntaxNode) -> bool {
    action.first_token().is_some_and(|token| token.kind() == SyntaxKind::RENAME_KW)
        && !matches!(
            action.kind(),
            SyntaxKind::RENAME_VALUE | SyntaxKind::RENAME_ATTRIBUTE | SyntaxKind::RENAME_CONSTRAINT
        )
}

fn alter_type(draft: &mut Draft, node: &SyntaxNode, name: &str) {
    use SyntaxKind as K;
    for action in node.descendants() {
        let field = || {
            let field = tree::first_name(&action, &[K::COMPOSITE_FIELD_REF, K::COMPOSITE_FIELD]);
            tree::of(name, &field.unwrap_or_default())
        };
        match action.kind() {
            K::RENAME_VALUE => {
                let value =
                    tree::child(&action, K::LITERAL).map_or_else(String::new, |v| v.text().to_string());
                draft.loses(format!(
                    "renames value {value} of type {name}, which breaks every user of the old name"
                ));
            }
            K::RENAME_ATTRIBUTE => {
                draft.loses(format!(
                    "renames attribute {}, which breaks every reader of the old name",
                    field()
                ));
            }
            K::DROP_ATTRIBUTE => draft.loses(format!("drops attribute {} and its data", field())),
            K::ALTER_ATTRIBUTE => draft
                .loses(format!("changes the type of attribute {}; values may be lost or rejected", field())),
            _ => continue,
        }
        if action.kind() != K::RENAME_VALUE {
            // Every table with a column of that type.
            draft.lock_unknown();
        }
    }
    if holds(node, K::ADD_ATTRIBUTE) {
        draft.lock_unknown();
    }
}

fn alter_domain(draft: &mut Draft, node: &SyntaxNode, name: &str) {
    use SyntaxKind as K;
    for action in node.children() {
        let what = match action.kind() {
            K::DROP_CONSTRAINT => "a constraint",
            K::DROP_DEFAULT => "the default",
            _ => continue,
        };
        draft.loses_part(
            &[("type", name)],
            format!("drops {what} of domain {name}, which others may rely on"),
        );
    }
    let validates = has(node, K::VALIDATE_CONSTRAINT) || has(node, K::SET_NOT_NULL);
    if validates || (has(node, K::ADD_CONSTRAINT) && !holds(node, K::NOT_VALID)) {
        // SHARE on every table with a column of the domain; the text names none of them.
        draft.blocks(Some(Blocks::Writes));
        draft.scans(Some(true));
    }
}

/// Whether the subscription talks to its publisher, which it does unless told not to.
fn refreshes(node: &SyntaxNode) -> bool {
    use SyntaxKind as K;
    let text = node.text().to_string().to_ascii_lowercase();
    let words: Vec<_> =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
    let told_not_to =
        words.windows(2).any(|pair| pair[0] == "refresh" && ["false", "off"].contains(&pair[1]));
    let sets_slot_options = words.iter().any(|word| ["failover", "two_phase"].contains(word));
    (holds(node, K::PUBLICATION_KW) && !told_not_to) || sets_slot_options
}
