//! How long a server may take over what waits for nobody's work: a network that is gone says nothing by
//! itself for hours.

use std::time::Duration;

use super::{Address, DbError};

const PATIENCE: Duration = Duration::from_secs(10);

/// Waits for the answer to a question of our own.
pub(super) async fn soon<T>(answer: impl Future<Output = Result<T, DbError>>) -> Result<T, DbError> {
    let silent = |_| Err(DbError::Lost(silence()));
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or_else(silent)
}

/// Waits for a connection.
pub(super) async fn reach<T>(
    connection: impl Future<Output = Result<T, sqlx::Error>>,
    address: impl FnOnce() -> Address,
) -> Result<T, DbError> {
    let reason = match tokio::time::timeout(PATIENCE, connection).await {
        Ok(Ok(connection)) => return Ok(connection),
        Ok(Err(sqlx::Error::Database(refusal))) => refusal.message().to_owned(),
        Ok(Err(other)) => other.to_string(),
        Err(_) => silence(),
    };
    Err(DbError::Unreachable { target: address().to_string(), reason })
}

fn silence() -> String {
    format!("no answer for {} s", PATIENCE.as_secs())
}
