//! What needs a table: triggers and views by the catalog, the rest by its text.

use super::{Look, mentions};
use crate::backend::DbError;
use crate::backend::survey::{Bond, Dependant, Relation};

impl Look<'_> {
    pub(super) async fn dependants(&mut self) -> Result<(), DbError> {
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
                    hang(relation, &what, &cell(3), Bond::Mentions);
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
            hang(relation, what, definition, Bond::Breaks);
            relation.dependants.push(Dependant { what: what.to_owned(), column: None, bond: Bond::Breaks });
        }
    }

    /// Routines, events, other tables' triggers and, on MariaDB, views: by their text.
    pub(super) async fn mentions(&mut self) -> Result<(), DbError> {
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
                hang(relation, what, text, Bond::Mentions);
                relation.dependants.push(Dependant {
                    what: what.to_owned(),
                    column: None,
                    bond: Bond::Mentions,
                });
            }
        }
    }
}

/// The columns that the text names.
fn hang(relation: &mut Relation, what: &str, text: &str, bond: Bond) {
    let columns = relation.columns.iter().filter(|column| mentions(text, &column.name));
    let depends = |column: Option<String>| Dependant { what: what.to_owned(), column, bond };
    relation.dependants.extend(columns.map(|column| depends(Some(column.name.clone()))));
}
