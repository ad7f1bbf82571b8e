use sqlx::AssertSqlSafe;

/// The one place where text becomes SQL for a driver.
///
/// Audited: what comes here is a statement that the splitter cut out of a reviewed cell, or our own
/// text with values quoted by `dialect::literal`.
pub(super) fn audited(sql: impl Into<String>) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql.into())
}
