use std::time::Duration;

/// `100ms`, `2s`, `5m`, `1h`: a whole number and one unit, so that two spellings of one span of time
/// never differ by rounding.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    // Engines take these limits as a signed 32-bit number of milliseconds.
    let millis = number.checked_mul(millis).filter(|millis| *millis <= u64::from(i32::MAX.unsigned_abs()))?;
    Some(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_and_one_unit() {
        assert_eq!(parse_duration("100ms"), Some(Duration::from_millis(100)));
        assert_eq!(parse_duration("2s"), Some(Duration::from_secs(2)));
        assert_eq!(parse_duration("5m"), Some(Duration::from_secs(300)));
        assert_eq!(parse_duration("1h"), Some(Duration::from_secs(3600)));
        for wrong in ["", "s", "2", "2 s", "-1s", "1.5s", "1h30m", "99999999999999999999s", "600h", "2S"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }
}
