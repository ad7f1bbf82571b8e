use std::ops::Range;

use super::model::{Action, Statement, Unit};

/// The next statements of a cell that are committed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Portion {
    /// In one transaction, with their checkpoints.
    Together(Together),
    /// One statement that no transaction holds: intent before, outcome after.
    Alone(usize),
}

/// Statements that one transaction holds, by index. There is no way to make one of anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Together(Range<usize>);

impl Together {
    /// None where the engine would refuse the transaction or commit it half way.
    pub fn new(statements: &[Statement], range: Range<usize>) -> Option<Self> {
        let held = statements.get(range.clone())?.iter().all(|statement| !statement.alone);
        (held && !range.is_empty()).then_some(Self(range))
    }

    pub fn range(&self) -> Range<usize> {
        self.0.clone()
    }
}

impl Portion {
    /// What of `action` comes next when its first `done` statements are committed.
    pub fn next(action: &Action, done: usize) -> Option<Self> {
        let left = action.statements.get(done..)?;
        let together = left.iter().take_while(|statement| !statement.alone).count();
        let length = match action.unit {
            Unit::Cell => together,
            Unit::Statement | Unit::Batch(_) => together.min(1),
        };
        match Together::new(&action.statements, done..done + length) {
            Some(together) => Some(Self::Together(together)),
            None => (!left.is_empty()).then_some(Self::Alone(done)),
        }
    }

    /// Statements of the cell that are committed once this portion is.
    pub fn end(&self) -> usize {
        match self {
            Self::Together(together) => together.0.end,
            Self::Alone(index) => index + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::plan::{Plan, build};
    use crate::source::Source;
    use crate::template::Values;

    fn plan(dialect: Dialect, options: &str, sql: &str) -> Plan {
        let text = format!(
            "---\nrollbook: 1\nid: a\ntitle: A\ndialect: {dialect}\n---\n\n\
             ```sql {{id=a phase=apply role=forward}}\n{options}--| irreversible: a test\n{sql}\n```\n"
        );
        let parsed = crate::document::parse(&Source::new("a.md", text));
        let values = Values::bind(&[], &std::collections::BTreeMap::new()).unwrap();
        let (plan, findings) = build(&parsed.document, dialect, &values);
        plan.unwrap_or_else(|| panic!("{findings:#?}"))
    }

    /// Each portion as the statements that it ends before: `2` together, `!3` alone.
    fn portions(plan: &Plan) -> Vec<String> {
        let action = &plan.steps[0].forward;
        let mut done = 0;
        let mut found = Vec::new();
        while let Some(portion) = Portion::next(action, done) {
            done = portion.end();
            let mark = if matches!(portion, Portion::Alone(_)) { "!" } else { "" };
            found.push(format!("{mark}{done}"));
        }
        found
    }

    #[test]
    fn what_a_transaction_cannot_hold_is_never_put_into_one() {
        let alone = plan(Dialect::Postgres, "", "CREATE INDEX CONCURRENTLY i ON t (a)");
        assert_eq!(Together::new(&alone.steps[0].forward.statements, 0..1), None);
        let commits = plan(Dialect::Mysql, "", "INSERT INTO t VALUES (1);\nALTER TABLE t ADD a int;");
        let statements = &commits.steps[0].forward.statements;
        assert!(Together::new(statements, 0..1).is_some());
        assert_eq!(Together::new(statements, 0..2), None);
        assert_eq!(Together::new(statements, 1..1), None, "nothing is no transaction");
        assert_eq!(Together::new(statements, 1..3), None, "beyond the cell");
    }

    #[test]
    fn a_cell_is_cut_at_what_runs_alone() {
        let sql = "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nCREATE TABLE u (n int);\nINSERT INTO u VALUES (3);";
        assert_eq!(portions(&plan(Dialect::Postgres, "", sql)), ["4"]);
        assert_eq!(portions(&plan(Dialect::Mysql, "", sql)), ["2", "!3", "4"]);
        assert_eq!(portions(&plan(Dialect::Mysql, "--| tx: statement\n", sql)), ["1", "2", "!3", "4"]);
        assert_eq!(portions(&plan(Dialect::Postgres, "--| tx: none\n", sql)), ["!1", "!2", "!3", "!4"]);
    }
}
