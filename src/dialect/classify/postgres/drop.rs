use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::{Draft, Mode};
use super::tree;
use crate::dialect::{Action, ObjectKind};

/// What goes with the object, said after its name; None where the drop is not destructive.
type Loss = Option<&'static str>;

const READERS: Loss = Some(", which breaks every reader of it");
const CALLERS: Loss = Some(", which breaks every caller of it");
const USERS: Loss = Some(", which breaks every user of it");

/// Kind, noun, object kind and loss of each `DROP`.
fn of(kind: SyntaxKind) -> Option<(&'static str, &'static str, ObjectKind, Loss)> {
    use ObjectKind as O;
    use SyntaxKind as K;
    Some(match kind {
        K::DROP_TABLE => ("drop_table", "table", O::Table, Some(" and its data")),
        K::DROP_FOREIGN_TABLE => ("drop_foreign_table", "foreign table", O::Table, READERS),
        K::DROP_VIEW => ("drop_view", "view", O::View, READERS),
        K::DROP_MATERIALIZED_VIEW => ("drop_materialized_view", "materialized view", O::View, READERS),
        K::DROP_INDEX => ("drop_index", "index", O::Index, None),
        K::DROP_SEQUENCE => ("drop_sequence", "sequence", O::Sequence, Some(" and its position")),
        K::DROP_SCHEMA => ("drop_schema", "schema", O::Schema, Some("")),
        K::DROP_DATABASE => ("drop_database", "database", O::Database, Some(" and all its data")),
        K::DROP_TYPE => ("drop_type", "type", O::Type, USERS),
        K::DROP_DOMAIN => ("drop_domain", "domain", O::Type, USERS),
        K::DROP_FUNCTION => ("drop_function", "function", O::Function, CALLERS),
        K::DROP_PROCEDURE => ("drop_procedure", "procedure", O::Function, CALLERS),
        K::DROP_ROUTINE => ("drop_routine", "routine", O::Function, CALLERS),
        K::DROP_AGGREGATE => ("drop_aggregate", "aggregate", O::Function, CALLERS),
        K::DROP_TRIGGER => ("drop_trigger", "trigger", O::Trigger, None),
        K::DROP_EVENT_TRIGGER => ("drop_event_trigger", "event trigger", O::Trigger, None),
        K::DROP_RULE => ("drop_rule", "rule", O::Other, None),
        K::DROP_POLICY => ("drop_policy", "policy", O::Other, None),
        K::DROP_STATISTICS => ("drop_statistics", "statistics", O::Other, None),
        K::DROP_EXTENSION => ("drop_extension", "extension", O::Other, USERS),
        K::DROP_ROLE => ("drop_role", "role", O::Other, USERS),
        K::DROP_USER => ("drop_user", "user", O::Other, USERS),
        K::DROP_GROUP => ("drop_group", "group", O::Other, USERS),
        K::DROP_ACCESS_METHOD => ("drop_access_method", "access method", O::Other, USERS),
        K::DROP_CAST => ("drop_cast", "cast", O::Other, USERS),
        K::DROP_COLLATION => ("drop_collation", "collation", O::Other, USERS),
        K::DROP_CONVERSION => ("drop_conversion", "conversion", O::Other, USERS),
        K::DROP_FOREIGN_DATA_WRAPPER => {
            ("drop_foreign_data_wrapper", "foreign-data wrapper", O::Other, USERS)
        }
        K::DROP_LANGUAGE => ("drop_language", "language", O::Other, USERS),
        K::DROP_OPERATOR => ("drop_operator", "operator", O::Other, USERS),
        K::DROP_OPERATOR_CLASS => ("drop_operator_class", "operator class", O::Other, USERS),
        K::DROP_OPERATOR_FAMILY => ("drop_operator_family", "operator family", O::Other, USERS),
        K::DROP_PROPERTY_GRAPH => ("drop_property_graph", "property graph", O::Other, USERS),
        K::DROP_PUBLICATION => ("drop_publication", "publication", O::Other, USERS),
        K::DROP_SUBSCRIPTION => ("drop_subscription", "subscription", O::Other, USERS),
        K::DROP_SERVER => ("drop_server", "server", O::Other, USERS),
        K::DROP_TABLESPACE => ("drop_tablespace", "tablespace", O::Other, USERS),
        K::DROP_TEXT_SEARCH_CONFIG => {
            ("drop_text_search_configuration", "text search configuration", O::Other, USERS)
        }
        K::DROP_TEXT_SEARCH_DICT => {
            ("drop_text_search_dictionary", "text search dictionary", O::Other, USERS)
        }
        K::DROP_TEXT_SEARCH_PARSER => ("drop_text_search_parser", "text search parser", O::Other, USERS),
        K::DROP_TEXT_SEARCH_TEMPLATE => {
            ("drop_text_search_template", "text search template", O::Other, USERS)
        }
        K::DROP_TRANSFORM => ("drop_transform", "transform", O::Other, USERS),
        K::DROP_USER_MAPPING => ("drop_user_mapping", "user mapping", O::Other, USERS),
        K::DROP_OWNED => ("drop_owned", "everything owned by", O::Other, Some("")),
        _ => return None,
    })
}

pub(super) fn read(node: &SyntaxNode) -> Option<Draft> {
    use SyntaxKind as K;
    let (kind, noun, object, loss) = of(node.kind())?;
    let mut draft = Draft::new(kind);
    let cascades = tree::has(node, K::CASCADE);
    let also = match (node.kind(), cascades) {
        (K::DROP_SCHEMA, true) => " with everything in it",
        (K::DROP_TYPE | K::DROP_DOMAIN, true) => ", with every column of that type",
        (_, true) => ", with everything that depends on it",
        (_, false) => "",
    };
    let names = names(node);
    for name in &names {
        draft.object(object, name, Action::Drop);
        if let Some(loss) = loss {
            draft.loses(format!("drops {noun} {name}{loss}{also}"));
        }
    }
    if names.is_empty() && loss.is_some() {
        draft.loses(format!("drops a {noun}{also}"));
    }
    match node.kind() {
        K::DROP_TABLE
        | K::DROP_VIEW
        | K::DROP_MATERIALIZED_VIEW
        | K::DROP_SEQUENCE
        | K::DROP_FOREIGN_TABLE => {
            names.iter().for_each(|name| draft.lock(Mode::AccessExclusive, name));
        }
        K::DROP_INDEX if tree::has(node, K::CONCURRENTLY_KW) => {
            draft.never("DROP INDEX CONCURRENTLY cannot run inside a transaction block");
        }
        // The table is locked too, but only the catalogue knows which one it is.
        K::DROP_INDEX => {
            for name in &names {
                draft.lock(Mode::AccessExclusive, name);
                if cascades {
                    draft.loses(format!("drops index {name}, with every foreign key that relies on it"));
                }
            }
        }
        K::DROP_TRIGGER | K::DROP_RULE | K::DROP_POLICY => {
            if let Some(table) = tree::relation(node) {
                draft.lock(Mode::AccessExclusive, &table);
                draft.object(ObjectKind::Table, table, Action::Alter);
            }
        }
        K::DROP_DATABASE => draft.never("DROP DATABASE cannot run inside a transaction block"),
        K::DROP_TABLESPACE => draft.never("DROP TABLESPACE cannot run inside a transaction block"),
        K::DROP_SUBSCRIPTION => {
            draft.never("DROP SUBSCRIPTION of a replication slot cannot run inside a transaction block");
        }
        _ if cascades => draft.lock_unknown(),
        _ => {}
    }
    Some(draft)
}

/// The names that are dropped: `a, b` directly in the statement or in a list of it.
fn names(node: &SyntaxNode) -> Vec<String> {
    use SyntaxKind as K;
    let mut names = Vec::new();
    for child in node.children() {
        match child.kind() {
            K::IF_EXISTS | K::CASCADE | K::RESTRICT | K::ON_RELATION | K::ON_TABLE | K::PARAM_LIST => {}
            K::FUNCTION_SIG_LIST | K::ROLE_REF_LIST => {
                names.extend(child.children().filter_map(|inner| tree::name(&inner)));
            }
            // Signatures without a name (`CAST (a AS b)`), and `USING btree`, `SERVER s`.
            _ if !names.is_empty() && !follows_comma(&child) => {}
            _ => names.extend(tree::name(&child)),
        }
    }
    names
}

fn follows_comma(node: &SyntaxNode) -> bool {
    let before = std::iter::successors(node.prev_sibling_or_token(), |before| before.prev_sibling_or_token());
    before
        .filter(|before| !matches!(before.kind(), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT))
        .take(1)
        .any(|before| before.kind() == SyntaxKind::COMMA)
}
