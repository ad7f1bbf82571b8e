use super::super::sequence::Routine;
use super::create;
use super::cursor::{Cursor, Piece};
use super::reading::readings;

/// What a function or a procedure would do, if it was called. Its body is not parsed: a word that loses
/// something where a statement may begin counts.
pub(in super::super) fn routine(statement: &str) -> Option<Routine> {
    let readings = readings(statement)?;
    let mut cursor = Cursor::new(readings.first()?);
    cursor.eat("create");
    cursor.eat_all(&["or", "replace"]);
    create::definer(&mut cursor)?;
    cursor.eat("aggregate");
    cursor.eat_any(&["function", "procedure"])?;
    cursor.if_not_exists();
    let name = cursor.name()?;
    let mut effects: Vec<String> = readings.iter().flat_map(|pieces| effects(pieces)).collect();
    effects.dedup();
    Some(Routine { name, effect: (!effects.is_empty()).then(|| effects.join(", and ")) })
}

fn effects(pieces: &[Piece<'_>]) -> Vec<String> {
    const WRITES: [&str; 8] = ["delete", "update", "truncate", "drop", "alter", "rename", "replace", "load"];
    let mut found: Vec<String> = Vec::new();
    // What is created comes first, and its own words are no statements.
    for at in 2..pieces.len() {
        let (before, word) = (&pieces[at - 1], pieces[at].word.as_str());
        let called = pieces.get(at + 1).is_some_and(|next| next.text == "(");
        let effect = match word {
            "execute" | "prepare" => "runs SQL that is put together at run time".to_owned(),
            "call" => match pieces.get(at + 1) {
                Some(name) => format!("calls {}, whose effect cannot be read", name.plain()),
                None => continue,
            },
            "update" | "delete" if matches!(before.word.as_str(), "for" | "on" | "key") => continue,
            _ if WRITES.contains(&word) && !called && before.text != "." => {
                format!("holds {}", word.to_uppercase())
            }
            _ => continue,
        };
        if !found.contains(&effect) {
            found.push(effect);
        }
    }
    found
}
