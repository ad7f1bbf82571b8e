//! Who else is there: locks, open transactions, replicas.

use std::time::Duration;

use super::Look;
use crate::backend::survey::Held;
use crate::backend::{Answer, Blocker, DbError};
use crate::dialect::Dialect;

impl Look<'_> {
    /// Who uses a table's definition. MariaDB tells with a plugin only.
    pub(super) async fn locks(&mut self) -> Result<(), DbError> {
        let sql = if self.mariadb {
            let plugin = "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'METADATA_LOCK_INFO' \
                          AND plugin_status = 'ACTIVE'";
            let there = self.ask("plugins", plugin).await?;
            if there.as_ref().and_then(Answer::single) != Some("1") {
                self.sight.unseen.push(
                    "whose transactions use a table: the plugin metadata_lock_info is not loaded, so that every open transaction counts as one that may".to_owned(),
                );
                return Ok(());
            }
            format!(
                "SELECT m.table_schema, m.table_name, m.lock_mode, 'GRANTED', p.id, p.user, p.host, LOWER(p.command), \
                 TIMESTAMPDIFF(SECOND, x.trx_started, NOW()), COALESCE(LEFT(p.info, 2000), '') FROM information_schema.metadata_lock_info m \
                 JOIN information_schema.processlist p ON p.id = m.thread_id \
                 LEFT JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = p.id \
                 WHERE p.id <> CONNECTION_ID() AND {} ORDER BY 1, 2, 9 DESC, 5",
                self.asked("m.table_schema", "m.table_name")
            )
        } else {
            format!(
                "SELECT m.object_schema, m.object_name, m.lock_type, m.lock_status, t.processlist_id, t.processlist_user, \
                 t.processlist_host, LOWER(t.processlist_command), TIMESTAMPDIFF(SECOND, x.trx_started, NOW()), \
                 COALESCE(LEFT(COALESCE(t.processlist_info, s.sql_text), 2000), '') FROM performance_schema.metadata_locks m \
                 JOIN performance_schema.threads t ON t.thread_id = m.owner_thread_id \
                 LEFT JOIN performance_schema.events_statements_current s ON s.thread_id = t.thread_id AND s.nesting_event_id IS NULL \
                 LEFT JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = t.processlist_id \
                 WHERE m.object_type = 'TABLE' AND t.processlist_id <> CONNECTION_ID() AND {} ORDER BY 1, 2, 9 DESC, 5",
                self.asked("m.object_schema", "m.object_name")
            )
        };
        let Some(answer) = self.ask("who holds locks", &sql).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            let held = Held {
                // MariaDB writes `MDL_SHARED_WRITE`.
                mode: cell(2).trim_start_matches("MDL_").to_owned(),
                granted: cell(3) == "GRANTED",
                by: Blocker::read(Dialect::Mysql, &answer, row, 4),
            };
            for relation in self.relations(&cell(0), &cell(1)) {
                if !relation.held.iter().any(|known| known.by == held.by && known.mode == held.mode) {
                    relation.held.push(held.clone());
                }
            }
        }
        Ok(())
    }

    pub(super) async fn transactions(&mut self) -> Result<(), DbError> {
        // InnoDB renews its list once nobody has read it for a tenth of a second.
        tokio::time::sleep(Duration::from_millis(120)).await;
        let sql = "SELECT p.id, p.user, p.host, LOWER(p.command), TIMESTAMPDIFF(SECOND, x.trx_started, NOW()), \
                   COALESCE(LEFT(p.info, 2000), '') FROM information_schema.innodb_trx x \
                   JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id \
                   WHERE p.id <> CONNECTION_ID() ORDER BY x.trx_started LIMIT 20";
        if let Some(answer) = self.ask("open transactions (the privilege PROCESS shows them)", sql).await? {
            self.sight.transactions =
                (0..answer.rows.len()).map(|row| Blocker::read(Dialect::Mysql, &answer, row, 0)).collect();
        }
        let left = self.ask("prepared transactions", "XA RECOVER").await?;
        for row in left.iter().flat_map(|answer| (0..answer.rows.len()).map(move |row| answer.cell(row, 3))) {
            let name = row.unwrap_or_default();
            let text = format!(
                "XA transaction `{name}` is prepared and not ended: it keeps its locks until XA COMMIT or XA ROLLBACK"
            );
            self.sight.note("transactions", true, text);
        }
        Ok(())
    }

    pub(super) async fn replication(&mut self) -> Result<(), DbError> {
        let sql = "SELECT user, host, command FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%' ORDER BY 2";
        if let Some(answer) = self.ask("replicas", sql).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
                let text = format!(
                    "replica {}@{} reads the binary log; how far it is behind, only the replica tells. It runs each ALTER after this server has, and takes as long again",
                    cell(0),
                    cell(1)
                );
                self.sight.note("replication", false, text);
            }
            if answer.rows.is_empty() {
                self.sight.note("replication", false, "no replica is connected that this user may see");
            }
        }
        let sql = if self.mariadb { "SHOW ALL SLAVES STATUS" } else { "SHOW REPLICA STATUS" };
        let Some(answer) = self.ask("whether this server is a replica", sql).await? else { return Ok(()) };
        let column = |names: [&str; 2]| answer.columns.iter().position(|name| names.contains(&name.as_str()));
        let (source, behind) = (
            column(["Source_Host", "Master_Host"]),
            column(["Seconds_Behind_Source", "Seconds_Behind_Master"]),
        );
        for row in 0..answer.rows.len() {
            let cell =
                |at: Option<usize>| at.and_then(|at| answer.cell(row, at)).unwrap_or("an unknown number of");
            let text = format!("this server is a replica of {}, {} s behind", cell(source), cell(behind));
            self.sight.note("replication", true, text);
        }
        Ok(())
    }
}
