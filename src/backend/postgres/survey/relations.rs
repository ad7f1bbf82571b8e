//! The relations that a plan touches: sizes, columns, constraints.

use super::super::session::{quoted, run};
use super::{Look, with_relations};
use crate::backend::DbError;
use crate::backend::survey::{Column, Constraint, Relation};

/// Rows as the planner reckons them: the density at the last `VACUUM` or `ANALYZE`, and today's size
/// (PostgreSQL manual, 70.1).
const SIZES: &str = ", busy AS (SELECT relation FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND locktype = 'relation' \
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())), \
    part AS (SELECT t.name, t.root, c.oid, c.reltuples, c.relpages, c.relkind, \
      c.oid IN (SELECT relation FROM busy) AS closed FROM tree t JOIN pg_class c ON c.oid = t.oid), \
    sized AS (SELECT p.*, current_setting('block_size')::bigint AS block, \
      CASE WHEN closed OR NOT {sizes} THEN relpages * current_setting('block_size')::bigint ELSE pg_relation_size(oid) END AS main, \
      CASE WHEN closed OR NOT {sizes} THEN NULL ELSE pg_table_size(oid) END AS whole, \
      CASE WHEN closed OR NOT {sizes} THEN NULL ELSE pg_indexes_size(oid) END AS indexes, \
      s.n_live_tup, greatest(s.last_analyze, s.last_autoanalyze, s.last_vacuum, s.last_autovacuum) AS seen \
      FROM part p LEFT JOIN pg_stat_all_tables s ON s.relid = p.oid) \
    SELECT rel.name, rel.called, rel.relkind, (SELECT n.nspname || '.' || o.relname FROM pg_index i JOIN pg_class o ON o.oid = i.indrelid \
        JOIN pg_namespace n ON n.oid = o.relnamespace WHERE i.indexrelid = rel.oid), \
      sum(CASE WHEN s.relkind NOT IN ('r', 'm', 't') THEN NULL WHEN s.reltuples >= 0 AND s.relpages > 0 \
        THEN s.reltuples / s.relpages * (main / block) WHEN n_live_tup > 0 THEN n_live_tup WHEN main = 0 THEN 0 END)::bigint, \
      bool_or(s.relkind IN ('r', 'm') AND main > 0 AND NOT (s.reltuples >= 0 AND s.relpages > 0)), \
      to_char(min(seen) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"'), \
      sum(coalesce(whole, main)), sum(indexes), bool_or(closed OR whole IS NULL), \
      (SELECT count(*) FROM pg_index i WHERE i.indrelid = rel.oid), count(*) FILTER (WHERE s.oid <> s.root AND s.relkind IN ('r', 'p')), \
      rel.relpersistence \
    FROM rel JOIN sized s ON s.name = rel.name AND s.root = rel.oid GROUP BY rel.name, rel.called, rel.relkind, rel.oid, rel.relpersistence \
    ORDER BY rel.name";

const COLUMNS: &str = "SELECT rel.name, attname, format_type(atttypid, atttypmod), attnotnull, \
      coalesce((SELECT max(s.avg_width) FROM pg_stats s WHERE s.schemaname = rel.nspname AND s.tablename = rel.relname AND s.attname = a.attname), \
        nullif(a.attlen, -1)) \
    FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY rel.name, a.attnum";

const CONSTRAINTS: &str = "SELECT rel.name, conname, pg_get_constraintdef(k.oid), convalidated, \
      CASE WHEN k.contype = 'f' THEN (SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
        WHERE c.oid = k.confrelid) END \
    FROM rel JOIN pg_constraint k ON k.conrelid = rel.oid ORDER BY rel.name, conname";

impl Look<'_> {
    pub(super) async fn relations(&mut self) -> Result<(), DbError> {
        let names: Vec<String> = self.wanted.relations().into_iter().map(quoted).collect();
        if names.is_empty() {
            return Ok(());
        }
        let sql = |sizes| format!("{}{}", with_relations(&names.join(", ")), SIZES.replace("{sizes}", sizes));
        let mut answer = run(&mut self.conn, sql("true"), u64::MAX).await;
        if let Err(DbError::Refused(_)) = answer {
            // Somebody has taken a table meanwhile.
            answer = run(&mut self.conn, sql("false"), u64::MAX).await;
        }
        let Some(answer) = self.sight.take("tables and their sizes", answer)? else { return Ok(()) };
        self.sight.has_names = true;
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i);
            let number = |i: usize| cell(i).and_then(|text| text.parse::<u64>().ok());
            let kind = match cell(2).unwrap_or_default() {
                "r" => "table",
                "p" => "partitioned table",
                "v" => "view",
                "m" => "materialized view",
                "f" => "foreign table",
                "S" => "sequence",
                "i" | "I" => "index",
                "c" => "composite type",
                _ => "relation",
            };
            let partitions = number(11).unwrap_or_default();
            let over = if partitions > 0 {
                format!(", over {partitions} partitions or children")
            } else {
                String::new()
            };
            let seen = cell(6).map_or_else(
                || "the catalog's figures of an unknown day".to_owned(),
                |seen| format!("the planner's figures of {seen}"),
            );
            let rows_from = match (cell(5), cell(4)) {
                (Some("t"), None) => "never analyzed".to_owned(),
                (Some("t"), Some(_)) => format!("counted as they were written, never analyzed{over}"),
                _ => format!("{seen}, at today's size{over}"),
            };
            let from_catalog = cell(9) == Some("t");
            let holds = matches!(kind, "table" | "partitioned table" | "materialized view");
            self.sight.relations.push(Relation {
                name: cell(0).unwrap_or_default().to_owned(),
                called: cell(1).unwrap_or_default().to_owned(),
                kind: kind.to_owned(),
                table: cell(3).map(str::to_owned),
                rows: number(4).filter(|_| holds),
                rows_from,
                bytes: number(7).filter(|_| holds || kind == "index"),
                index_bytes: number(8).filter(|_| holds),
                bytes_from: if from_catalog {
                    "pg_class, because somebody has the table locked".to_owned()
                } else {
                    "pg_table_size and pg_indexes_size".to_owned()
                },
                indexes: number(10).unwrap_or_default(),
                partitions,
                ..Relation::default()
            });
        }
        Ok(())
    }

    pub(super) async fn columns(&mut self) -> Result<(), DbError> {
        let Some(answer) = self.of_relations("columns", COLUMNS).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
            if let Some(relation) = self.relation(cell(0)) {
                relation.columns.push(Column {
                    name: cell(1).to_owned(),
                    kind: cell(2).to_owned(),
                    nullable: cell(3) != "t",
                    width: cell(4).parse().ok(),
                });
            }
        }
        Ok(())
    }

    pub(super) async fn constraints(&mut self) -> Result<(), DbError> {
        let Some(answer) = self.of_relations("constraints", CONSTRAINTS).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
            let references = answer.cell(row, 4).map(str::to_owned);
            if let Some(relation) = self.relation(cell(0)) {
                relation.constraints.push(Constraint {
                    name: cell(1).to_owned(),
                    definition: cell(2).to_owned(),
                    validated: cell(3) == "t",
                    references,
                });
            }
        }
        Ok(())
    }
}
