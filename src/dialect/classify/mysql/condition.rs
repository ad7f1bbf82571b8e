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
    match pieces {
        [one] => one.word == "true" || (one.kind == TokenKind::Number && number(one) != 0.0),
        [not, one] if not.word == "not" || not.text == "!" => {
            one.word == "false" || (one.kind == TokenKind::Number && number(one) == 0.0)
        }
        [left, is, right] if matches!(is.text, "=" | "<=>" | ">=" | "<=") => {
            is_literal(left) && left.text == right.text
        }
        [left, is, right] if matches!(is.text, "<>" | "!=") => {
            is_literal(left) && is_literal(right) && left.text != right.text
        }
        [left, not, null] if not.word == "is" => is_literal(left) && null.word == "true",
        [left, is, not, null] if is.word == "is" && not.word == "not" => {
            is_literal(left) && null.word == "null"
        }
        _ => false,
    }
}

fn number(piece: &Piece<'_>) -> f64 {
    // A hexadecimal or binary number that cannot be read counts as true, which is the worse case.
    piece.text.parse().unwrap_or(1.0)
}

fn is_literal(piece: &Piece<'_>) -> bool {
    matches!(piece.kind, TokenKind::Number | TokenKind::Str)
        || matches!(piece.word.as_str(), "true" | "false")
}
