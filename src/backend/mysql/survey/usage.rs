//! Whether a table is still used, and by which statements.

use super::super::session::quoted;
use super::{Look, mentions};
use crate::backend::survey::{Seen, Usage};
use crate::backend::{Blocker, DbError};
use crate::dialect::Dialect;

impl Look<'_> {
    pub(super) async fn usage(&mut self) -> Result<(), DbError> {
        if self.sight.settings.get("performance_schema").is_none_or(|value| value != "ON") {
            self.sight.unseen.push("whether tables are used: performance_schema is off".to_owned());
            return Ok(());
        }
        let since = self.sight.settings.get("uptime").and_then(|text| text.parse::<u64>().ok());
        let since = since.map_or_else(
            || "since the server started".to_owned(),
            |seconds| match seconds / 60 {
                0..120 => format!("since the server started {} min ago", seconds / 60),
                _ => format!("since the server started {} h ago", seconds / 3600),
            },
        );
        let sql = format!(
            "SELECT object_schema, object_name, count_read, count_write FROM performance_schema.table_io_waits_summary_by_table \
             WHERE {}",
            self.asked("object_schema", "object_name")
        );
        let Some(answer) = self.ask("whether tables are used", &sql).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            for relation in self.relations(&cell(0), &cell(1)) {
                relation.usage = Some(Usage {
                    reads: cell(2).parse().unwrap_or_default(),
                    writes: cell(3).parse().unwrap_or_default(),
                    since: since.clone(),
                    statements: Vec::new(),
                });
            }
        }
        let asked: Vec<String> = self
            .names
            .iter()
            .map(|(_, _, table)| format!("INSTR(digest_text, CONCAT('`', {}, '`')) > 0", quoted(table)))
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "SELECT schema_name, count_star, LEFT(digest_text, 2000) FROM performance_schema.events_statements_summary_by_digest \
             WHERE ({}) AND digest_text REGEXP '^ *(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH) ' ORDER BY count_star DESC LIMIT 200",
            asked.join(" OR ")
        );
        let Some(answer) = self.ask("which statements use a table", &sql).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            let (home, calls, text) = (cell(0), cell(1).parse().unwrap_or_default(), cell(2));
            let mut shown = Blocker::default();
            shown.set_query(Dialect::Mysql, &text);
            for relation in &mut self.sight.relations {
                let Some((database, table)) = relation.called.split_once('.') else { continue };
                if !(mentions(&text, table) && (home == database || mentions(&text, database))) {
                    continue;
                }
                let columns = relation.columns.iter().map(|column| column.name.clone());
                let named = columns.filter(|column| mentions(&text, column)).map(Some);
                for column in named.chain([None]).collect::<Vec<_>>() {
                    let Some(usage) = &mut relation.usage else { continue };
                    if usage.statements.iter().filter(|seen| seen.column == column).count() < 3 {
                        usage.statements.push(Seen { column, calls, query: shown.query.clone() });
                    }
                }
            }
        }
        Ok(())
    }
}
