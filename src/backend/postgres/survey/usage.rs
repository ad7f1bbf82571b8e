//! Whether a relation is still used, and by which statements.

use super::super::session::quoted;
use super::Look;
use crate::backend::survey::{Seen, Usage};
use crate::backend::{Blocker, DbError};
use crate::dialect::Dialect;

const USAGE: &str = ", counted AS (SELECT t.name, t.root, sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)) AS reads, \
      sum(n_tup_ins + n_tup_upd + n_tup_del) AS writes FROM tree t JOIN pg_stat_user_tables s ON s.relid = t.oid GROUP BY 1, 2) \
    SELECT name, reads, writes FROM counted UNION ALL \
    SELECT t.name, sum(coalesce(idx_scan, 0)), 0 FROM tree t JOIN pg_stat_user_indexes s ON s.indexrelid = t.oid GROUP BY 1 ORDER BY 1";

impl Look<'_> {
    pub(super) async fn usage(&mut self) -> Result<(), DbError> {
        if self.sight.settings.get("track_counts").is_some_and(|value| value == "off") {
            self.sight.unseen.push("whether tables are used: track_counts is off".to_owned());
            return Ok(());
        }
        let Some(answer) = self.of_relations("whether tables are used", USAGE).await? else { return Ok(()) };
        let setting = |name: &str| self.sight.settings.get(name).filter(|text| !text.is_empty()).cloned();
        let since = match (setting("stats_reset"), setting("started")) {
            (Some(reset), _) => format!("since {reset}"),
            (None, Some(started)) => {
                format!("since the statistics began (the server has run since {started})")
            }
            _ => "since an unknown time".to_owned(),
        };
        for row in 0..answer.rows.len() {
            let number =
                |i: usize| answer.cell(row, i).and_then(|text| text.parse().ok()).unwrap_or_default();
            if let Some(relation) = self.relation(answer.cell(row, 0).unwrap_or_default()) {
                relation.usage = Some(Usage {
                    reads: number(1),
                    writes: number(2),
                    since: since.clone(),
                    statements: Vec::new(),
                });
            }
        }
        Ok(())
    }

    /// What `pg_stat_statements` has seen, where it is installed.
    pub(super) async fn statements(&mut self) -> Result<(), DbError> {
        let home = "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
                    WHERE e.extname = 'pg_stat_statements'";
        let Some(schema) = self.ask("pg_stat_statements", home.to_owned()).await? else { return Ok(()) };
        let Some(schema) = schema.single().map(str::to_owned) else {
            self.sight.unseen.push(
                "which statements use a table: the extension pg_stat_statements is not in this database"
                    .to_owned(),
            );
            return Ok(());
        };
        let columns: Vec<String> = self
            .wanted
            .columns()
            .into_iter()
            .map(|(table, column)| format!("({}, {})", quoted(table), quoted(column)))
            .chain(["(NULL::text, NULL::text)".to_owned()])
            .collect();
        let sql = format!(
            ", word AS (SELECT name, relname, NULL::text AS column_name FROM rel UNION ALL \
               SELECT rel.name, rel.relname, c.column_name FROM rel JOIN (VALUES {}) c (name, column_name) ON c.name = rel.name), \
             safe AS (SELECT *, '\\y' || regexp_replace(relname, '([^[:alnum:]_])', '\\\\\\1', 'g') || '\\y' AS table_word, \
               '\\y' || regexp_replace(column_name, '([^[:alnum:]_])', '\\\\\\1', 'g') || '\\y' AS column_word FROM word) \
             SELECT name, column_name, calls, query FROM (SELECT w.name, w.column_name, s.calls, left(s.query, 2000) AS query, \
               row_number() OVER (PARTITION BY w.name, w.column_name ORDER BY s.calls DESC) AS place \
               FROM safe w JOIN {schema}.pg_stat_statements s ON s.query ~* w.table_word AND (w.column_word IS NULL OR s.query ~* w.column_word) \
               WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) \
               AND s.query ~* '^\\s*(select|insert|update|delete|merge|with|copy|table)') q WHERE place <= 3 ORDER BY 1, 2 NULLS FIRST, calls DESC",
            columns.join(", ")
        );
        let Some(answer) = self.of_relations("which statements use a table", &sql).await? else {
            return Ok(());
        };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
            let mut shown = Blocker::default();
            shown.set_query(Dialect::Postgres, cell(3));
            let seen = Seen {
                column: answer.cell(row, 1).map(str::to_owned),
                calls: cell(2).parse().unwrap_or_default(),
                query: shown.query,
            };
            if let Some(usage) = self.relation(cell(0)).and_then(|relation| relation.usage.as_mut()) {
                usage.statements.push(seen);
            }
        }
        Ok(())
    }
}
