//! What a server tells of the things that a plan touches. Every query is here.
//!
//! `information_schema` may open a table, which waits behind an exclusive lock on its definition and
//! keeps nobody out itself; it is told to give up after a second.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};

use super::super::survey::{Bond, Column, Constraint, Dependant, Held, Relation, Seen, Sight, Usage, Wanted};
use super::super::{Answer, Blocker, DbError};
use super::session::{connect, quoted, run};
use crate::dialect::{Dialect, ObjectKind};

/// Rows are estimated from this many sampled pages (MySQL 8.4 manual, 17.8.10.3).
const ROWS_FROM: &str = "InnoDB's sampled statistics";

const VARIABLES: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'sql_mode', 'lock_wait_timeout', \
    'innodb_lock_wait_timeout', 'innodb_online_alter_log_max_size', 'innodb_tmpdir', 'tmpdir', 'innodb_file_per_table', \
    'innodb_buffer_pool_size', 'innodb_sort_buffer_size', 'innodb_ddl_buffer_size', 'innodb_ddl_threads', 'binlog_format', \
    'log_bin', 'gtid_mode', 'foreign_key_checks', 'lower_case_table_names', 'read_only', 'super_read_only', \
    'performance_schema', 'userstat', 'max_execution_time', 'max_statement_time', 'transaction_isolation', \
    'old_alter_table', 'alter_algorithm', 'datadir', 'default_storage_engine')";

pub(in crate::backend) async fn survey(
    options: &MySqlConnectOptions,
    wanted: &Wanted,
) -> Result<Sight, DbError> {
    let mut conn = connect(options).await?;
    run(&mut conn, "SET SESSION lock_wait_timeout = 1", 0).await?;
    let version = run(&mut conn, "SELECT VERSION()", 1).await?;
    let mariadb = version.single().is_some_and(|version| version.contains("MariaDB"));
    let limit = if mariadb { "max_statement_time = 5" } else { "max_execution_time = 5000" };
    run(&mut conn, &format!("SET SESSION {limit}"), 0).await?;
    run(&mut conn, "SET SESSION TRANSACTION READ ONLY", 0).await?;
    let mut look = Look { conn, mariadb, wanted, names: Vec::new(), sight: Sight::default() };
    look.server().await?;
    look.tables().await?;
    look.columns().await?;
    look.keys().await?;
    look.dependants().await?;
    look.mentions().await?;
    look.locks().await?;
    look.transactions().await?;
    look.replication().await?;
    look.disk().await?;
    look.usage().await?;
    look.others().await?;
    Ok(look.sight)
}

struct Look<'a> {
    conn: MySqlConnection,
    mariadb: bool,
    wanted: &'a Wanted,
    /// The asked tables, each as it was asked for, with its database and its own name.
    names: Vec<(String, String, String)>,
    sight: Sight,
}

impl Look<'_> {
    async fn ask(&mut self, what: &str, sql: &str) -> Result<Option<Answer>, DbError> {
        let answer = run(&mut self.conn, sql, u64::MAX).await;
        self.sight.take(what, answer)
    }

    /// A condition that holds for the asked tables.
    fn asked(&self, schema: &str, name: &str) -> String {
        let pairs: Vec<String> = self
            .names
            .iter()
            .map(|(_, database, table)| {
                format!("({schema} = {} AND {name} = {})", quoted(database), quoted(table))
            })
            .collect();
        if pairs.is_empty() { "FALSE".to_owned() } else { format!("({})", pairs.join(" OR ")) }
    }

    /// The relations that a row speaks of: one may have been asked for under two names.
    fn relations(&mut self, schema: &str, name: &str) -> impl Iterator<Item = &mut Relation> {
        let folds = self.sight.folds_case;
        let called = format!("{schema}.{name}");
        self.sight.relations.iter_mut().filter(move |relation| {
            if folds { relation.called.eq_ignore_ascii_case(&called) } else { relation.called == called }
        })
    }

    async fn server(&mut self) -> Result<(), DbError> {
        if let Some(answer) = self.ask("settings", VARIABLES).await? {
            let pair =
                |row: usize| Some((answer.cell(row, 0)?.to_lowercase(), answer.cell(row, 1)?.to_owned()));
            self.sight.settings = (0..answer.rows.len()).filter_map(pair).collect();
        }
        self.sight.folds_case =
            self.sight.settings.get("lower_case_table_names").is_some_and(|value| value != "0");
        let about = "SELECT DATABASE(), VERSION()";
        let Some(answer) = self.ask("the database", about).await? else { return Ok(()) };
        self.sight.schema = answer.cell(0, 0).unwrap_or_default().to_owned();
        let read_only = self.sight.settings.get("read_only").is_some_and(|value| value == "ON");
        if read_only {
            self.sight.note("replication", true, "read_only is on: this server takes no writes");
        }
        if let Some(answer) = self.ask("how long the server runs", "SHOW GLOBAL STATUS LIKE 'Uptime'").await?
            && let Some(seconds) = answer.cell(0, 1)
        {
            self.sight.settings.insert("uptime".to_owned(), seconds.to_owned());
        }
        let schema = self.sight.schema.clone();
        let split = |name: &&str| {
            let (database, table) = name.split_once('.').unwrap_or((schema.as_str(), name));
            ((*name).to_owned(), database.to_owned(), table.to_owned())
        };
        let tables = self.wanted.objects.iter().filter(|object| {
            matches!(object.kind, ObjectKind::Table | ObjectKind::View | ObjectKind::Sequence)
        });
        let mut names: Vec<&str> = tables.map(|object| object.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        self.names = names.iter().map(split).collect();
        Ok(())
    }

    async fn tables(&mut self) -> Result<(), DbError> {
        let sql = format!(
            "SELECT t.table_schema, t.table_name, t.table_type, t.engine, t.table_rows, t.data_length, t.index_length, \
             t.update_time, (SELECT COUNT(*) FROM information_schema.partitions p WHERE p.table_schema = t.table_schema \
               AND p.table_name = t.table_name AND p.partition_name IS NOT NULL) \
             FROM information_schema.tables t WHERE {} ORDER BY 1, 2",
            self.asked("t.table_schema", "t.table_name")
        );
        let Some(answer) = self.ask("tables and their sizes", &sql).await? else { return Ok(()) };
        self.sight.has_names = true;
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default();
            let number = |i: usize| answer.cell(row, i).and_then(|text| text.parse::<u64>().ok());
            let (database, table) = (cell(0), cell(1));
            let folds = self.sight.folds_case;
            let same = |a: &str, b: &str| if folds { a.eq_ignore_ascii_case(b) } else { a == b };
            let view = cell(2).contains("VIEW");
            for (name, _, _) in
                self.names.iter().filter(|(_, asked, of)| same(asked, database) && same(of, table))
            {
                let rows_from = match cell(3) {
                    "InnoDB" => ROWS_FROM.to_owned(),
                    engine => format!("information_schema, engine {engine}"),
                };
                self.sight.relations.push(Relation {
                    name: name.clone(),
                    called: format!("{database}.{table}"),
                    kind: match cell(2) {
                        "BASE TABLE" => "table".to_owned(),
                        "SYSTEM VERSIONED" => "system-versioned table".to_owned(),
                        other => other.to_lowercase(),
                    },
                    rows: number(4).filter(|_| !view),
                    rows_from,
                    bytes: number(5).filter(|_| !view),
                    index_bytes: number(6).filter(|_| !view),
                    bytes_from: "information_schema.tables".to_owned(),
                    partitions: number(8).unwrap_or_default(),
                    ..Relation::default()
                });
            }
        }
        // MySQL keeps those figures for a day; InnoDB's own are newer, where they may be read.
        let sql = format!(
            "SELECT database_name, SUBSTRING_INDEX(table_name, '#', 1), SUM(n_rows), SUM(clustered_index_size) * @@innodb_page_size, \
             SUM(sum_of_other_index_sizes) * @@innodb_page_size, MIN(last_update) FROM mysql.innodb_table_stats \
             WHERE {} GROUP BY 1, 2",
            self.asked("database_name", "SUBSTRING_INDEX(table_name, '#', 1)")
        );
        let Some(answer) =
            self.ask("how old the rows' statistics are (mysql.innodb_table_stats)", &sql).await?
        else {
            return Ok(());
        };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            let number = |i: usize| answer.cell(row, i).and_then(|text| text.parse::<u64>().ok());
            for relation in self.relations(&cell(0), &cell(1)) {
                relation.rows = number(2).or(relation.rows);
                relation.bytes = number(3).or(relation.bytes);
                relation.index_bytes = number(4).or(relation.index_bytes);
                relation.rows_from = format!("{ROWS_FROM} of {} UTC", cell(5));
                relation.bytes_from = "mysql.innodb_table_stats".to_owned();
            }
        }
        Ok(())
    }

    async fn columns(&mut self) -> Result<(), DbError> {
        let sql = format!(
            "SELECT table_schema, table_name, column_name, column_type, is_nullable, COALESCE(generation_expression, '') \
             FROM information_schema.columns WHERE {} ORDER BY 1, 2, ordinal_position",
            self.asked("table_schema", "table_name")
        );
        let Some(answer) = self.ask("columns", &sql).await? else { return Ok(()) };
        let mut generated = Vec::new();
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            if !cell(5).is_empty() {
                generated.push((cell(0), cell(1), cell(2), cell(5)));
            }
            for relation in self.relations(&cell(0), &cell(1)) {
                relation.columns.push(Column {
                    name: cell(2),
                    kind: cell(3),
                    nullable: cell(4) == "YES",
                    width: None,
                });
            }
        }
        for (database, table, column, expression) in generated {
            for relation in self.relations(&database, &table) {
                let needed: Vec<String> = relation.columns.iter().map(|column| column.name.clone()).collect();
                for other in needed.iter().filter(|other| **other != column && mentions(&expression, other)) {
                    relation.dependants.push(Dependant {
                        what: format!("generated column {column}"),
                        column: Some(other.clone()),
                        bond: Bond::Refuses,
                    });
                }
            }
        }
        Ok(())
    }

    /// Indexes and constraints, with foreign keys both ways.
    async fn keys(&mut self) -> Result<(), DbError> {
        let sql = format!(
            "SELECT table_schema, table_name, index_name, column_name FROM information_schema.statistics WHERE {} \
             ORDER BY 1, 2, 3, seq_in_index",
            self.asked("table_schema", "table_name")
        );
        if let Some(answer) = self.ask("indexes", &sql).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
                let (index, column) = (cell(2), answer.cell(row, 3).map(str::to_owned));
                for relation in self.relations(&cell(0), &cell(1)) {
                    let what = format!("index {index}");
                    if !relation.dependants.iter().any(|known| known.what == what) {
                        relation.indexes += 1;
                    }
                    // Without one of its columns it stays, with the others.
                    relation.dependants.push(Dependant { what, column: column.clone(), bond: Bond::Goes });
                }
            }
        }
        let sql = format!(
            "SELECT table_schema, table_name, constraint_name, constraint_type FROM information_schema.table_constraints \
             WHERE {} ORDER BY 1, 2, 3",
            self.asked("table_schema", "table_name")
        );
        if let Some(answer) = self.ask("constraints", &sql).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
                for relation in self.relations(&cell(0), &cell(1)) {
                    relation.constraints.push(Constraint {
                        name: cell(2),
                        definition: cell(3),
                        validated: true,
                        references: None,
                    });
                }
            }
        }
        let here = self.asked("k.table_schema", "k.table_name");
        let there = self.asked("k.referenced_table_schema", "k.referenced_table_name");
        let sql = format!(
            "SELECT k.table_schema, k.table_name, k.constraint_name, k.column_name, k.referenced_table_schema, \
             k.referenced_table_name, k.referenced_column_name FROM information_schema.key_column_usage k \
             WHERE k.referenced_table_name IS NOT NULL AND ({here} OR {there}) ORDER BY 1, 2, 3, k.ordinal_position"
        );
        let Some(answer) = self.ask("foreign keys", &sql).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            let (child, parent) = (format!("{}.{}", cell(0), cell(1)), format!("{}.{}", cell(4), cell(5)));
            for relation in self.relations(&cell(0), &cell(1)) {
                relation.dependants.push(Dependant {
                    what: format!("foreign key {} to {parent}", cell(2)),
                    column: Some(cell(3)),
                    bond: Bond::Points,
                });
                if let Some(known) = relation.constraints.iter_mut().find(|known| known.name == cell(2)) {
                    known.references = Some(parent.clone());
                }
            }
            for relation in self.relations(&cell(4), &cell(5)) {
                relation.dependants.push(Dependant {
                    what: format!("foreign key {} on {child}", cell(2)),
                    column: Some(cell(6)),
                    bond: Bond::Refuses,
                });
            }
        }
        Ok(())
    }

    async fn dependants(&mut self) -> Result<(), DbError> {
        let sql = format!(
            "SELECT event_object_schema, event_object_table, trigger_name, action_statement FROM information_schema.triggers \
             WHERE {} ORDER BY 1, 2, 3",
            self.asked("event_object_schema", "event_object_table")
        );
        if let Some(answer) = self.ask("triggers", &sql).await? {
            for row in 0..answer.rows.len() {
                let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
                for relation in self.relations(&cell(0), &cell(1)) {
                    let what = format!("trigger {}", cell(2));
                    let said: Vec<Dependant> = relation
                        .columns
                        .iter()
                        .filter(|column| mentions(&cell(3), &column.name))
                        .map(|column| Dependant {
                            what: what.clone(),
                            column: Some(column.name.clone()),
                            bond: Bond::Mentions,
                        })
                        .collect();
                    relation.dependants.extend(said);
                    relation.dependants.push(Dependant { what, column: None, bond: Bond::Goes });
                }
            }
        }
        if self.mariadb {
            return Ok(());
        }
        // MySQL knows which tables a view reads (8.4 manual, 28.3.49); MariaDB has the view's text alone.
        let sql = format!(
            "SELECT u.table_schema, u.table_name, CONCAT(u.view_schema, '.', u.view_name), v.view_definition \
             FROM information_schema.view_table_usage u JOIN information_schema.views v \
             ON v.table_schema = u.view_schema AND v.table_name = u.view_name WHERE {} ORDER BY 1, 2, 3",
            self.asked("u.table_schema", "u.table_name")
        );
        let Some(answer) = self.ask("views", &sql).await? else { return Ok(()) };
        for row in 0..answer.rows.len() {
            let cell = |i: usize| answer.cell(row, i).unwrap_or_default().to_owned();
            self.reads(&cell(0), &cell(1), &format!("view {}", cell(2)), &cell(3));
        }
        Ok(())
    }

    /// A view that reads the table: the server lets the table go, and the view fails from then on.
    fn reads(&mut self, database: &str, table: &str, what: &str, definition: &str) {
        for relation in self.relations(database, table) {
            let columns = relation.columns.iter().filter(|column| mentions(definition, &column.name));
            let mut found: Vec<Dependant> = columns
                .map(|column| Dependant {
                    what: what.to_owned(),
                    column: Some(column.name.clone()),
                    bond: Bond::Breaks,
                })
                .collect();
            found.push(Dependant { what: what.to_owned(), column: None, bond: Bond::Breaks });
            relation.dependants.extend(found);
        }
    }

    /// Routines, events, other tables' triggers and, on MariaDB, views: by their text.
    async fn mentions(&mut self) -> Result<(), DbError> {
        let system = "NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')";
        let mut texts = vec![
            (
                "the texts of routines",
                format!(
                    "SELECT CONCAT(LOWER(routine_type), ' ', routine_schema, '.', routine_name), routine_schema, routine_definition \
                     FROM information_schema.routines WHERE routine_schema {system}"
                ),
            ),
            (
                "the texts of events",
                format!(
                    "SELECT CONCAT('event ', event_schema, '.', event_name), event_schema, event_definition \
                     FROM information_schema.events WHERE event_schema {system}"
                ),
            ),
            (
                "the texts of triggers",
                format!(
                    "SELECT CONCAT('trigger ', trigger_schema, '.', trigger_name, ' on ', event_object_table), trigger_schema, \
                     action_statement FROM information_schema.triggers WHERE trigger_schema {system} AND NOT {}",
                    self.asked("event_object_schema", "event_object_table")
                ),
            ),
        ];
        if self.mariadb {
            texts.push((
                "the texts of views",
                format!(
                    "SELECT CONCAT('view ', table_schema, '.', table_name), table_schema, view_definition \
                     FROM information_schema.views WHERE table_schema {system}"
                ),
            ));
        }
        for (what, sql) in texts {
            let Some(answer) = self.ask(what, &format!("{sql} ORDER BY 1")).await? else { continue };
            let mut hidden = 0;
            for row in 0..answer.rows.len() {
                let Some(text) = answer.cell(row, 2).filter(|text| !text.is_empty()) else {
                    hidden += 1;
                    continue;
                };
                let (named, home) =
                    (answer.cell(row, 0).unwrap_or_default(), answer.cell(row, 1).unwrap_or_default());
                self.said(named, home, text);
            }
            if hidden > 0 {
                self.sight.unseen.push(format!("{what}: {hidden} are not shown to this user"));
            }
        }
        Ok(())
    }

    /// A view's text has whole names in it, so that it is known to read what it names.
    fn said(&mut self, what: &str, home: &str, text: &str) {
        let view = what.starts_with("view ");
        let asked: Vec<(String, String)> = self
            .names
            .iter()
            .filter(|(_, database, table)| {
                let there = home.eq_ignore_ascii_case(database) || mentions(text, database);
                let itself = what == format!("view {database}.{table}");
                there && !itself && mentions(text, table)
            })
            .map(|(_, database, table)| (database.clone(), table.clone()))
            .collect();
        for (database, table) in asked {
            if view {
                self.reads(&database, &table, what, text);
                continue;
            }
            for relation in self.relations(&database, &table) {
                let columns = relation.columns.iter().filter(|column| mentions(text, &column.name));
                let mut found: Vec<Dependant> = columns
                    .map(|column| Dependant {
                        what: what.to_owned(),
                        column: Some(column.name.clone()),
                        bond: Bond::Mentions,
                    })
                    .collect();
                found.push(Dependant { what: what.to_owned(), column: None, bond: Bond::Mentions });
                relation.dependants.extend(found);
            }
        }
    }

    /// Who uses a table's definition. MariaDB tells with a plugin only.
    async fn locks(&mut self) -> Result<(), DbError> {
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
                by: blocker(&answer, row, 4),
            };
            for relation in self.relations(&cell(0), &cell(1)) {
                if !relation.held.iter().any(|known| known.by == held.by && known.mode == held.mode) {
                    relation.held.push(held.clone());
                }
            }
        }
        Ok(())
    }

    async fn transactions(&mut self) -> Result<(), DbError> {
        // InnoDB renews its list once nobody has read it for a tenth of a second.
        tokio::time::sleep(Duration::from_millis(120)).await;
        let sql = "SELECT p.id, p.user, p.host, LOWER(p.command), TIMESTAMPDIFF(SECOND, x.trx_started, NOW()), \
                   COALESCE(LEFT(p.info, 2000), '') FROM information_schema.innodb_trx x \
                   JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id \
                   WHERE p.id <> CONNECTION_ID() ORDER BY x.trx_started LIMIT 20";
        if let Some(answer) = self.ask("open transactions (the privilege PROCESS shows them)", sql).await? {
            self.sight.transactions = (0..answer.rows.len()).map(|row| blocker(&answer, row, 0)).collect();
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

    async fn replication(&mut self) -> Result<(), DbError> {
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

    /// MariaDB tells with a plugin only, MySQL not at all.
    async fn disk(&mut self) -> Result<(), DbError> {
        let plugin = "SELECT COUNT(*) FROM information_schema.plugins WHERE plugin_name = 'DISKS' AND plugin_status = 'ACTIVE'";
        if self.mariadb && self.ask("plugins", plugin).await?.as_ref().and_then(Answer::single) == Some("1") {
            // The mount that the data directory is on is the one with the longest matching path.
            let sql = "SELECT available * 1024 FROM information_schema.disks WHERE @@datadir LIKE CONCAT(path, '%') \
                       ORDER BY LENGTH(path) DESC LIMIT 1";
            if let Some(answer) = self.ask("the free disk", sql).await? {
                self.sight.free_bytes = answer.single().and_then(|text| text.parse().ok());
            }
        }
        if self.sight.free_bytes.is_none() {
            let text = if self.mariadb {
                "MariaDB tells how much of its disk is free with the plugin `disks` and the privilege FILE only; look at the data directory's host"
            } else {
                "MySQL does not tell how much of its disk is free; look at the data directory's host"
            };
            self.sight.note("disk", false, text);
        }
        Ok(())
    }

    async fn usage(&mut self) -> Result<(), DbError> {
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

    async fn others(&mut self) -> Result<(), DbError> {
        let mut parts = Vec::new();
        for (index, object) in self.wanted.objects.iter().enumerate() {
            let (database, name) = match object.name.rsplit_once('.') {
                Some((database, name)) => (quoted(database), quoted(name)),
                None => ("DATABASE()".to_owned(), quoted(&object.name)),
            };
            let from = match object.kind {
                ObjectKind::Trigger => {
                    format!(
                        "information_schema.triggers WHERE trigger_schema = {database} AND trigger_name = {name}"
                    )
                }
                ObjectKind::Function => {
                    format!(
                        "information_schema.routines WHERE routine_schema = {database} AND routine_name = {name}"
                    )
                }
                ObjectKind::Schema | ObjectKind::Database => {
                    format!("information_schema.schemata WHERE schema_name = {}", quoted(&object.name))
                }
                ObjectKind::Index => {
                    let (table, index) = object.name.rsplit_once('.').unwrap_or_default();
                    let (database, table) = match table.split_once('.') {
                        Some((database, table)) => (quoted(database), quoted(table)),
                        None => ("DATABASE()".to_owned(), quoted(table)),
                    };
                    format!(
                        "information_schema.statistics WHERE table_schema = {database} AND table_name = {table} AND index_name = {}",
                        quoted(index)
                    )
                }
                _ => continue,
            };
            parts.push(format!("SELECT {index} AS found FROM DUAL WHERE EXISTS (SELECT 1 FROM {from})"));
        }
        if parts.is_empty() {
            return Ok(());
        }
        let Some(answer) = self.ask("triggers, routines and indexes", &parts.join(" UNION ")).await? else {
            return Ok(());
        };
        let found = answer.rows.iter().flatten().flatten().filter_map(|text| text.parse::<usize>().ok());
        let found: Vec<_> = found.filter_map(|index| self.wanted.objects.get(index)).collect();
        self.sight.others = found.into_iter().map(|object| (object.kind, object.name.clone())).collect();
        Ok(())
    }
}

/// A session from its connection id and the five columns after it.
fn blocker(answer: &Answer, row: usize, at: usize) -> Blocker {
    let cell = |i: usize| answer.cell(row, at + i).unwrap_or_default();
    let mut blocker = Blocker {
        process: format!("connection {}", cell(0)),
        user: cell(1).to_owned(),
        application: cell(2).to_owned(),
        state: cell(3).to_owned(),
        seconds: cell(4).parse().ok(),
        query: String::new(),
    };
    blocker.set_query(Dialect::Mysql, cell(5));
    blocker
}

/// Whether the text has the name in it as a whole word, quoted or not.
fn mentions(text: &str, name: &str) -> bool {
    super::super::survey::mentions(Dialect::Mysql, text, name)
}
