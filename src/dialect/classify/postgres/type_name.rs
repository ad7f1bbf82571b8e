//! The name of a type, and words as text.

use std::ops::Range;

use super::expression::is_reserved;
use super::reader::Reader;
use crate::dialect::{TokenKind, Words};

/// A type as its text in lower case with single spaces; None where it is none that is understood, and then
/// nothing is taken.
pub(super) fn type_name(reader: &mut Reader<'_, '_>) -> Option<String> {
    let start = reader.at();
    let name = read_type(reader);
    if name.is_none() {
        reader.set_at(start);
    }
    name
}

fn read_type(reader: &mut Reader<'_, '_>) -> Option<String> {
    let start = reader.at();
    if reader.kind() == Some(TokenKind::Word) && is_reserved(reader.text()) {
        return None;
    }
    let long: [&[&str]; 4] =
        [&["double", "precision"], &["character", "varying"], &["char", "varying"], &["bit", "varying"]];
    if !long.iter().any(|words| reader.eat(words)) {
        reader.name()?;
    }
    if let Some(inside) = reader.group() {
        let mut inside = reader.within(inside);
        loop {
            inside.eat(&["-"]);
            let modifier = inside.kind();
            if !matches!(modifier, Some(TokenKind::Number | TokenKind::Word | TokenKind::Str)) {
                return None;
            }
            inside.set_at(inside.at() + 1);
            if !inside.eat(&[","]) {
                break;
            }
        }
        if !inside.is_done() {
            return None;
        }
    }
    let _ = reader.eat(&["with", "time", "zone"]) || reader.eat(&["without", "time", "zone"]);
    while reader.is("[") {
        let sized = usize::from(reader.kind_after(1) == Some(TokenKind::Number));
        if !reader.is_after(1 + sized, "]") {
            return None;
        }
        reader.set_at(reader.at() + 2 + sized);
    }
    Some(written(reader.words(), start..reader.at()))
}

/// Words as they are written, in lower case with single spaces between words.
pub(super) fn written(words: &Words<'_>, range: Range<usize>) -> String {
    let mut text = String::with_capacity(words.span(range.clone()).len());
    let mut word_before = false;
    for at in range {
        let word = words.kind(at) == Some(TokenKind::Word);
        if word && word_before {
            text.push(' ');
        }
        if words.text(at) == "," {
            text.push(',');
        } else {
            text.push_str(words.text(at));
        }
        word_before = word || words.text(at) == ")";
    }
    text.make_ascii_lowercase();
    text
}
