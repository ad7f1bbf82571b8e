use super::super::draft::{Draft, Mode};
use super::reader::Reader;
use crate::dialect::{Action, ObjectKind, TokenKind};

/// What goes with the object, said after its name; None where the drop is not destructive.
type Loss = Option<&'static str>;

const READERS: Loss = Some(", which breaks every reader of it");
const CALLERS: Loss = Some(", which breaks every caller of it");
const USERS: Loss = Some(", which breaks every user of it");

/// What `DROP` is said of: the words, the statement's kind, the object's kind and the loss.
type Noun = (&'static str, &'static str, ObjectKind, Loss);

/// Nouns that others begin with come after them.
const NOUNS: [Noun; 42] = {
    use ObjectKind as O;
    [
        ("table", "drop_table", O::Table, Some(" and its data")),
        ("index", "drop_index", O::Index, None),
        ("trigger", "drop_trigger", O::Trigger, None),
        ("function", "drop_function", O::Function, CALLERS),
        ("view", "drop_view", O::View, READERS),
        ("type", "drop_type", O::Type, USERS),
        ("policy", "drop_policy", O::Other, None),
        ("materialized view", "drop_materialized_view", O::View, READERS),
        ("sequence", "drop_sequence", O::Sequence, Some(" and its position")),
        ("schema", "drop_schema", O::Schema, Some("")),
        ("extension", "drop_extension", O::Other, USERS),
        ("procedure", "drop_procedure", O::Function, CALLERS),
        ("database", "drop_database", O::Database, Some(" and all its data")),
        ("domain", "drop_domain", O::Type, USERS),
        ("foreign table", "drop_foreign_table", O::Table, READERS),
        ("foreign data wrapper", "drop_foreign_data_wrapper", O::Other, USERS),
        ("routine", "drop_routine", O::Function, CALLERS),
        ("aggregate", "drop_aggregate", O::Function, CALLERS),
        ("event trigger", "drop_event_trigger", O::Trigger, None),
        ("rule", "drop_rule", O::Other, None),
        ("statistics", "drop_statistics", O::Other, None),
        ("role", "drop_role", O::Other, USERS),
        ("user mapping", "drop_user_mapping", O::Other, USERS),
        ("user", "drop_user", O::Other, USERS),
        ("group", "drop_group", O::Other, USERS),
        ("access method", "drop_access_method", O::Other, USERS),
        ("cast", "drop_cast", O::Other, USERS),
        ("collation", "drop_collation", O::Other, USERS),
        ("conversion", "drop_conversion", O::Other, USERS),
        ("language", "drop_language", O::Other, USERS),
        ("procedural language", "drop_language", O::Other, USERS),
        ("operator class", "drop_operator_class", O::Other, USERS),
        ("operator family", "drop_operator_family", O::Other, USERS),
        ("operator", "drop_operator", O::Other, USERS),
        ("property graph", "drop_property_graph", O::Other, USERS),
        ("publication", "drop_publication", O::Other, USERS),
        ("subscription", "drop_subscription", O::Other, USERS),
        ("server", "drop_server", O::Other, USERS),
        ("tablespace", "drop_tablespace", O::Other, USERS),
        ("transform", "drop_transform", O::Other, USERS),
        ("owned by", "drop_owned", O::Other, Some("")),
        ("text search", "", O::Other, USERS),
    ]
};

/// `DROP`; the outer None is another statement.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Option<Draft>> {
    if !reader.eat(&["drop"]) {
        return None;
    }
    let noun = NOUNS.iter().find(|(words, ..)| eat(reader, words));
    Some(noun.and_then(|noun| drop(reader, *noun)))
}

pub(super) fn eat(reader: &mut Reader<'_, '_>, words: &str) -> bool {
    let start = reader.at();
    let all = words.split(' ').all(|word| reader.eat(&[word]));
    if !all {
        reader.set_at(start);
    }
    all
}

fn text_search(reader: &mut Reader<'_, '_>) -> Option<Noun> {
    const NOUNS: [Noun; 4] = [
        ("text search configuration", "drop_text_search_configuration", ObjectKind::Other, USERS),
        ("text search dictionary", "drop_text_search_dictionary", ObjectKind::Other, USERS),
        ("text search parser", "drop_text_search_parser", ObjectKind::Other, USERS),
        ("text search template", "drop_text_search_template", ObjectKind::Other, USERS),
    ];
    NOUNS.into_iter().find(|(words, ..)| reader.eat(&[words.rsplit(' ').next().unwrap_or_default()]))
}

fn drop(reader: &mut Reader<'_, '_>, noun: Noun) -> Option<Draft> {
    let (words, kind, object, loss) = if noun.0 == "text search" { text_search(reader)? } else { noun };
    let said = match words {
        "foreign data wrapper" => "foreign-data wrapper",
        "owned by" => "everything owned by",
        "procedural language" => "language",
        words => words,
    };
    let mut draft = Draft::new(kind);
    let concurrently = object == ObjectKind::Index && reader.eat(&["concurrently"]);
    reader.eat(&["if", "exists"]);
    let names = names(reader, kind)?;
    let table = if reader.eat(&["on"]) { Some(reader.name()?) } else { None };
    let cascades = reader.eat(&["cascade"]);
    if !cascades && !reader.eat(&["restrict"]) && !reader.is_done() {
        // What more there is to say of an object that has no plain name, or none at all.
        reader.doubt();
        reader.set_at(reader.end());
    }
    let also = match (kind, cascades) {
        ("drop_schema", true) => " with everything in it",
        ("drop_type" | "drop_domain", true) => ", with every column of that type",
        (_, true) => ", with everything that depends on it",
        (_, false) => "",
    };
    for name in &names {
        draft.object(object, name, Action::Drop);
        if let Some(loss) = loss {
            draft.loses(format!("drops {said} {name}{loss}{also}"));
        }
    }
    if names.is_empty() && loss.is_some() {
        draft.loses(format!("drops a {said}{also}"));
    }
    match kind {
        "drop_table" | "drop_view" | "drop_materialized_view" | "drop_sequence" | "drop_foreign_table" => {
            names.iter().for_each(|name| draft.lock(Mode::AccessExclusive, name));
        }
        "drop_index" if concurrently => {
            draft.never("DROP INDEX CONCURRENTLY cannot run inside a transaction block");
        }
        // The table is locked too, but only the catalogue knows which one it is.
        "drop_index" => {
            for name in &names {
                draft.lock(Mode::AccessExclusive, name);
                if cascades {
                    draft.loses(format!("drops index {name}, with every foreign key that relies on it"));
                }
            }
        }
        "drop_trigger" | "drop_rule" | "drop_policy" => {
            let table = table?;
            draft.lock(Mode::AccessExclusive, &table);
            draft.object(ObjectKind::Table, table, Action::Alter);
        }
        "drop_database" => draft.never("DROP DATABASE cannot run inside a transaction block"),
        "drop_tablespace" => draft.never("DROP TABLESPACE cannot run inside a transaction block"),
        "drop_subscription" => {
            draft.never("DROP SUBSCRIPTION of a replication slot cannot run inside a transaction block");
        }
        _ if cascades => draft.lock_unknown(),
        _ => {}
    }
    Some(draft)
}

/// The names that are dropped, a routine's with its arguments after it.
fn names(reader: &mut Reader<'_, '_>, kind: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    if matches!(kind, "drop_cast" | "drop_operator" | "drop_transform") {
        reader.doubt();
        return Some(names);
    }
    if kind == "drop_user_mapping" {
        reader.eat(&["for"]);
    }
    loop {
        names.push(reader.name()?);
        arguments(reader);
        if !reader.eat(&[","]) {
            return Some(names);
        }
    }
}

/// The arguments that tell a routine from others of its name, if they are there.
pub(super) fn arguments(reader: &mut Reader<'_, '_>) {
    if let Some(mut inside) = reader.group() {
        let words = reader.words();
        let plain = |at| {
            matches!(words.kind(at), Some(TokenKind::Word | TokenKind::QuotedIdent | TokenKind::Number))
                || [",", ".", "(", ")", "[", "]"].contains(&words.text(at))
        };
        reader.doubt_unless(inside.all(plain));
    }
}
