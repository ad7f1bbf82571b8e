use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::{Draft, Mode};
use super::{data, statement, tree, undo};
use crate::dialect::{Action, ObjectKind};

/// Kind and object kind of each `CREATE`.
fn of(kind: SyntaxKind) -> Option<(&'static str, ObjectKind)> {
    use ObjectKind as O;
    use SyntaxKind as K;
    Some(match kind {
        K::CREATE_TABLE_AS => ("create_table_as", O::Table),
        K::CREATE_VIEW => ("create_view", O::View),
        K::CREATE_MATERIALIZED_VIEW => ("create_materialized_view", O::View),
        K::CREATE_SEQUENCE => ("create_sequence", O::Sequence),
        K::CREATE_SCHEMA => ("create_schema", O::Schema),
        K::CREATE_DATABASE => ("create_database", O::Database),
        K::CREATE_TYPE => ("create_type", O::Type),
        K::CREATE_DOMAIN => ("create_domain", O::Type),
        K::CREATE_AGGREGATE => ("create_aggregate", O::Function),
        K::CREATE_TRIGGER => ("create_trigger", O::Trigger),
        K::CREATE_EVENT_TRIGGER => ("create_event_trigger", O::Trigger),
        K::CREATE_RULE => ("create_rule", O::Other),
        K::CREATE_POLICY => ("create_policy", O::Other),
        K::CREATE_STATISTICS => ("create_statistics", O::Other),
        K::CREATE_PUBLICATION => ("create_publication", O::Other),
        K::CREATE_SUBSCRIPTION => ("create_subscription", O::Other),
        K::CREATE_EXTENSION => ("create_extension", O::Other),
        K::CREATE_ROLE => ("create_role", O::Other),
        K::CREATE_USER => ("create_user", O::Other),
        K::CREATE_GROUP => ("create_group", O::Other),
        K::CREATE_ACCESS_METHOD => ("create_access_method", O::Other),
        K::CREATE_CAST => ("create_cast", O::Other),
        K::CREATE_COLLATION => ("create_collation", O::Other),
        K::CREATE_CONVERSION => ("create_conversion", O::Other),
        K::CREATE_FOREIGN_DATA_WRAPPER => ("create_foreign_data_wrapper", O::Other),
        K::CREATE_LANGUAGE => ("create_language", O::Other),
        K::CREATE_OPERATOR => ("create_operator", O::Other),
        K::CREATE_OPERATOR_CLASS => ("create_operator_class", O::Other),
        K::CREATE_OPERATOR_FAMILY => ("create_operator_family", O::Other),
        K::CREATE_PROPERTY_GRAPH => ("create_property_graph", O::Other),
        K::CREATE_SERVER => ("create_server", O::Other),
        K::CREATE_TABLESPACE => ("create_tablespace", O::Other),
        K::CREATE_TEXT_SEARCH_CONFIGURATION => ("create_text_search_configuration", O::Other),
        K::CREATE_TEXT_SEARCH_DICTIONARY => ("create_text_search_dictionary", O::Other),
        K::CREATE_TEXT_SEARCH_PARSER => ("create_text_search_parser", O::Other),
        K::CREATE_TEXT_SEARCH_TEMPLATE => ("create_text_search_template", O::Other),
        K::CREATE_TRANSFORM => ("create_transform", O::Other),
        K::CREATE_USER_MAPPING => ("create_user_mapping", O::Other),
        _ => return None,
    })
}

pub(super) fn read(node: &SyntaxNode) -> Option<Draft> {
    use SyntaxKind as K;
    let (kind, object) = of(node.kind())?;
    let mut draft = Draft::new(kind);
    let name = name(node);
    if let Some(name) = &name {
        draft.object(object, name, Action::Create);
    }
    undo::create(&mut draft, node, name.as_deref().unwrap_or_default());
    let on = |draft: &mut Draft, mode| {
        if let Some(table) = tree::relation(node) {
            draft.lock(mode, &table);
            draft.object(ObjectKind::Table, table, Action::Alter);
        }
    };
    match node.kind() {
        K::CREATE_TABLE_AS | K::CREATE_MATERIALIZED_VIEW => {
            data::effects(&mut draft, node);
            data::reads(&mut draft, node);
            draft.scans(Some(!tree::has(node, K::WITH_NO_DATA)));
        }
        K::CREATE_VIEW => {
            data::reads(&mut draft, node);
            if tree::has(node, K::OR_REPLACE) {
                draft.lock(Mode::AccessExclusive, name.as_deref().unwrap_or_default());
            }
        }
        K::CREATE_TRIGGER => on(&mut draft, Mode::ShareRowExclusive),
        K::CREATE_RULE | K::CREATE_POLICY => on(&mut draft, Mode::AccessExclusive),
        K::CREATE_STATISTICS => on(&mut draft, Mode::ShareUpdateExclusive),
        K::CREATE_PUBLICATION => {
            for table in
                tree::descendants(node, K::PUBLICATION_OBJECT_TABLE).filter_map(|t| tree::relation(&t))
            {
                draft.lock(Mode::ShareUpdateExclusive, &table);
                draft.object(ObjectKind::Table, table, Action::Alter);
            }
        }
        K::CREATE_SCHEMA => {
            for inner in node.children().filter_map(|inner| statement::classify(&inner)) {
                draft.include(inner);
            }
        }
        K::CREATE_SUBSCRIPTION if !makes_no_slot(node) => {
            draft.never(
                "CREATE SUBSCRIPTION … WITH (create_slot = true) cannot run inside a transaction block",
            );
        }
        K::CREATE_DATABASE => draft.never("CREATE DATABASE cannot run inside a transaction block"),
        K::CREATE_TABLESPACE => draft.never("CREATE TABLESPACE cannot run inside a transaction block"),
        _ => {}
    }
    Some(draft)
}

/// The created object's name: the first child that is neither a word of the head nor a clause.
fn name(node: &SyntaxNode) -> Option<String> {
    use SyntaxKind as K;
    let head = [K::OR_REPLACE, K::IF_NOT_EXISTS, K::TEMP, K::UNLOGGED];
    let first = node.children().find(|child| !head.contains(&child.kind()))?;
    match first.kind() {
        K::AUTHORIZATION_SCHEMA => first.children().next().and_then(|role| tree::name(&role)),
        _ => tree::name(&first),
    }
}

fn makes_no_slot(node: &SyntaxNode) -> bool {
    use SyntaxKind as K;
    tree::descendants(node, K::ATTRIBUTE_OPTION).any(|option| {
        let named = |name: &str| tree::child_name(&option, K::ATTRIBUTE_NAME).as_deref() == Some(name);
        let value = tree::child(&option, K::ATTRIBUTE_VALUE).map(|value| value.text().to_string());
        let off = value.is_some_and(|value| {
            ["false", "off", "0", "'false'", "'off'"].contains(&value.to_ascii_lowercase().as_str())
        });
        off && (named("create_slot") || named("connect"))
    })
}
