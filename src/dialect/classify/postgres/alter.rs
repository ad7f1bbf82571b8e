//! `ALTER` of everything that is not a table or a view.

use super::super::draft::{Draft, Mode};
use super::alter_table::written;
use super::create_plain::{condition, privilege_ends, privilege_list, publication, sequence_options};
use super::reader::Reader;
use super::tree::of;
use super::type_name::type_name;
use super::{drop, expression, session};
use crate::dialect::{Action, Blocks, ObjectKind, TokenKind};

/// What `ALTER` is said of: the words, the statement's kind, the noun, which is None where nobody reads or calls by
/// the name, and the object's kind.
type Noun = (&'static str, &'static str, Option<&'static str>, ObjectKind);

/// Nouns that others begin with come after them.
const NOUNS: [Noun; 39] = {
    use ObjectKind as O;
    [
        ("index", "alter_index", None, O::Index),
        ("type", "alter_type", Some("type"), O::Type),
        ("sequence", "alter_sequence", Some("sequence"), O::Sequence),
        ("function", "alter_function", Some("function"), O::Function),
        ("domain", "alter_domain", Some("domain"), O::Type),
        ("policy", "alter_policy", None, O::Other),
        ("trigger", "alter_trigger", None, O::Trigger),
        ("event trigger", "alter_event_trigger", None, O::Trigger),
        ("rule", "alter_rule", None, O::Other),
        ("statistics", "alter_statistics", None, O::Other),
        ("schema", "alter_schema", Some("schema"), O::Schema),
        ("database", "alter_database", Some("database"), O::Database),
        ("procedure", "alter_procedure", Some("procedure"), O::Function),
        ("routine", "alter_routine", Some("routine"), O::Function),
        ("aggregate", "alter_aggregate", Some("aggregate"), O::Function),
        ("role", "alter_role", Some("role"), O::Other),
        ("user mapping", "alter_user_mapping", None, O::Other),
        ("user", "alter_user", Some("user"), O::Other),
        ("group", "alter_group", Some("group"), O::Other),
        ("collation", "alter_collation", Some("collation"), O::Other),
        ("conversion", "alter_conversion", Some("conversion"), O::Other),
        ("default privileges", "alter_default_privileges", None, O::Other),
        ("extension", "alter_extension", Some("extension"), O::Other),
        ("foreign data wrapper", "alter_foreign_data_wrapper", Some("foreign-data wrapper"), O::Other),
        ("procedural language", "alter_language", Some("language"), O::Other),
        ("language", "alter_language", Some("language"), O::Other),
        ("large object", "alter_large_object", None, O::Other),
        ("operator class", "alter_operator_class", Some("operator class"), O::Other),
        ("operator family", "alter_operator_family", Some("operator family"), O::Other),
        ("operator", "alter_operator", Some("operator"), O::Other),
        ("property graph", "alter_property_graph", Some("property graph"), O::Other),
        ("publication", "alter_publication", Some("publication"), O::Other),
        ("server", "alter_server", Some("server"), O::Other),
        ("subscription", "alter_subscription", Some("subscription"), O::Other),
        ("system", "alter_system", None, O::Other),
        ("tablespace", "alter_tablespace", Some("tablespace"), O::Other),
        (
            "text search configuration",
            "alter_text_search_configuration",
            Some("text search configuration"),
            O::Other,
        ),
        ("text search dictionary", "alter_text_search_dictionary", Some("text search dictionary"), O::Other),
        ("text search template", "alter_text_search_template", Some("text search template"), O::Other),
    ]
};

/// `ALTER`; the outer None is another statement.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Option<Draft>> {
    if !reader.eat(&["alter"]) {
        return None;
    }
    let noun = NOUNS.iter().find(|(words, ..)| drop::eat(reader, words))?;
    Some(alter(reader, *noun))
}

fn alter(reader: &mut Reader<'_, '_>, (_, kind, noun, object): Noun) -> Option<Draft> {
    let mut draft = Draft::new(kind);
    match kind {
        "alter_system" => {
            draft.never("ALTER SYSTEM cannot run inside a transaction block");
            let setting = (reader.eat(&["set"]) && session::setting(reader))
                || (reader.eat(&["reset"]) && reader.skip_name());
            rest_unless(reader, setting);
            return Some(draft);
        }
        "alter_default_privileges" => {
            let understood = default_privileges(reader);
            rest_unless(reader, understood);
            return Some(draft);
        }
        "alter_large_object" | "alter_user_mapping" => {
            rest_unless(reader, false);
            return Some(draft);
        }
        _ => {}
    }
    reader.eat(&["if", "exists"]);
    if kind == "alter_operator" {
        // Its name is an operator, with types after it.
        if reader.words().find_flat(reader.at()..reader.end(), &["set", "schema"]).is_some() {
            draft.loses("moves an operator to another schema, which breaks every user of the old name");
        }
        rest_unless(reader, false);
        return Some(draft);
    }
    if kind == "alter_index" && reader.eat(&["all", "in", "tablespace"]) {
        // Which indexes, only the catalogue knows.
        draft.lock_unknown();
        draft.cost_unknown();
        rest_unless(reader, false);
        return Some(draft);
    }
    let name = reader.name()?;
    if object == ObjectKind::Function && reader.is("(") {
        drop::arguments(reader);
    }
    draft.object(object, &name, Action::Alter);
    match kind {
        "alter_trigger" | "alter_rule" | "alter_policy" => {
            if !reader.eat(&["on"]) {
                return None;
            }
            let table = reader.name()?;
            draft.lock(Mode::AccessExclusive, &table);
            draft.object(ObjectKind::Table, table, Action::Alter);
        }
        "alter_sequence" => draft.lock(Mode::ShareRowExclusive, &name),
        _ => {}
    }
    let breaks = |what: &str| format!("{what}, which breaks every user of the old name");
    let understood = if reader.eat(&["rename", "to"]) {
        let new = reader.name()?;
        if !matches!(kind, "alter_trigger" | "alter_rule" | "alter_policy") {
            renamed(&mut draft, kind, &name, &new);
        }
        if let Some(noun) = noun {
            draft.loses(breaks(&format!("renames {noun} {name}")));
        }
        true
    } else if reader.eat(&["set", "schema"]) {
        if let Some(noun) = noun {
            draft.loses(breaks(&format!("moves {noun} {name} to another schema")));
        }
        reader.skip_name()
    } else if reader.eat(&["owner", "to"]) {
        reader.skip_name()
    } else {
        match kind {
            "alter_type" => alter_type(&mut draft, reader, &name),
            "alter_domain" => alter_domain(&mut draft, reader, &name),
            "alter_sequence" => {
                sequence_options(reader);
                reader.is_done()
            }
            "alter_index" => alter_index(&mut draft, reader, &name),
            "alter_policy" => alter_policy(reader),
            "alter_database" if reader.eat(&["set", "tablespace"]) => {
                draft.never("ALTER DATABASE … SET TABLESPACE cannot run inside a transaction block");
                reader.skip_name()
            }
            "alter_database" | "alter_role" | "alter_user" | "alter_function" => {
                (reader.eat(&["set"]) && session::setting(reader))
                    || (reader.eat(&["reset"]) && reader.skip_name())
            }
            "alter_subscription" => alter_subscription(&mut draft, reader),
            "alter_publication" => alter_publication(&mut draft, reader)?,
            "alter_extension" if reader.eat(&["update"]) => {
                draft.loses(format!(
                    "runs the update script of extension {name}, whose effect cannot be read from its text"
                ));
                draft.lock_unknown();
                draft.cost_unknown();
                !reader.eat(&["to"]) || reader.eat_kind(TokenKind::Str) || reader.skip_name()
            }
            _ => false,
        }
    };
    rest_unless(reader, understood);
    Some(draft)
}

/// `ALTER DEFAULT PRIVILEGES` has been taken.
fn default_privileges(reader: &mut Reader<'_, '_>) -> bool {
    if reader.eat(&["for"]) && (reader.eat_any(&["role", "user"]).is_none() || reader.skip_names().is_none())
    {
        return false;
    }
    if reader.eat(&["in", "schema"]) && reader.skip_names().is_none() {
        return false;
    }
    let verb = reader.eat_any(&["grant", "revoke"]);
    if verb == Some("revoke") {
        reader.eat(&["grant", "option", "for"]);
    }
    verb.is_some()
        && privilege_list(reader)
        && reader.eat(&["on"])
        && reader.eat_any(&["tables", "sequences", "functions", "routines", "types", "schemas"]).is_some()
        && privilege_ends(reader)
}

/// What was not understood, the parser has to accept.
fn rest_unless(reader: &mut Reader<'_, '_>, understood: bool) {
    if !understood || !reader.is_done() {
        reader.doubt();
        reader.set_at(reader.end());
    }
}

/// What takes `RENAME TO` back goes by the new name.
fn renamed(draft: &mut Draft, kind: &str, old: &str, new: &str) {
    let (schema, old) = old
        .rsplit_once('.')
        .map_or((String::new(), old), |(schema, old)| (format!("{}.", written(schema)), old));
    draft.undo_begins(format!("{} {schema}{} ", kind.replace('_', " ").to_uppercase(), written(new)));
    draft.undo(Some(format!("RENAME TO {}", written(old))));
}

fn alter_type(draft: &mut Draft, reader: &mut Reader<'_, '_>, name: &str) -> bool {
    if reader.eat(&["add", "value"]) {
        reader.eat(&["if", "not", "exists"]);
        let value = reader.eat_kind(TokenKind::Str);
        let place = reader.eat_any(&["before", "after"]).is_none() || reader.eat_kind(TokenKind::Str);
        return value && place;
    }
    if reader.eat(&["rename", "value"]) {
        draft.loses(format!(
            "renames value {} of type {name}, which breaks every user of the old name",
            reader.text()
        ));
        return reader.eat_kind(TokenKind::Str) && reader.eat(&["to"]) && reader.eat_kind(TokenKind::Str);
    }
    let mut understood = true;
    let mut attributes = false;
    while let Some(action) = reader.eat_any(&["add", "drop", "alter", "rename"]) {
        if !reader.eat(&["attribute"]) {
            return false;
        }
        let _ = reader.eat(&["if", "exists"]);
        let Some(attribute) = reader.name() else { return false };
        let attribute = of(name, &attribute);
        attributes = true;
        match action {
            "rename" => {
                draft.loses(format!(
                    "renames attribute {attribute}, which breaks every reader of the old name"
                ));
                understood &= reader.eat(&["to"]) && reader.skip_name();
            }
            "drop" => draft.loses(format!("drops attribute {attribute} and its data")),
            "alter" => {
                draft.loses(format!(
                    "changes the type of attribute {attribute}; values may be lost or rejected"
                ));
                reader.eat(&["set", "data"]);
                understood &= reader.eat(&["type"]) && type_name(reader).is_some();
            }
            _ => understood &= type_name(reader).is_some(),
        }
        if reader.eat(&["collate"]) {
            understood &= reader.skip_name();
        }
        let _ = reader.eat_any(&["cascade", "restrict"]);
        if !understood {
            reader.skip_to(&[]);
        }
        if !reader.eat(&[","]) {
            break;
        }
    }
    if attributes {
        // Every table with a column of that type.
        draft.lock_unknown();
    }
    understood && attributes
}

fn alter_domain(draft: &mut Draft, reader: &mut Reader<'_, '_>, name: &str) -> bool {
    let mut part = |what: &str| {
        draft.loses_part(
            &[("type", name)],
            format!("drops {what} of domain {name}, which others may rely on"),
        );
    };
    if reader.eat(&["drop", "constraint"]) {
        part("a constraint");
        reader.eat(&["if", "exists"]);
        let named = reader.skip_name();
        let _ = reader.eat_any(&["cascade", "restrict"]);
        return named;
    }
    if reader.eat(&["drop", "default"]) {
        part("the default");
        return true;
    }
    if reader.eat(&["set", "default"]) {
        return expression::read(reader);
    }
    if reader.eat(&["drop", "not", "null"]) {
        return true;
    }
    if reader.eat(&["rename", "constraint"]) {
        return reader.skip_name() && reader.eat(&["to"]) && reader.skip_name();
    }
    let (validates, understood) = if reader.eat(&["set", "not", "null"]) {
        (true, true)
    } else if reader.eat(&["validate", "constraint"]) {
        (true, reader.skip_name())
    } else if reader.eat(&["add"]) {
        let named = !reader.eat(&["constraint"]) || reader.skip_name();
        let checks = (reader.eat(&["check"]) && condition(reader).is_some()) || reader.eat(&["not", "null"]);
        let later = reader.words().find_flat(reader.at()..reader.end(), &["not", "valid"]).is_some();
        reader.eat(&["not", "valid"]);
        (!later, named && checks)
    } else {
        return false;
    };
    if validates {
        // SHARE on every table with a column of the domain; the text names none of them.
        draft.blocks(Some(Blocks::Writes));
        draft.scans(Some(true));
    }
    understood
}

fn alter_index(draft: &mut Draft, reader: &mut Reader<'_, '_>, name: &str) -> bool {
    if reader.eat(&["attach", "partition"]) {
        draft.lock_unknown();
        return reader.skip_name();
    }
    if reader.words().find_flat(reader.at()..reader.end(), &["set", "tablespace"]).is_some() {
        draft.lock(Mode::AccessExclusive, name);
        draft.cost_unknown();
        return reader.eat(&["set", "tablespace"]) && reader.skip_name();
    }
    reader.eat_any(&["set", "reset"]).is_some() && reader.settings().is_some()
}

fn alter_policy(reader: &mut Reader<'_, '_>) -> bool {
    (!reader.eat(&["to"]) || reader.skip_names().is_some())
        && (!reader.eat(&["using"]) || condition(reader).is_some())
        && (!reader.eat(&["with", "check"]) || condition(reader).is_some())
}

fn alter_subscription(draft: &mut Draft, reader: &mut Reader<'_, '_>) -> bool {
    if refreshes(reader) {
        draft.never("ALTER SUBSCRIPTION with refresh cannot run inside a transaction block");
    }
    reader.eat(&["refresh", "publication"])
        || reader.eat_any(&["enable", "disable"]).is_some()
        || (reader.eat_any(&["set", "add", "drop"]).is_some()
            && reader.eat(&["publication"])
            && reader.skip_names().is_some()
            && (!reader.eat(&["with"]) || reader.settings().is_some()))
}

/// Whether the subscription talks to its publisher, which it does unless told not to.
fn refreshes(reader: &Reader<'_, '_>) -> bool {
    let words = reader.words();
    let after = |at: usize| if words.is(at + 1, "=") { at + 2 } else { at + 1 };
    let told_not_to = |at| {
        words.is(at, "refresh")
            && ["false", "off"].iter().any(|off| words.text(after(at)).eq_ignore_ascii_case(off))
    };
    let has = |word: &str| words.find(words.all(), &[word]).is_some();
    (has("publication") && !words.all().any(told_not_to)) || has("failover") || has("two_phase")
}

fn alter_publication(draft: &mut Draft, reader: &mut Reader<'_, '_>) -> Option<bool> {
    if reader.eat_any(&["add", "drop", "set"]).is_none() || reader.is("(") {
        return Some(false);
    }
    publication(draft, reader)
}
