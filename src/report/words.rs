//! Durations as people read them.

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
    fn durations_read_well() {
        assert_eq!(
            [duration(400), duration(12_345), duration(3_200_000), duration(250_000_000)],
            ["0.4 ms", "12 ms", "3.2 s", "4 min 10 s"]
        );
        assert_eq!([span(50), span(200), span(7500)], ["50 s", "3 min 20 s", "2 h 5 min"]);
    }
}
