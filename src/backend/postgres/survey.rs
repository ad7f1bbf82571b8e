//! What a server tells of the things that a plan touches. Every query is here.
//!
//! None locks a table: sizes are asked for only where nobody has or awaits `ACCESS EXCLUSIVE`, because
//! `pg_table_size` opens the table, and definitions of views and rules, which open theirs, are left alone.

use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::super::survey::{Bond, Column, Constraint, Dependant, Held, Relation, Seen, Sight, Usage, Wanted};
use super::super::{Answer, Blocker, DbError};
use super::session::{connect, quoted, run};
use crate::dialect::{Dialect, ObjectKind};

/// Read only, and over quickly whatever happens: the catalogs themselves may be locked.
const LIMITS: &str =
    "SET default_transaction_read_only = on; SET lock_timeout = '200ms'; SET statement_timeout = '5s'";

pub(in crate::backend) async fn survey(
    options: &PgConnectOptions,
    wanted: &Wanted,
) -> Result<Sight, DbError> {
    let mut conn = connect(options, "rollbook survey").await?;
    run(&mut conn, LIMITS.to_owned(), 0).await?;
    let mut look = Look { conn, wanted, sight: Sight::default() };
    look.server().await?;
    look.relations().await?;
    look.columns().await?;
    look.constraints().await?;
    look.dependants().await?;
    look.mentions().await?;
    look.locks().await?;
    look.transactions().await?;
    look.replication().await?;
    look.usage().await?;
    look.statements().await?;
    look.others().await?;
    look.sight.note(
        "disk",
        false,
        "PostgreSQL does not tell how much of its disk is free; look at the data directory's host",
    );
    Ok(look.sight)
}

struct Look<'a> {
    conn: PgConnection,
    wanted: &'a Wanted,
    sight: Sight,
}

/// The asked names and the relations that they are; `tree` has a relation with its partitions and children.
fn with_relations(names: &str) -> String {
    format!(
        "WITH RECURSIVE asked (name) AS (SELECT unnest(ARRAY[{names}]::text[])), \
         rel AS (SELECT a.name, c.*, n.nspname, n.nspname || '.' || c.relname AS called FROM asked a \
           JOIN pg_class c ON (c.relname = a.name AND pg_table_is_visible(c.oid)) \
             OR EXISTS (SELECT 1 FROM pg_namespace s WHERE s.oid = c.relnamespace AND s.nspname || '.' || c.relname = a.name) \
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 't'), \
         tree (name, root, oid) AS (SELECT name, oid, oid FROM rel UNION \
           SELECT t.name, t.root, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid) "
    )
}

const SETTINGS: &str = "SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('server_version_num', \
    'lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout', 'wal_level', \
    'max_locks_per_transaction', 'max_connections', 'max_prepared_transactions', 'maintenance_work_mem', 'max_wal_size', \
    'max_parallel_maintenance_workers', 'max_slot_wal_keep_size', 'track_counts', 'autovacuum', 'TimeZone', \
    'default_transaction_read_only')";

const SERVER: &str = "SELECT coalesce(current_schema(), ''), pg_is_in_recovery(), current_setting('block_size'), \
    to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"'), \
    to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"'), pg_database_size(datname) \
    FROM pg_stat_database WHERE datname = current_database()";

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

/// Everything that `pg_depend` has on a relation or its row type, and on views that stand on it, five deep.
/// Foreign keys of its own are turned round: they point elsewhere.
const DEPENDANTS: &str = ", needs (name, root, classid, objid, column_of, deptype, depth) AS ( \
      SELECT rel.name, rel.oid, d.classid, d.objid, \
        CASE WHEN d.refclassid = 'pg_class'::regclass THEN d.refobjsubid ELSE 0 END, d.deptype, 1 \
      FROM rel JOIN pg_depend d ON (d.refclassid = 'pg_class'::regclass AND d.refobjid = rel.oid) \
        OR (d.refclassid = 'pg_type'::regclass AND d.refobjid = rel.reltype AND rel.reltype <> 0) \
      UNION SELECT n.name, n.root, d.classid, d.objid, n.column_of, d.deptype, n.depth + 1 \
      FROM needs n JOIN pg_rewrite r ON n.classid = 'pg_rewrite'::regclass AND r.oid = n.objid AND r.ev_class <> n.root \
      JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = r.ev_class AND d.classid = 'pg_rewrite'::regclass \
        AND d.objid <> n.objid WHERE n.depth < 5), \
    told AS (SELECT n.name, n.root, n.depth, a.attname AS column_name, n.deptype, n.classid, n.objid, \
        CASE WHEN n.classid = 'pg_rewrite'::regclass THEN (SELECT CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' \
            ELSE 'rule ' || r.rulename || ' on ' END || s.nspname || '.' || c.relname \
            FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace s ON s.oid = c.relnamespace WHERE r.oid = n.objid) \
          WHEN n.classid = 'pg_attrdef'::regclass THEN (SELECT CASE WHEN k.attgenerated <> '' THEN 'generated column ' ELSE 'default of column ' END \
            || c.relname || '.' || k.attname FROM pg_attrdef f JOIN pg_class c ON c.oid = f.adrelid \
            JOIN pg_attribute k ON k.attrelid = f.adrelid AND k.attnum = f.adnum WHERE f.oid = n.objid) \
          WHEN n.classid = 'pg_constraint'::regclass THEN (SELECT CASE k.contype WHEN 'f' THEN 'foreign key ' WHEN 'c' THEN 'check ' WHEN 'p' \
            THEN 'primary key ' WHEN 'u' THEN 'unique constraint ' ELSE 'constraint ' END || k.conname || ' on ' || s.nspname || '.' || c.relname \
            FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace s ON s.oid = c.relnamespace WHERE k.oid = n.objid) \
          WHEN n.classid = 'pg_class'::regclass THEN (SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' WHEN 'i' THEN 'index ' WHEN 'I' THEN 'index ' \
            WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' ELSE CASE WHEN c.relispartition THEN 'partition ' ELSE 'table ' END END \
            || s.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace WHERE c.oid = n.objid AND c.relkind <> 't') \
          WHEN n.classid = 'pg_trigger'::regclass THEN (SELECT 'trigger ' || tgname || ' on ' || c.relname FROM pg_trigger t \
            JOIN pg_class c ON c.oid = t.tgrelid WHERE t.oid = n.objid AND NOT tgisinternal) \
          WHEN n.classid = 'pg_type'::regclass THEN NULL \
          WHEN n.classid = 'pg_publication_rel'::regclass THEN (SELECT 'publication ' || p.pubname FROM pg_publication_rel r \
            JOIN pg_publication p ON p.oid = r.prpubid WHERE r.oid = n.objid) \
          ELSE pg_describe_object(n.classid, n.objid, 0) END AS what, \
        EXISTS (SELECT 1 FROM pg_constraint k WHERE n.classid = 'pg_constraint'::regclass AND k.oid = n.objid AND k.conrelid = n.root AND k.contype = 'f') AS points \
      FROM needs n LEFT JOIN pg_attribute a ON a.attrelid = n.root AND a.attnum = n.column_of AND n.column_of > 0) \
    SELECT DISTINCT name, what, column_name, \
      CASE WHEN points THEN 'points' WHEN deptype IN ('a', 'P', 'S', 'x') OR (deptype = 'i' AND classid <> 'pg_constraint'::regclass) \
        THEN 'goes' ELSE 'refuses' END, depth FROM told t WHERE what IS NOT NULL \
      AND NOT (classid = 'pg_rewrite'::regclass AND (SELECT ev_class FROM pg_rewrite WHERE oid = objid) = root AND what NOT LIKE 'rule %') \
    UNION SELECT rel.name, 'publication ' || pubname || ' (all tables)', NULL, 'goes', 1 FROM rel, pg_publication \
      WHERE puballtables AND rel.relkind IN ('r', 'p') \
    UNION SELECT rel.name, 'publication ' || pubname || ' (its schema)', NULL, 'goes', 1 FROM rel JOIN pg_publication_namespace s \
      ON s.pnnspid = rel.relnamespace JOIN pg_publication p ON p.oid = s.pnpubid WHERE rel.relkind IN ('r', 'p') \
    UNION SELECT rel.name, 'constraint ' || k.conname || ' on ' || c.relname, NULL, 'refuses', 1 FROM rel JOIN pg_constraint k \
      ON k.conindid = rel.oid AND k.contype IN ('p', 'u', 'x') JOIN pg_class c ON c.oid = k.conrelid \
    UNION SELECT rel.name, 'foreign key ' || k.conname || ' on ' || c.relname, NULL, 'refuses', 1 FROM rel JOIN pg_constraint k \
      ON k.conindid = rel.oid AND k.contype = 'f' JOIN pg_class c ON c.oid = k.conrelid \
    ORDER BY 1, 5, 2, 3";

/// Routines whose text has the name. A column's counts only beside its table's, or in a trigger of it.
const MENTIONS: &str = ", word AS (SELECT name, oid, relname, NULL::text AS column_name FROM rel UNION ALL \
      SELECT rel.name, rel.oid, rel.relname, c.column_name FROM rel JOIN (VALUES {columns}) c (name, column_name) ON c.name = rel.name), \
    safe AS (SELECT *, '\\y' || regexp_replace(relname, '([^[:alnum:]_])', '\\\\\\1', 'g') || '\\y' AS table_word, \
      '\\y' || regexp_replace(column_name, '([^[:alnum:]_])', '\\\\\\1', 'g') || '\\y' AS column_word FROM word) \
    SELECT w.name, CASE p.prokind WHEN 'p' THEN 'procedure ' ELSE 'function ' END || n.nspname || '.' || p.proname, w.column_name \
    FROM safe w JOIN pg_proc p ON (w.column_word IS NULL AND p.prosrc ~* w.table_word) OR (p.prosrc ~* w.column_word AND (p.prosrc ~* w.table_word \
      OR EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = w.oid AND t.tgfoid = p.oid))) \
    JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang \
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'rollbook') AND l.lanname NOT IN ('c', 'internal') \
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e') ORDER BY 1, 2, 3";

/// A prepared transaction has no process; its locks outlive its session.
const LOCKS: &str = " SELECT t.name, l.mode, l.granted, l.pid, a.usename, coalesce(nullif(a.application_name, ''), a.backend_type), \
      a.state, floor(extract(epoch FROM clock_timestamp() - a.xact_start)), left(a.query, 2000), x.gid, \
      floor(extract(epoch FROM clock_timestamp() - x.prepared)) \
    FROM tree t JOIN pg_locks l ON l.locktype = 'relation' AND l.relation = t.oid \
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
    LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
    LEFT JOIN pg_prepared_xacts x ON l.pid IS NULL AND l.virtualtransaction = '-1/' || x.transaction \
    WHERE l.pid IS DISTINCT FROM pg_backend_pid() ORDER BY 1, 8 DESC NULLS LAST, 4, 2";

/// Transactions that are open for more than an instant, or hold a snapshot: a `CONCURRENTLY` waits for them.
const TRANSACTIONS: &str = "SELECT pid, usename, coalesce(nullif(application_name, ''), backend_type), state, \
      floor(extract(epoch FROM clock_timestamp() - xact_start)), left(query, 2000) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - interval '1 s' \
      AND backend_type IN ('client backend', 'autovacuum worker', 'parallel worker') ORDER BY xact_start LIMIT 20";

const PREPARED: &str = "SELECT gid, owner, floor(extract(epoch FROM clock_timestamp() - prepared)) FROM pg_prepared_xacts \
    WHERE database = current_database() ORDER BY prepared";

const REPLICAS: &str = "SELECT coalesce(nullif(application_name, ''), 'a replica'), coalesce(client_addr::text, 'local'), state, sync_state, \
      floor(extract(epoch FROM replay_lag)), pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint FROM pg_stat_replication ORDER BY 1, 2";

const SLOTS: &str = "SELECT slot_name, slot_type, active, wal_status, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
      ELSE pg_current_wal_lsn() END, restart_lsn)::bigint FROM pg_replication_slots WHERE database IS NULL OR database = current_database() ORDER BY 1";

const USAGE: &str = ", counted AS (SELECT t.name, t.root, sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)) AS reads, \
      sum(n_tup_ins + n_tup_upd + n_tup_del) AS writes FROM tree t JOIN pg_stat_user_tables s ON s.relid = t.oid GROUP BY 1, 2) \
    SELECT name, reads, writes FROM counted UNION ALL \
    SELECT t.name, sum(coalesce(idx_scan, 0)), 0 FROM tree t JOIN pg_stat_user_indexes s ON s.indexrelid = t.oid GROUP BY 1 ORDER BY 1";

impl Look<'_> {
    async fn ask(&mut self, what: &str, sql: String) -> Result<Option<Answer>, DbError> {
        let answer = run(&mut self.conn, sql, u64::MAX).await;
        self.sight.take(what, answer)
    }

    /// A question about the asked relations; none where there are none.
    async fn of_relations(&mut self, what: &str, sql: &str) -> Result<Option<Answer>, DbError> {
        let names: Vec<String> = self.wanted.relations().into_iter().map(quoted).collect();
        if names.is_empty() {
            return Ok(None);
        }
        self.ask(what, format!("{}{sql}", with_relations(&names.join(", ")))).await
    }

    fn relation(&mut self, name: &str) -> Option<&mut Relation> {
        self.sight.relations.iter_mut().find(|relation| relation.name == name)
    }

    async fn server(&mut self) -> Result<(), DbError> {
        if let Some(answer) = self.ask("settings", SETTINGS.to_owned()).await? {
            let pair = |row: usize| Some((answer.cell(row, 0)?.to_owned(), answer.cell(row, 1)?.to_owned()));
            self.sight.settings = (0..answer.rows.len()).filter_map(pair).collect();
        }
        // Our own limits are not the server's.
        for name in ["lock_timeout", "statement_timeout", "default_transaction_read_only"] {
            let sql = format!("SELECT reset_val FROM pg_settings WHERE name = '{name}'");
            if let Some(value) = self.ask("settings", sql).await?.as_ref().and_then(Answer::single) {
                self.sight.settings.insert(name.to_owned(), value.to_owned());
            }
        }
        let Some(answer) = self.ask("the server's state", SERVER.to_owned()).await? else { return Ok(()) };
        let cell = |i: usize| answer.cell(0, i).unwrap_or_default().to_owned();
        self.sight.schema = cell(0);
        self.sight.settings.insert("stats_reset".to_owned(), cell(3));
        self.sight.settings.insert("started".to_owned(), cell(4));
        self.sight.settings.insert("database_size".to_owned(), cell(5));
        if cell(1) == "t" {
            self.sight.note("replication", true, "this server is a standby: it takes no writes");
        }
        Ok(())
    }

    async fn relations(&mut self) -> Result<(), DbError> {
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

    async fn columns(&mut self) -> Result<(), DbError> {
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

    async fn constraints(&mut self) -> Result<(), DbError> {
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

    async fn dependants(&mut self) -> Result<(), DbError> {
        let Some(answer) = self.of_relations("dependants", DEPENDANTS).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
            let dependant = Dependant {
                what: cell(1).to_owned(),
                column: answer.cell(row, 2).map(str::to_owned),
                bond: match cell(3) {
                    "points" => Bond::Points,
                    "goes" => Bond::Goes,
                    _ => Bond::Refuses,
                },
            };
            if let Some(relation) = self.relation(cell(0)).filter(|r| !r.dependants.contains(&dependant)) {
                relation.dependants.push(dependant);
            }
        }
        Ok(())
    }

    async fn mentions(&mut self) -> Result<(), DbError> {
        let mut columns: Vec<String> = self
            .wanted
            .columns()
            .into_iter()
            .map(|(table, column)| format!("({}, {})", quoted(table), quoted(column)))
            .collect();
        columns.push("(NULL::text, NULL::text)".to_owned());
        let sql = MENTIONS.replace("{columns}", &columns.join(", "));
        let Some(answer) = self.of_relations("the texts of functions", &sql).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
            let dependant = Dependant {
                what: cell(1).to_owned(),
                column: answer.cell(row, 2).map(str::to_owned),
                bond: Bond::Mentions,
            };
            if let Some(relation) = self.relation(cell(0)) {
                relation.dependants.push(dependant);
            }
        }
        Ok(())
    }

    async fn locks(&mut self) -> Result<(), DbError> {
        let Some(answer) = self.of_relations("who holds locks", LOCKS).await? else { return Ok(()) };
        let mut hidden = false;
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
            let mut by = blocker(&answer, row, 3);
            hidden |= is_hidden(cell(8));
            if let Some(gid) = answer.cell(row, 9) {
                by = Blocker {
                    process: format!("prepared transaction `{gid}`"),
                    seconds: cell(10).parse().ok(),
                    ..Blocker::default()
                };
            } else if answer.cell(row, 3).is_none() {
                by.process = "a prepared transaction".to_owned();
            }
            let held = Held { mode: spelled(cell(1)), granted: cell(2) == "t", by };
            if let Some(relation) = self.relation(cell(0)) {
                relation.held.push(held);
            }
        }
        if hidden {
            self.sight.unseen.push(
                "what other roles' sessions do: grant pg_monitor or pg_read_all_stats to see it".to_owned(),
            );
        }
        Ok(())
    }

    async fn transactions(&mut self) -> Result<(), DbError> {
        if let Some(answer) = self.ask("open transactions", TRANSACTIONS.to_owned()).await? {
            self.sight.transactions = (0..answer.rows.len()).map(|row| blocker(&answer, row, 0)).collect();
        }
        if let Some(answer) = self.ask("prepared transactions", PREPARED.to_owned()).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
                let text = format!(
                    "prepared transaction `{}` of {} has been left open for {} s: it keeps its locks until COMMIT PREPARED or ROLLBACK PREPARED",
                    cell(0),
                    cell(1),
                    cell(2)
                );
                self.sight.note("transactions", true, text);
            }
        }
        Ok(())
    }

    async fn replication(&mut self) -> Result<(), DbError> {
        let standby = self.sight.notes.iter().any(|note| note.topic == "replication");
        if !standby && let Some(answer) = self.ask("replicas", REPLICAS.to_owned()).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
                let hidden = answer.cell(row, 2).is_none();
                let lag = match (answer.cell(row, 4), answer.cell(row, 5)) {
                    _ if hidden => "its state is not shown to this role".to_owned(),
                    (Some(seconds), Some(bytes)) => format!("{seconds} s and {bytes} bytes behind"),
                    (None, Some(bytes)) => format!("{bytes} bytes behind"),
                    _ => "its lag is not known".to_owned(),
                };
                let text = format!("{} ({}), {}, {}: {lag}", cell(0), cell(1), cell(2), cell(3));
                let late = cell(4).parse::<u64>().is_ok_and(|seconds| seconds >= 10);
                self.sight.note("replication", late, text);
            }
            if answer.rows.is_empty() {
                self.sight.note("replication", false, "no replica is connected");
            }
        }
        if let Some(answer) = self.ask("replication slots", SLOTS.to_owned()).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
                let idle = cell(2) != "t";
                let state = if idle { "inactive" } else { "active" };
                let text = format!(
                    "slot {} ({}, {state}, WAL {}) keeps {} bytes of WAL{}",
                    cell(0),
                    cell(1),
                    cell(3),
                    answer.cell(row, 4).unwrap_or("an unknown number of"),
                    if idle { ", and all that the run writes" } else { "" }
                );
                self.sight.note("replication", idle, text);
            }
        }
        Ok(())
    }

    async fn usage(&mut self) -> Result<(), DbError> {
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
    async fn statements(&mut self) -> Result<(), DbError> {
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

    /// What is no relation: whether it is there at all.
    async fn others(&mut self) -> Result<(), DbError> {
        let mut parts = Vec::new();
        for (index, object) in self.wanted.objects.iter().enumerate() {
            let name = quoted(&object.name);
            let named = |schema: &str, column: &str, visible: &str| {
                format!(
                    "(({column} = {name} AND {visible}) OR {schema}::regnamespace::text || '.' || {column} = {name})"
                )
            };
            let from = match object.kind {
                ObjectKind::Type => {
                    format!("pg_type WHERE {}", named("typnamespace", "typname", "pg_type_is_visible(oid)"))
                }
                ObjectKind::Function => {
                    format!(
                        "pg_proc WHERE {}",
                        named("pronamespace", "proname", "pg_function_is_visible(oid)")
                    )
                }
                ObjectKind::Schema => format!("pg_namespace WHERE nspname = {name}"),
                ObjectKind::Database => format!("pg_database WHERE datname = {name}"),
                _ => continue,
            };
            parts.push(format!("SELECT {index} WHERE EXISTS (SELECT 1 FROM {from})"));
        }
        if parts.is_empty() {
            return Ok(());
        }
        let Some(answer) = self.ask("types, functions and schemas", parts.join(" UNION ")).await? else {
            return Ok(());
        };
        let found = answer.rows.iter().flatten().flatten().filter_map(|text| text.parse::<usize>().ok());
        let found: Vec<_> = found.filter_map(|index| self.wanted.objects.get(index)).collect();
        self.sight.others = found.into_iter().map(|object| (object.kind, object.name.clone())).collect();
        Ok(())
    }
}

/// A session from its process id and the five columns after it.
fn blocker(answer: &Answer, row: usize, at: usize) -> Blocker {
    let cell = |i: usize| answer.cell(row, at + i).unwrap_or_default();
    let mut blocker = Blocker {
        process: format!("server process {}", cell(0)),
        user: cell(1).to_owned(),
        application: cell(2).to_owned(),
        state: cell(3).to_owned(),
        seconds: cell(4).parse().ok(),
        query: String::new(),
    };
    if !is_hidden(cell(5)) {
        blocker.set_query(Dialect::Postgres, cell(5));
    }
    blocker
}

/// What `pg_stat_activity` says of another role's statement to one that may not see it.
fn is_hidden(query: &str) -> bool {
    query == "<insufficient privilege>"
}

/// `AccessExclusiveLock` as statements write it.
fn spelled(mode: &str) -> String {
    let mut words = String::new();
    for c in mode.trim_end_matches("Lock").chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_uppercase());
    }
    words
}
