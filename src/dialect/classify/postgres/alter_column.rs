use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::super::draft::{Draft, Mode};
use super::tree::{self, child_name, has, of};
use crate::dialect::{Action, ObjectKind};

/// `ADD COLUMN`. A default that is one value for all rows is kept in the catalogue; any other one
/// is computed for each row, so that the table is written anew.
pub(super) fn add(draft: &mut Draft, action: &SyntaxNode, table: &str) {
    use SyntaxKind as K;
    let column = of(table, &child_name(action, K::COLUMN_NAME).unwrap_or_default());
    draft.object(ObjectKind::Column, column, Action::Create);
    draft.lock(Mode::AccessExclusive, table);
    let default = action.children().find(|child| child.kind() == K::DEFAULT_CONSTRAINT);
    match action.children().find_map(|child| type_name(&child)) {
        Some(name) if is_serial(&name) => {
            draft.rewrites(Some(true));
            draft.scans(Some(true));
        }
        // A domain with a constraint rewrites the table, and any other name may be one.
        Some(name) if !is_builtin(&name) => draft.cost_unknown(),
        _ => {}
    }
    if let Some(default) = &default {
        match is_stable(default) {
            Some(true) => {}
            Some(false) => {
                draft.rewrites(Some(true));
                draft.scans(Some(true));
            }
            None => draft.cost_unknown(),
        }
    }
    for constraint in action.children() {
        match constraint.kind() {
            K::CHECK_CONSTRAINT | K::UNIQUE_CONSTRAINT | K::PRIMARY_KEY_CONSTRAINT => {
                draft.scans(Some(!has(&constraint, K::NOT_VALID)));
                draft.builds_index(Some(constraint.kind() != K::CHECK_CONSTRAINT));
            }
            K::REFERENCES_CONSTRAINT => {
                if let Some(referenced) = tree::relation(&constraint) {
                    draft.lock(Mode::ShareRowExclusive, &referenced);
                    draft.object(ObjectKind::Table, referenced, Action::Read);
                }
                let null = default.as_ref().is_none_or(|default| {
                    default.children().all(|value| value.text().to_string().eq_ignore_ascii_case("null"))
                });
                draft.scans(Some(!null));
            }
            K::GENERATED_CONSTRAINT => {
                let computed =
                    tree::holds(&constraint, K::STORED_KW) || tree::holds(&constraint, K::IDENTITY_KW);
                draft.rewrites(Some(computed));
                draft.scans(Some(computed));
            }
            _ => {}
        }
    }
}

pub(super) fn alter(draft: &mut Draft, action: &SyntaxNode, table: &str) {
    use SyntaxKind as K;
    let name = child_name(action, K::COLUMN_NAME_REF).unwrap_or_default();
    let column = of(table, &name);
    draft.object(ObjectKind::Column, &column, Action::Alter);
    let Some(option) = action.children().find(|child| child.kind() != K::COLUMN_NAME_REF) else {
        draft.lock(Mode::AccessExclusive, table);
        return draft.cost_unknown();
    };
    let mode = match option.kind() {
        K::SET_STATISTICS | K::SET_OPTIONS | K::RESET_OPTIONS => Mode::ShareUpdateExclusive,
        _ => Mode::AccessExclusive,
    };
    draft.lock(mode, table);
    match option.kind() {
        K::SET_TYPE => set_type(draft, &option, &name, &column),
        // Not where a valid CHECK proves it.
        K::SET_NOT_NULL => draft.scans(None),
        K::SET_DEFAULT => draft.makes("default", &column),
        K::ADD_GENERATED => draft.makes("default", &column),
        K::DROP_DEFAULT => contract(
            draft,
            &column,
            table,
            format!("drops the default of column {column}, which writers may leave to it"),
        ),
        K::DROP_IDENTITY => contract(
            draft,
            &column,
            table,
            format!("drops the identity of column {column}, which writers may leave to it"),
        ),
        K::DROP_EXPRESSION => contract(
            draft,
            &column,
            table,
            format!("computes column {column} no more, which readers may take for granted"),
        ),
        // A stored column is computed anew, a virtual one is not.
        K::SET_EXPRESSION => draft.cost_unknown(),
        _ => {}
    }
}

/// A promise of a column that is taken back.
fn contract(draft: &mut Draft, column: &str, table: &str, what: String) {
    draft.loses_part(&[("default", column), ("column", column), ("table", table)], what);
}

fn set_type(draft: &mut Draft, option: &SyntaxNode, column: &str, qualified: &str) {
    use SyntaxKind as K;
    // The old type decides, and it is in the catalogue.
    draft.cost_unknown();
    let target = option.children().find_map(|child| type_name(&child));
    let computed = option
        .children()
        .find(|child| child.kind() == K::USING_EXPR)
        .is_some_and(|using| !is_cast_of(&using, column));
    if computed || !target.as_deref().is_some_and(is_wide) {
        let target = target.map_or_else(String::new, |target| format!(" to {target}"));
        draft
            .loses(format!("changes the type of column {qualified}{target}; values may be lost or rejected"));
    }
}

/// `USING a` or `USING a::type`.
fn is_cast_of(using: &SyntaxNode, column: &str) -> bool {
    let Some(value) = using.children().next() else { return false };
    let operand = match value.kind() {
        SyntaxKind::CAST_EXPR => value.children().next(),
        _ => Some(value),
    };
    operand.is_some_and(|operand| {
        operand.kind() == SyntaxKind::NAME_REF && tree::name(&operand).as_deref() == Some(column)
    })
}

/// The text of a type, in lower case with single spaces; None where the node is no type.
fn type_name(node: &SyntaxNode) -> Option<String> {
    use SyntaxKind as K;
    let is_type = matches!(
        node.kind(),
        K::PATH_TYPE
            | K::ARRAY_TYPE
            | K::VARCHAR_TYPE
            | K::CHARACTER_TYPE
            | K::DOUBLE_TYPE
            | K::BIT_TYPE
            | K::BIT_VARYING_TYPE
            | K::TIME_TYPE
            | K::TIMESTAMP_TYPE
            | K::INTERVAL_TYPE
            | K::PERCENT_TYPE
    );
    is_type.then(|| {
        let text = node.text().to_string().to_ascii_lowercase();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    })
}

/// Types that take in every value of the types that usually become them.
fn is_wide(target: &str) -> bool {
    const WIDE: [&str; 9] = [
        "text",
        "varchar",
        "character varying",
        "bigint",
        "int8",
        "numeric",
        "decimal",
        "timestamptz",
        "timestamp with time zone",
    ];
    WIDE.contains(&target.strip_prefix("pg_catalog.").unwrap_or(target))
}

fn is_serial(name: &str) -> bool {
    ["serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"].contains(&name)
}

/// Types that are no domain.
fn is_builtin(name: &str) -> bool {
    const NAMES: [&str; 54] = [
        "bigint",
        "int8",
        "int",
        "integer",
        "int4",
        "smallint",
        "int2",
        "text",
        "varchar",
        "character",
        "char",
        "bpchar",
        "boolean",
        "bool",
        "numeric",
        "decimal",
        "dec",
        "real",
        "float",
        "float4",
        "float8",
        "double",
        "date",
        "time",
        "timetz",
        "timestamp",
        "timestamptz",
        "interval",
        "json",
        "jsonb",
        "jsonpath",
        "uuid",
        "bytea",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "bit",
        "varbit",
        "money",
        "xml",
        "tsvector",
        "tsquery",
        "point",
        "line",
        "lseg",
        "box",
        "path",
        "polygon",
        "circle",
        "oid",
        "name",
        "nchar",
        "national",
    ];
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    let head = name.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    NAMES.contains(&head) || head.ends_with("range")
}

/// Whether a default is one value for the whole statement; None where a function is not known.
fn is_stable(default: &SyntaxNode) -> Option<bool> {
    const STABLE: [&str; 30] = [
        "now",
        "transaction_timestamp",
        "statement_timestamp",
        "current_setting",
        "md5",
        "lower",
        "upper",
        "length",
        "coalesce",
        "nullif",
        "greatest",
        "least",
        "concat",
        "format",
        "to_char",
        "to_date",
        "to_timestamp",
        "to_jsonb",
        "to_json",
        "jsonb_build_object",
        "json_build_object",
        "jsonb_build_array",
        "make_interval",
        "make_date",
        "make_timestamptz",
        "date_trunc",
        "date_part",
        "abs",
        "round",
        "txid_current",
    ];
    const VOLATILE: [&str; 14] = [
        "random",
        "clock_timestamp",
        "timeofday",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "nextval",
        "setval",
        "uuid_generate_v1",
        "uuid_generate_v1mc",
        "uuid_generate_v4",
        "gen_random_bytes",
        "gen_salt",
        "random_normal",
    ];
    let mut known = Some(true);
    for call in tree::descendants(default, SyntaxKind::CALL_EXPR) {
        let name = tree::name(&call).unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default();
        if VOLATILE.contains(&name) {
            return Some(false);
        }
        if !STABLE.contains(&name) {
            known = None;
        }
    }
    known
}
