use super::cursor::{Cursor, Piece};
use crate::dialect::TokenKind;

/// Whether a condition is true of every row, whatever the row holds: `1`, `TRUE`, `1 = 1`, or one
/// of these beside an `OR`.
pub(super) fn is_always_true(pieces: &[Piece<'_>]) -> bool {
    let all = |part: &[Piece<'_>]| split(part, &["and", "&&"]).into_iter().all(is_true);
    split(pieces, &["or", "||"]).into_iter().any(all)
}

/// The operands of a chain of `joints` outside parentheses. The `AND` of a `BETWEEN` parts as well,
/// which leaves operands that are true of no literal.
fn split<'p, 'a>(pieces: &'p [Piece<'a>], joints: &[&str]) -> Vec<&'p [Piece<'a>]> {
    let mut cursor = Cursor::new(pieces);
    let mut parts = Vec::new();
    let joint = |piece: &Piece<'_>| {
        joints.contains(&piece.word.as_str())
            || (piece.kind == TokenKind::Punct && joints.contains(&piece.text))
    };
    loop {
        parts.push(cursor.until(joint));
        if cursor.next().is_none() {
            return parts;
        }
    }
}

fn is_true(pieces: &[Piece<'_>]) -> bool {
    let mut cursor = Cursor::new(pieces);
    if let Some(inside) = cursor.group() {
        return cursor.is_done() && is_always_true(inside);
    }
    let is = |piece: &Piece<'_>, word: &str| piece.word == word;
    match pieces {
        [one] => truth(one) == Some(true),
        [sign, one] if matches!(sign.text, "-" | "+") => truth(one) == Some(true),
        [not, one] if is(not, "not") || not.text == "!" => truth(one) == Some(false),
        [left, mark, right] if truth(left).is_some() && truth(right).is_some() => {
            compares(left, mark.text, right)
        }
        [left, verb, truth_value] if is(verb, "is") => match truth_value.word.as_str() {
            "true" => truth(left) == Some(true),
            "false" => truth(left) == Some(false),
            _ => false,
        },
        [left, verb, not, null] if is(verb, "is") && is(not, "not") && is(null, "null") => {
            truth(left).is_some()
        }
        _ => false,
    }
}

/// Whether a literal counts as true; None where the piece is no literal. What cannot be read counts
/// as true, which is the worse case.
fn truth(piece: &Piece<'_>) -> Option<bool> {
    match (piece.kind, piece.word.as_str()) {
        (TokenKind::Word, "true") => Some(true),
        (TokenKind::Word, "false") => Some(false),
        (TokenKind::Number, _) => Some(piece.text.parse::<f64>() != Ok(0.0)),
        (TokenKind::Str, _) => {
            let inside = piece.text.trim_matches(['\'', '"']).trim_start();
            let digits =
                inside.split(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+')).next()?;
            let prefixed = !piece.text.starts_with(['\'', '"']);
            Some(prefixed || digits.parse::<f64>().is_ok_and(|number| number != 0.0))
        }
        _ => None,
    }
}

/// A comparison of two literals; numbers compare as numbers, whatever they are written like.
fn compares(left: &Piece<'_>, mark: &str, right: &Piece<'_>) -> bool {
    let number = |piece: &Piece<'_>| piece.text.parse::<f64>().ok();
    match (number(left), number(right)) {
        (Some(left), Some(right)) => match mark {
            "=" | "<=>" => left == right,
            "<>" | "!=" => left != right,
            "<" => left < right,
            "<=" => left <= right,
            ">" => left > right,
            ">=" => left >= right,
            _ => false,
        },
        _ => match mark {
            "=" | "<=>" | "<=" | ">=" => left.text == right.text,
            "<>" | "!=" => left.text != right.text,
            _ => false,
        },
    }
}
