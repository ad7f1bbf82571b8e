//! Verify cells: one read-only statement, one judgement.

use super::attempt::{Held, Sent};
use super::context::{Context, EngineError};
use super::event::{CheckTime, Event, Output};
use crate::backend::{DbError, Scope};
use crate::document::Expect;
use crate::plan::{Check, Plan};

/// What a verify cell came to.
#[derive(Clone, Debug)]
pub enum CheckOutcome {
    Passed,
    /// The answer is another one, or the database could not give one.
    Violated {
        found: String,
    },
    /// The operator insisted on a stop before there was an answer.
    Cancelled,
}

/// Whether an answer is what the cell expects, and what was found, as a fragment.
pub fn judge(expect: &Expect, output: &Output, baseline: Option<&Output>) -> (bool, String) {
    let rows = |n: u64| if n == 1 { "1 row".to_owned() } else { format!("{n} rows") };
    let single = || match (&output.rows[..], output.returned) {
        ([row], 1) if row.len() == 1 => Some(row[0].clone().unwrap_or_else(|| "NULL".to_owned())),
        _ => None,
    };
    match expect {
        Expect::Empty => (output.returned == 0, rows(output.returned)),
        Expect::Rows(wanted) => (output.returned == *wanted, rows(output.returned)),
        Expect::Value(wanted) => match single() {
            Some(value) => (value == *wanted, value),
            None => (false, format!("{}, not one value", rows(output.returned))),
        },
        Expect::True => match single() {
            Some(value) => (matches!(value.as_str(), "t" | "true" | "1"), value),
            None => (false, format!("{}, not one value", rows(output.returned))),
        },
        Expect::Unchanged => match baseline {
            Some(before) if before.hash == output.hash => (true, "the same answer as before".to_owned()),
            Some(before) => (
                false,
                format!(
                    "another answer than before ({} then, {} now)",
                    rows(before.returned),
                    rows(output.returned)
                ),
            ),
            None => (false, "no answer from before to compare with".to_owned()),
        },
        Expect::Table(table) => {
            let null = |cell: &Option<String>| cell.clone().unwrap_or_default();
            let found: Vec<Vec<String>> = std::iter::once(output.columns.clone())
                .chain(output.rows.iter().map(|row| row.iter().map(null).collect()))
                .collect();
            // Without rows a server may not name its columns.
            let empty = output.returned == 0 && table.len() <= 1;
            let same = empty || (found == *table && output.returned as usize + 1 == table.len());
            (
                same,
                if same {
                    "the table".to_owned()
                } else {
                    format!("another table ({})", rows(output.returned))
                },
            )
        }
    }
}

/// What the cell expects, as a fragment.
pub(super) fn expected(expect: &Expect) -> String {
    match expect {
        Expect::Empty => "no rows".to_owned(),
        Expect::Rows(1) => "1 row".to_owned(),
        Expect::Rows(n) => format!("{n} rows"),
        Expect::Value(value) => value.clone(),
        Expect::True => "true".to_owned(),
        Expect::Unchanged => "unchanged".to_owned(),
        Expect::Table(_) => "the table".to_owned(),
    }
}

/// Rows of the answer that the judgement and the record need.
fn kept(check: &Check) -> u64 {
    match &check.expect {
        Expect::Table(table) => check.output.max(table.len() as u64),
        _ => check.output.max(1),
    }
}

impl Context<'_> {
    /// Whether a verify cell passes now, told to nobody.
    pub(super) async fn holds(&mut self, plan: &Plan, check: &Check) -> Result<bool, EngineError> {
        let run = self.run_id().to_owned();
        let scope = Scope { runbook: &plan.runbook, run: &run, cell: &check.cell, limits: check.limits };
        let keep = kept(check);
        let sql = &check.statement.sql;
        match self.execute(Sent { scope: &scope, statement: 1, sql, keep, held: Held::ReadOnly }).await {
            Ok(answer) => {
                let baseline =
                    self.ledger.history.baselines.get(&check.cell).map(|recorded| &recorded.output);
                Ok(judge(&check.expect, &answer.into(), baseline).0)
            }
            Err(DbError::Refused(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Runs a verify cell and notes its answer.
    pub(super) async fn check(
        &mut self,
        plan: &Plan,
        check: &Check,
        time: CheckTime,
    ) -> Result<CheckOutcome, EngineError> {
        let keep = kept(check);
        let run = self.run_id().to_owned();
        let scope = Scope { runbook: &plan.runbook, run: &run, cell: &check.cell, limits: check.limits };
        let started = self.host.elapsed();
        let sql = &check.statement.sql;
        let sent = Sent { scope: &scope, statement: 1, sql, keep, held: Held::ReadOnly };
        let answer = self.execute(sent).await;
        let micros = (self.host.elapsed() - started).as_micros() as u64;
        let (mut output, refused): (Output, Option<String>) = match answer {
            Ok(answer) => (answer.into(), None),
            Err(error) if self.was_cancelled(&error) => return Ok(CheckOutcome::Cancelled),
            Err(DbError::Refused(refusal)) => (Output::default(), Some(format!("error: {refusal}"))),
            Err(error) => return Err(error.into()),
        };
        let recorded = self.ledger.history.checks.get(&check.cell).map(|recorded| &recorded.output);
        let baseline = match time {
            CheckTime::Replay => recorded,
            _ => self.ledger.history.baselines.get(&check.cell).map(|recorded| &recorded.output),
        };
        let (passed, found) = match (time, refused) {
            (_, Some(error)) => (false, error),
            (CheckTime::Baseline, None) => (true, "the answer to compare with".to_owned()),
            (_, None) => judge(&check.expect, &output, baseline),
        };
        let as_recorded = (time == CheckTime::Replay)
            .then(|| recorded.map(|recorded| recorded.hash == output.hash))
            .flatten();
        output.rows.truncate(check.output as usize);
        for cell in output.rows.iter_mut().flatten().flatten() {
            *cell = plan.redact(cell);
        }
        let found = plan.redact(&found);
        self.note(Event::Checked {
            cell: check.cell.clone(),
            step: check.of.clone(),
            time,
            digest: check.digest.clone(),
            sql: check.statement.shown.clone(),
            expected: expected(&check.expect),
            passed,
            found: found.clone(),
            output,
            micros,
            as_recorded,
        });
        Ok(if passed { CheckOutcome::Passed } else { CheckOutcome::Violated { found } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(rows: &[&[&str]]) -> Output {
        Output {
            columns: vec!["a".into()],
            rows: rows.iter().map(|row| row.iter().map(|cell| Some((*cell).to_owned())).collect()).collect(),
            returned: rows.len() as u64,
            hash: format!("{rows:?}"),
        }
    }

    #[test]
    fn each_expectation_is_met_by_its_answer_and_by_no_other() {
        let (none, one, two) = (output(&[]), output(&[&["5"]]), output(&[&["5"], &["6"]]));
        let passes = |expect: &Expect, output: &Output| judge(expect, output, None).0;
        assert!(passes(&Expect::Empty, &none) && !passes(&Expect::Empty, &one));
        assert!(passes(&Expect::Rows(2), &two) && !passes(&Expect::Rows(2), &one));
        let five = Expect::Value("5".into());
        assert!(passes(&five, &one) && !passes(&five, &two) && !passes(&five, &none));
        assert!(passes(&Expect::True, &output(&[&["t"]])) && !passes(&Expect::True, &one));
        let table = Expect::Table(vec![vec!["a".into()], vec!["5".into()]]);
        assert!(passes(&table, &one) && !passes(&table, &two));
        assert!(
            judge(&Expect::Unchanged, &one, Some(&one)).0 && !judge(&Expect::Unchanged, &one, Some(&two)).0
        );
        assert!(!passes(&Expect::Unchanged, &one), "nothing to compare with is no success");
    }
}
