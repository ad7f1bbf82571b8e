//! Where a key is among others, as a number.

use super::Key;

/// The number that a key stands for: of a number itself, of a time its seconds, of a UUID or of bytes
/// their leading part. None for other texts: how they are spread nobody knows. Of a key of several columns
/// the first one counts.
pub fn place(key: &Key) -> Option<f64> {
    let literal = key.0.first()?;
    let quoted = literal.split_once('\'').and_then(|(mark, rest)| Some((mark, rest.strip_suffix('\'')?)));
    match quoted {
        Some((mark, digits)) if mark.eq_ignore_ascii_case("x") => match printable(digits) {
            // MySQL writes texts so.
            Some(text) => of_text(&text),
            None => leading(digits),
        },
        Some((_, text)) => of_text(text),
        None => of_text(literal),
    }
}

fn of_text(text: &str) -> Option<f64> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.or_else(|| time(text)).or_else(|| uuid(text))
}

/// The text that is written in base 16, if it is one.
fn printable(digits: &str) -> Option<String> {
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| !text.is_empty() && !text.chars().any(char::is_control))
}

fn uuid(text: &str) -> Option<f64> {
    let dashes = text.char_indices().filter(|(_, c)| *c == '-').map(|(at, _)| at);
    (text.len() == 36 && dashes.eq([8, 13, 18, 23])).then(|| leading(&text.replace('-', "")))?
}

/// The first 52 bits of digits in base 16: as many as a fraction of them needs.
fn leading(digits: &str) -> Option<f64> {
    const KEPT: usize = 13;
    let digits = digits.get(..digits.len().min(KEPT))?;
    u64::from_str_radix(&format!("{digits:0<KEPT$}"), 16).ok().map(|number| number as f64)
}

/// `2026-11-25`, `2026-11-25 10:00:00.5`, with whatever zone behind it: the same for all keys of a column,
/// or off by hours at most.
fn time(text: &str) -> Option<f64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok().map(f64::from);
    let at = |index: usize, one_of: &str| text[index..].starts_with(|c| one_of.contains(c));
    if text.len() < 10 || !text.is_ascii() || !at(4, "-") || !at(7, "-") {
        return None;
    }
    let days = days(number(0..4)?, number(5..7)?, number(8..10)?);
    if text.len() < 19 || !at(10, " T") {
        return (text.len() == 10).then_some(days * 86_400.0);
    }
    let seconds = number(11..13)? * 3_600.0 + number(14..16)? * 60.0 + number(17..19)?;
    let fraction: String = text[19..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    Some(days * 86_400.0 + seconds + fraction.parse::<f64>().unwrap_or_default())
}

/// Days since the beginning of year 0, with months and days counted from 1.
fn days(year: f64, month: f64, day: f64) -> f64 {
    // March first, so that the leap day ends a year.
    let (year, month) = if month < 3.0 { (year - 1.0, month + 9.0) } else { (year, month - 3.0) };
    let leaps = (year / 4.0).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    year * 365.0 + leaps + (month * 153.0 + 2.0).div_euclid(5.0) + day
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(literal: &str) -> Option<f64> {
        super::place(&Key(vec![literal.to_owned()]))
    }

    fn halves(first: &str, middle: &str, last: &str) {
        let [first, middle, last] = [first, middle, last].map(|key| place(key).unwrap());
        let part = (middle - first) / (last - first);
        assert!((0.49..0.51).contains(&part), "{part}");
    }

    #[test]
    fn numbers_times_uuids_and_bytes_have_a_place() {
        halves("'1'", "'5001'", "'10000'");
        halves("-500", "0", "500");
        halves("'2026-01-01'", "'2026-07-02'", "'2026-12-31'");
        halves("'2026-02-28 12:00:00+00'", "'2026-03-01 00:00:00.5+00'", "'2026-03-01 12:00:01+00'");
        halves(
            "'00000000-0000-4000-8000-000000000000'",
            "'7fffffff-ffff-4fff-bfff-ffffffffffff'",
            "'ffffffff-ffff-4fff-bfff-ffffffffffff'",
        );
        halves("x'00ff'", "X'80ff'", "x'ffff'");
        halves("x'323032362d30312d3031'", "x'323032362d30372d3032'", "x'323032362d31322d3331'");
    }

    #[test]
    fn a_leap_day_is_a_day() {
        let day = |text: &str| place(text).unwrap() / 86_400.0;
        assert_eq!(day("'2024-03-01'") - day("'2024-02-28'"), 2.0);
        assert_eq!(day("'2026-03-01'") - day("'2026-02-28'"), 1.0);
        assert_eq!(day("'2026-01-01'") - day("'2025-12-31'"), 1.0);
    }

    #[test]
    fn texts_have_none() {
        for text in ["'ann'", "'ann@x.org'", "''", "E'a\\\\b'", "NULL", "'2026-1-1'", "'inf'", "x'616e6e'"] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
