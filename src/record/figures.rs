//! Durations and times as people read them.

use jiff::Timestamp;

use super::text::prose;
use crate::figures::count;

/// `850 µs`, `340 ms`, `1.2 s`, `2 min 5 s`, `3 h 12 min`, `9 d 4 h`. In integers: the same everywhere.
pub(super) fn duration(micros: u64) -> String {
    let tenths = micros.saturating_add(50_000) / 100_000;
    let seconds = micros.saturating_add(500_000) / 1_000_000;
    if micros < 1_000 {
        format!("{micros} µs")
    } else if micros < 999_500 {
        format!("{} ms", (micros + 500) / 1_000)
    } else if tenths < 600 {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else if seconds < 3_600 {
        format!("{} min {} s", seconds / 60, seconds % 60)
    } else if seconds < 86_400 {
        format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60)
    } else {
        format!("{} d {} h", count(seconds / 86_400), seconds % 86_400 / 3_600)
    }
}

/// `2026-11-24 00:12:54 UTC`; what is no time is shown as it is.
pub(super) fn time(at: &str) -> String {
    match at.parse::<Timestamp>() {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => prose(at),
    }
}

/// How long it was from one time to the other.
pub(super) fn between(from: &str, to: &str) -> Option<String> {
    let (from, to) = (from.parse::<Timestamp>().ok()?, to.parse::<Timestamp>().ok()?);
    let micros = to.as_microsecond().checked_sub(from.as_microsecond())?;
    u64::try_from(micros).ok().map(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_separators_and_durations_a_unit() {
        let counts = [0, 999, 1_000, 10_000, 1_234_567].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "10,000", "1,234,567"]);
        let cases = [
            (0, "0 µs"),
            (850, "850 µs"),
            (340_200, "340 ms"),
            (999_499, "999 ms"),
            (999_500, "1.0 s"),
            (1_249_999, "1.2 s"),
            (59_949_999, "59.9 s"),
            (59_950_000, "1 min 0 s"),
            (125_000_000, "2 min 5 s"),
            (3_599_600_000, "1 h 0 min"),
            (11_520_000_000, "3 h 12 min"),
            (792_000_000_000, "9 d 4 h"),
        ];
        for (micros, shown) in cases {
            assert_eq!(duration(micros), shown);
        }
        assert!(!duration(u64::MAX).is_empty());
    }

    #[test]
    fn times_are_utc_to_the_second() {
        assert_eq!(time("2026-11-24T00:12:54.123Z"), "2026-11-24 00:12:54 UTC");
        assert_eq!(time("<b>"), "&lt;b&gt;");
        let hour = between("2026-11-24T00:12:54Z", "2026-11-24T01:12:54Z");
        assert_eq!(hour.as_deref(), Some("1 h 0 min"));
        assert_eq!(between("2026-11-24T01:12:54Z", "2026-11-24T00:12:54Z"), None);
    }
}
