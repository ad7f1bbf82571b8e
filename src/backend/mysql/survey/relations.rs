//! The tables that a plan touches: sizes, columns, indexes, constraints and foreign keys.

use super::{Look, mentions};
use crate::backend::DbError;
use crate::backend::survey::{Bond, Column, Constraint, Dependant, Relation};

/// Rows are estimated from this many sampled pages (MySQL 8.4 manual, 17.8.10.3).
const ROWS_FROM: &str = "InnoDB's sampled statistics";

impl Look<'_> {
    pub(super) async fn tables(&mut self) -> Result<(), DbError> {
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

    pub(super) async fn columns(&mut self) -> Result<(), DbError> {
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
    pub(super) async fn keys(&mut self) -> Result<(), DbError> {
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
}
