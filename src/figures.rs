//! Numbers as people read them.

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

/// `1.2 GB`, in powers of ten as the rates are.
pub fn bytes(n: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut value, mut unit) = (n as f64, 0);
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 9.95);
    format!("{value:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([count(7), count(999), count(1204), count(1_000_000)], ["7", "999", "1,204", "1,000,000"]);
        assert_eq!(
            [plural(1, "row"), plural(0, "row"), plural(2, "batch")],
            ["1 row", "0 rows", "2 batches"]
        );
    }

    #[test]
    fn sizes_read_well() {
        let words = [bytes(0), bytes(8192), bytes(268_435_456), bytes(2_100_000_000)];
        assert_eq!(words, ["0 bytes", "8.2 kB", "268 MB", "2.1 GB"]);
    }
}
