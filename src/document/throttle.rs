//! The keys of `batch` that say when a backfill pauses.

use std::time::Duration;

use super::fields::{Field, Fields};
use super::findings::Findings;
use super::yaml::Value;
use crate::dialect::Dialect;
use crate::source::Span;

pub const KEYS: [&str; 7] =
    ["max_lag", "max_load", "max_waiting", "max_dead", "max_wal", "throttle_query", "throttle_file"];

/// Replicas may be so far behind: what a failover or a reader of theirs still bears.
const MAX_LAG: Duration = Duration::from_secs(5);
/// Sessions that may wait for the backfill.
const MAX_WAITING: u64 = 0;
/// What a replication slot may keep of the write-ahead log: it fills the disk that the server needs.
const MAX_WAL: u64 = 16 << 30;

/// When a backfill pauses. A limit that is `None` is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    pub max_lag: Option<Limit<Duration>>,
    pub max_load: Option<Limit<Load>>,
    pub max_waiting: Option<Limit<u64>>,
    /// In hundredths of the dead rows at which autovacuum comes.
    pub max_dead: Option<Limit<u64>>,
    /// Bytes.
    pub max_wal: Option<Limit<u64>>,
    /// It pauses while the first column of the first row is neither NULL nor false nor 0.
    pub query: Option<Limit<String>>,
    /// It pauses while there is such a file.
    pub file: Option<Limit<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit<T> {
    pub most: T,
    /// Where the runbook says it. What a runbook says must be watched, or the backfill pauses; what is
    /// only Rollbook's default is watched where it can be.
    pub said: Option<Span>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    Sessions(u64),
    /// In hundredths of the sessions that were active at the start.
    Ratio(u64),
}

impl Default for Throttle {
    fn default() -> Self {
        fn own<T>(most: T) -> Option<Limit<T>> {
            Some(Limit { most, said: None })
        }
        Self {
            max_lag: own(MAX_LAG),
            max_load: None,
            max_waiting: own(MAX_WAITING),
            max_dead: None,
            max_wal: own(MAX_WAL),
            query: None,
            file: None,
        }
    }
}

impl Throttle {
    /// Reads the keys of `batch` that are here; None where one of them is wrong.
    pub fn read(fields: &Fields<'_>, findings: &mut Findings) -> Option<Self> {
        let mut throttle = Self::default();
        let mut sound = true;
        for field in fields.iter() {
            let read = match field.name {
                "max_lag" => limit(field, &mut throttle.max_lag, findings, Field::timeout),
                "max_load" => limit(field, &mut throttle.max_load, findings, load),
                "max_waiting" => limit(field, &mut throttle.max_waiting, findings, |field, findings| {
                    field.count(0, findings)
                }),
                "max_dead" => limit(field, &mut throttle.max_dead, findings, |field, findings| {
                    ratio(field).or_else(|| field.wrong(findings, "a multiple such as `2x`, or `off`"))
                }),
                "max_wal" => limit(field, &mut throttle.max_wal, findings, |field, findings| {
                    bytes(field)
                        .or_else(|| field.wrong(findings, "a size such as `500MB` or `16GB`, or `off`"))
                }),
                "throttle_query" => limit(field, &mut throttle.query, findings, text),
                "throttle_file" => limit(field, &mut throttle.file, findings, text),
                _ => continue,
            };
            sound &= read.is_some();
        }
        sound.then_some(throttle)
    }

    /// What of it means something on an engine.
    pub fn on(&self, dialect: Dialect) -> Self {
        let (server, postgres) = (dialect != Dialect::Sqlite, dialect == Dialect::Postgres);
        let Self { max_lag, max_load, max_waiting, max_dead, max_wal, query, file } = self.clone();
        Self {
            max_lag: max_lag.filter(|_| server),
            max_load: max_load.filter(|_| server),
            max_waiting: max_waiting.filter(|_| server),
            max_dead: max_dead.filter(|_| postgres),
            max_wal: max_wal.filter(|_| postgres),
            query,
            file,
        }
    }

    /// Each limit that is on, as `key value`.
    pub fn shown(&self) -> Vec<String> {
        let lag = self.max_lag.as_ref().map(|limit| format!("max_lag {}", show(limit.most)));
        let load = self.max_load.as_ref().map(|limit| match limit.most {
            Load::Sessions(most) => format!("max_load {most}"),
            Load::Ratio(most) => format!("max_load {}", show_ratio(most)),
        });
        let waiting = self.max_waiting.as_ref().map(|limit| format!("max_waiting {}", limit.most));
        let dead = self.max_dead.as_ref().map(|limit| format!("max_dead {}", show_ratio(limit.most)));
        let wal = self.max_wal.as_ref().map(|limit| format!("max_wal {}", show_bytes(limit.most)));
        let query = self.query.as_ref().map(|limit| format!("throttle_query {}", limit.most));
        let file = self.file.as_ref().map(|limit| format!("throttle_file {}", limit.most));
        [lag, load, waiting, dead, wal, query, file].into_iter().flatten().collect()
    }
}

/// Puts what the field says in `place`: a limit, or none for `off`. None where it is neither.
fn limit<'a, T>(
    field: Field<'a>,
    place: &mut Option<Limit<T>>,
    findings: &mut Findings,
    read: impl Fn(Field<'a>, &mut Findings) -> Option<T>,
) -> Option<()> {
    let off = match &field.node.value {
        Value::Text(text) => text == "off",
        Value::Boolean(on) => !on,
        _ => false,
    };
    *place =
        if off { None } else { Some(Limit { most: read(field, findings)?, said: Some(field.node.span) }) };
    Some(())
}

fn text(field: Field<'_>, findings: &mut Findings) -> Option<String> {
    field.text(findings).map(str::to_owned)
}

fn load(field: Field<'_>, findings: &mut Findings) -> Option<Load> {
    if let Value::Integer(_) = field.node.value {
        return field.count(1, findings).map(Load::Sessions);
    }
    match ratio(field) {
        Some(hundredths) if hundredths > 100 => Some(Load::Ratio(hundredths)),
        Some(_) => {
            findings.push(
                findings
                    .error(
                        "contradictory",
                        field.node.span,
                        "the backfill would pause at the load that it starts at",
                    )
                    .help("write a multiple above `1x`, such as `2x`"),
            );
            None
        }
        None => field.wrong(findings, "a number of sessions, a multiple such as `2x`, or `off`"),
    }
}

/// `2x`, `1.5x`, in hundredths.
fn ratio(field: Field<'_>) -> Option<u64> {
    let Value::Text(text) = &field.node.value else { return None };
    let number = text.strip_suffix('x')?;
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    let part: u64 = format!("{part:0<2}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(100)?.checked_add(part).filter(|hundredths| *hundredths > 0)
}

/// Units as PostgreSQL counts them: 1024 of one are one of the next.
fn bytes(field: Field<'_>) -> Option<u64> {
    let Value::Text(text) = &field.node.value else { return None };
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "MB" => 20,
        "GB" => 30,
        "TB" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift).filter(|bytes| *bytes > 0)
}

fn show(duration: Duration) -> String {
    match duration.as_millis() {
        millis if millis.is_multiple_of(1000) => format!("{}s", millis / 1000),
        millis => format!("{millis}ms"),
    }
}

/// `2x`, `1.5x`.
pub fn show_ratio(hundredths: u64) -> String {
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{}x", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `512 kB`, `16 GB`, `1.5 GB`.
pub fn show_bytes(bytes: u64) -> String {
    const UNITS: [(u32, &str); 4] = [(40, "TB"), (30, "GB"), (20, "MB"), (10, "kB")];
    let unit = UNITS.iter().find(|(shift, _)| bytes >= 1 << shift);
    unit.map_or_else(
        || format!("{bytes} B"),
        |(shift, name)| {
            let tenths = (u128::from(bytes) * 10) >> shift;
            match tenths % 10 {
                0 => format!("{} {name}", tenths / 10),
                part => format!("{}.{part} {name}", tenths / 10),
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_and_sizes_are_shown_as_they_are_written() {
        assert_eq!(
            [show_ratio(200), show_ratio(150), show_ratio(125), show_ratio(1000)],
            ["2x", "1.5x", "1.25x", "10x"]
        );
        assert_eq!(
            [show_bytes(16 << 30), show_bytes(3 << 29), show_bytes(700)],
            ["16 GB", "1.5 GB", "700 B"]
        );
    }
}
