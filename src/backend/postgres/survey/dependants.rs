//! What needs a relation: by `pg_depend`, and functions by their text.

use super::super::session::quoted;
use super::Look;
use crate::backend::DbError;
use crate::backend::survey::{Bond, Dependant};

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

impl Look<'_> {
    pub(super) async fn dependants(&mut self) -> Result<(), DbError> {
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

    pub(super) async fn mentions(&mut self) -> Result<(), DbError> {
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
}
