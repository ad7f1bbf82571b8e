//! What the body of a function, a procedure or a `DO` block would do, if it ran.

use squawk_syntax::ast::AstNode as _;
use squawk_syntax::{SourceFile, SyntaxKind, SyntaxNode};

use super::super::draft::Draft;
use super::super::entry;
use super::super::sequence::Routine;
use super::alter_table::written;
use super::reader::Reader;
use super::tree;
use super::type_name::type_name;
use crate::dialect::{Action, Dialect, ObjectKind, TokenKind, lex, split};

/// `CREATE FUNCTION` and `CREATE PROCEDURE`; the outer None is another statement. The body is not read: it
/// does nothing until it is called.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Option<Option<Draft>> {
    if !reader.eat(&["create"]) {
        return None;
    }
    let replaces = reader.eat(&["or", "replace"]);
    let noun = reader.eat_any(&["function", "procedure"])?;
    let (kind, noun) =
        if noun == "function" { ("create_function", "FUNCTION") } else { ("create_procedure", "PROCEDURE") };
    let Some(name) = reader.name() else { return Some(None) };
    let mut draft = Draft::new(kind);
    draft.object(ObjectKind::Function, &name, Action::Create);
    draft.undo_begins(format!("DROP {noun} "));
    draft.undo((!replaces).then(|| written(&name)));
    if !(signature(reader) && options(reader)) {
        reader.doubt();
        reader.set_at(reader.end());
    }
    Some(Some(draft))
}

/// The arguments, if they are no more than names and types.
fn signature(reader: &mut Reader<'_, '_>) -> bool {
    let words = reader.words();
    let Some(mut inside) = reader.group() else { return false };
    inside.all(|at| {
        matches!(words.kind(at), Some(TokenKind::Word | TokenKind::QuotedIdent | TokenKind::Number))
            || ["(", ")", "[", "]", ",", "."].contains(&words.text(at))
    })
}

/// What follows the arguments, if it is plain and has one body in a literal.
fn options(reader: &mut Reader<'_, '_>) -> bool {
    let mut bodies = 0;
    while !reader.is_done() {
        let known = if reader.eat(&["returns", "null", "on", "null", "input"]) {
            true
        } else if reader.eat(&["returns"]) {
            reader.eat(&["setof"]);
            if reader.eat(&["table"]) { reader.group().is_some() } else { type_name(reader).is_some() }
        } else if reader.eat(&["as"]) {
            bodies += 1;
            reader.eat_kind(TokenKind::Str)
        } else if reader.eat(&["language"]) || reader.eat(&["parallel"]) {
            reader.eat_kind(TokenKind::Str) || reader.name().is_some()
        } else if reader.eat(&["cost"]) || reader.eat(&["rows"]) {
            reader.eat_kind(TokenKind::Number)
        } else {
            const WORDS: [&[&str]; 12] = [
                &["immutable"],
                &["stable"],
                &["volatile"],
                &["strict"],
                &["leakproof"],
                &["not", "leakproof"],
                &["window"],
                &["called", "on", "null", "input"],
                &["security", "definer"],
                &["security", "invoker"],
                &["external", "security", "definer"],
                &["external", "security", "invoker"],
            ];
            WORDS.iter().any(|words| reader.eat(words))
        };
        if !known {
            return false;
        }
    }
    bodies == 1
}

/// `DO`; the outer None is another statement.
pub(super) fn block(reader: &mut Reader<'_, '_>) -> Option<Option<Draft>> {
    if !reader.eat(&["do"]) {
        return None;
    }
    let (mut language, mut body) = (None, None);
    while !reader.is_done() {
        if reader.eat(&["language"]) {
            language = Some(reader.text().trim_matches('\'').to_ascii_lowercase());
            if !(reader.eat_kind(TokenKind::Str) || reader.skip_name()) {
                return Some(None);
            }
        } else {
            body = Some(reader.text());
            if !reader.eat_kind(TokenKind::Str) {
                return Some(None);
            }
        }
    }
    let mut draft = Draft::new("do");
    draft.loses("runs a code block whose effect cannot be read from its text");
    draft.lock_unknown();
    draft.cost_unknown();
    if let Some(effect) = of_body(language.as_deref().unwrap_or("plpgsql"), body?) {
        draft.loses(effect);
    }
    Some(Some(draft))
}

pub(in super::super) fn routine(statement: &str) -> Option<Routine> {
    use SyntaxKind as K;
    let root = SourceFile::parse(statement).tree().syntax().clone();
    let node =
        root.children().find(|node| matches!(node.kind(), K::CREATE_FUNCTION | K::CREATE_PROCEDURE))?;
    let name = tree::first_name(&node, &[K::FUNCTION_NAME, K::PROCEDURE_NAME])?;
    Some(Routine { name, effect: effect(&node) })
}

/// What runs with it is lost, as a fragment after "which"; None where nothing is.
pub(super) fn effect(node: &SyntaxNode) -> Option<String> {
    use SyntaxKind as K;
    if let Some(body) = node.descendants().find(|inner| inner.kind() == K::ATOMIC_BODY) {
        let text = body.text().to_string();
        return of_sql(text.split_once(char::is_whitespace).map_or("", |(_, rest)| after_atomic(rest)));
    }
    if tree::holds(node, K::RETURN_KW) {
        return None;
    }
    let language = tree::first_name(node, &[K::LANGUAGE_REF]).unwrap_or_else(|| "plpgsql".to_owned());
    let body = node.descendants_with_tokens().filter_map(|inner| inner.into_token()).find(|token| {
        let literal = matches!(token.kind(), K::STRING | K::DOLLAR_QUOTED_STRING | K::ESC_STRING);
        literal
            && token
                .parent_ancestors()
                .all(|above| !matches!(above.kind(), K::PARAM_LIST | K::LANGUAGE_FUNC_OPTION))
    });
    of_body(language.trim_matches('\''), body.as_ref().map_or("", |token| token.text()))
}

/// What runs with the body that the literal holds.
fn of_body(language: &str, literal: &str) -> Option<String> {
    let body = unquoted(literal);
    match (language, body) {
        ("sql", Some(body)) => of_sql(&body),
        ("plpgsql", Some(body)) => of_plpgsql(&body),
        _ => Some(format!("runs a body of {language} that cannot be read")),
    }
}

fn after_atomic(text: &str) -> &str {
    let rest = text.trim_start();
    let rest = rest
        .get(.."atomic".len())
        .filter(|word| word.eq_ignore_ascii_case("atomic"))
        .map_or(rest, |word| &rest[word.len()..]);
    let end = rest.trim_end();
    end.get(end.len().saturating_sub(3)..)
        .filter(|word| word.eq_ignore_ascii_case("end"))
        .map_or(end, |word| &end[..end.len() - word.len()])
}

/// The text of a literal; None where it has escapes, which are not read here.
fn unquoted(literal: &str) -> Option<String> {
    if let Some(rest) = literal.strip_prefix('$') {
        let tag = rest.split_once('$')?.0.len() + 2;
        return literal.get(tag..literal.len().checked_sub(tag)?).map(str::to_owned);
    }
    let inside = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(inside.replace("''", "'"))
}

fn of_sql(body: &str) -> Option<String> {
    let split = split(Dialect::Postgres, body);
    if !split.faults.is_empty() {
        return Some("runs a body that cannot be read".to_owned());
    }
    joined(split.statements.iter().filter_map(|span| lost(&body[span.start..span.end])).collect())
}

/// What a statement of a body loses, or what it calls that nobody knows.
fn lost(sql: &str) -> Option<String> {
    let facts = entry::classify(Dialect::Postgres, sql);
    let alone = matches!(facts.kind, "select" | "values");
    let unknown = facts.calls.first().filter(|_| alone);
    facts.destructive.or_else(|| unknown.map(|name| format!("calls {name}, whose effect cannot be read")))
}

fn joined(mut lost: Vec<String>) -> Option<String> {
    lost.dedup();
    (!lost.is_empty()).then(|| lost.join(", and "))
}

/// A body of PL/pgSQL. Where a statement of SQL begins it is classified; a word that may write anywhere
/// else counts as if it did, and so does what is put together at run time.
fn of_plpgsql(body: &str) -> Option<String> {
    const WRITES: [&str; 7] = ["delete", "update", "truncate", "drop", "alter", "merge", "copy"];
    const STARTS: [&str; 6] = ["begin", "then", "else", "loop", "query", "reverse"];
    let tokens: Vec<(TokenKind, String, usize, usize)> = lex(Dialect::Postgres, body)
        .into_iter()
        .filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment))
        .map(|token| {
            let (start, end) = (token.span.start, token.span.end);
            (token.kind, body[start..end].to_ascii_lowercase(), start, end)
        })
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((kind, word, start, _)) = tokens.get(at) {
        at += 1;
        if *kind != TokenKind::Word {
            continue;
        }
        let before = at.checked_sub(2).and_then(|at| tokens.get(at)).map_or(";", |(_, text, ..)| text);
        match word.as_str() {
            "execute" => found.push("runs SQL that is put together at run time".to_owned()),
            "call" | "perform" => {
                let name = tokens.get(at).map_or("", |(_, text, ..)| text);
                if !super::data::only_reads(name) {
                    found.push(format!("calls {name}, whose effect cannot be read"));
                }
            }
            word if WRITES.contains(&word) && (before == ";" || STARTS.contains(&before)) => {
                let end = tokens[at..].iter().position(|(_, text, ..)| text == ";");
                let end = end.map_or(tokens.len(), |end| at + end);
                let sql = &body[*start..tokens[end - 1].3];
                let facts = entry::classify(Dialect::Postgres, sql);
                match facts.destructive {
                    Some(_) if facts.kind == "unknown" => {
                        found.push(format!("holds {}", word.to_uppercase()))
                    }
                    lost => found.extend(lost),
                }
                at = end;
            }
            // `FOR UPDATE`, `ON CONFLICT … DO UPDATE`, and the events of a trigger.
            "update" | "delete" if matches!(before, "for" | "do" | "on" | "or" | "key") => {}
            word if WRITES.contains(&word)
                && is_verb(word, tokens.get(at).map_or("", |(_, text, ..)| text)) =>
            {
                found.push(format!("holds {}", word.to_uppercase()));
            }
            _ => {}
        }
    }
    joined(found)
}

/// Whether what follows makes a statement of the word; otherwise it is a name.
fn is_verb(word: &str, next: &str) -> bool {
    match word {
        "delete" => next == "from",
        "merge" => next == "into",
        _ => next.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"'),
    }
}
