//! Numbers and durations as people read them.

/// `1,204`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 row`, `5,000 rows`, `2 batches`.
pub fn plural(n: u64, noun: &str) -> String {
    let ending = match n {
        1 => "",
        _ if noun.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {noun}{ending}", count(n))
}

/// From microseconds: `0.4 ms`, `12 ms`, `3.2 s`, `4 min 10 s`.
pub fn duration(micros: u64) -> String {
    match micros {
        0 => "0 ms".to_owned(),
        1..10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{:.1} s", micros as f64 / 1e6),
        _ => format!("{} min {} s", micros / 60_000_000, micros / 1_000_000 % 60),
    }
}

/// `50 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([count(7), count(1204), count(1_000_000)], ["7", "1,204", "1,000,000"]);
        assert_eq!(
            [plural(1, "row"), plural(0, "row"), plural(2, "batch")],
            ["1 row", "0 rows", "2 batches"]
        );
        assert_eq!(
            [duration(400), duration(12_345), duration(3_200_000), duration(250_000_000)],
            ["0.4 ms", "12 ms", "3.2 s", "4 min 10 s"]
        );
        assert_eq!([span(50), span(200), span(7500)], ["50 s", "3 min 20 s", "2 h 5 min"]);
    }
}
