//! Which database is plainly a scratch.

use std::time::Duration;

use crate::backend::DbError;
use crate::backend::measure::Meter;

/// Why a database is not used for measuring. Nothing was changed in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoScratch {
    #[error("`{database}` is not plainly a scratch database: its name does not say so")]
    Name { database: String },
    #[error("`{database}` is no scratch database: its journal has runs of {}", runbooks.join(", "))]
    Journal { database: String, runbooks: Vec<String> },
    #[error("`{database}` is no scratch database: others are connected to it ({})", sessions.join("; "))]
    Others { database: String, sessions: Vec<String> },
    #[error("`{database}` leads into another database: {}", ways.join(", "))]
    WayOut { database: String, ways: Vec<String> },
}

impl NoScratch {
    pub fn help(&self) -> &'static str {
        match self {
            Self::Name { .. } => {
                "the statements are run for good there. Make a database for it with `scratch` as a word of its name, such as \
                 `shop_scratch` or `scratch.db`, and put the schema in it that the runbook begins with"
            }
            Self::Journal { .. } => {
                "where this is a copy that nobody needs, drop its journal first: on PostgreSQL `DROP SCHEMA rollbook CASCADE`, \
                 elsewhere the tables `rollbook_journal`, `rollbook_lease` and `rollbook_control`"
            }
            Self::Others { .. } => {
                "close those sessions, if it is yours alone, and type the same command again"
            }
            Self::WayOut { .. } => {
                "what a statement writes there is written elsewhere: drop the user mappings and subscriptions of the copy first"
            }
        }
    }
}

/// Whether `scratch` is a word of the database's name.
pub fn is_scratch_name(name: &str) -> bool {
    name.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("scratch"))
}

/// How often a session that is just leaving is waited for, and how long each time.
const GLANCES: u32 = 20;
const GLANCE: Duration = Duration::from_millis(100);

/// None where statements may be run for good on the meter's database.
pub async fn admit(meter: &mut dyn Meter) -> Result<Option<NoScratch>, DbError> {
    let database = meter.session().info().database.clone();
    let short = database.rsplit('/').next().unwrap_or(&database);
    if !is_scratch_name(short) {
        return Ok(Some(NoScratch::Name { database }));
    }
    let mut runbooks: Vec<String> =
        meter.session().read_journal(None).await?.into_iter().map(|row| row.runbook).collect();
    runbooks.dedup();
    if !runbooks.is_empty() {
        return Ok(Some(NoScratch::Journal { database, runbooks }));
    }
    let ways = meter.ways_out().await?;
    if !ways.is_empty() {
        return Ok(Some(NoScratch::WayOut { database, ways }));
    }
    let mut sessions = meter.others().await?;
    for _ in 0..GLANCES {
        if sessions.is_empty() {
            return Ok(None);
        }
        tokio::time::sleep(GLANCE).await;
        sessions = meter.others().await?;
    }
    Ok((!sessions.is_empty()).then_some(NoScratch::Others { database, sessions }))
}

#[cfg(test)]
mod tests {
    use super::is_scratch_name;

    #[test]
    fn a_name_says_scratch_as_a_word() {
        for name in ["scratch", "shop_scratch", "SCRATCH.db", "scratch-2", "a.scratch.b"] {
            assert!(is_scratch_name(name), "{name}");
        }
        for name in ["shop", "shop_prod", "scratchpad", "unscratched", ""] {
            assert!(!is_scratch_name(name), "{name}");
        }
    }
}
