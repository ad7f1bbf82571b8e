//! Statements in doubt: an intent without an outcome. They are resolved, never guessed.

use super::context::{Context, EngineError};
use super::event::{CheckTime, Event, Outcome, Stop, Verdict};
use super::gate::DoubtView;
use super::history::Intent;
use super::silence::answered;
use crate::backend::{DbError, Limits, Scope};
use crate::dialect::{Action as Doing, Object, ObjectKind, Trace};
use crate::plan::{Action, Check, Plan, Statement};

/// What was found out about a statement, and what follows from it.
struct Finding {
    verdict: Option<Verdict>,
    evidence: Vec<String>,
}

impl Finding {
    fn new(verdict: Option<Verdict>, evidence: impl Into<String>) -> Self {
        Self { verdict, evidence: vec![evidence.into()] }
    }
}

impl Context<'_> {
    /// Finds out what became of the cell's statement in doubt, if it has one.
    ///
    /// The catalog answers first, then the step's verify cells, then a human. `Some` stops.
    pub(super) async fn resolve(
        &mut self,
        plan: &Plan,
        step: &str,
        action: &Action,
        after: &[Check],
    ) -> Result<Option<Stop>, EngineError> {
        let intent = self.ledger.history.cell(step, &action.cell).and_then(|cell| cell.intended.clone());
        let Some(intent) = intent else { return Ok(None) };
        let Some(statement) = action.statements.get(intent.statement - 1) else { return Ok(None) };
        let scope =
            Scope { runbook: &plan.runbook, run: &intent.run, cell: &action.cell, limits: Limits::default() };
        if let Some(process) =
            answered(&self.lock, &mut self.observer, self.session.still_running(&scope)).await?
        {
            return Ok(Some(Stop {
                outcome: Outcome::InDoubt,
                at: Some(action.cell.clone()),
                state: format!(
                    "the server is still running statement {} of `{}`: {process}",
                    intent.statement, action.cell
                ),
                help: Some("wait until it has ended".to_owned()),
                next: Some(self.again("")),
            }));
        }
        let mut found = self.ask_catalog(plan, statement, &intent).await?;
        // What the catalog proves, nobody's word changes.
        let said = self.resolutions.iter().position(|(cell, _)| *cell == action.cell);
        let said = said.filter(|_| found.verdict.is_none()).map(|index| self.resolutions.remove(index).1);
        if found.verdict.is_none() && said.is_none() {
            let asked = self.ask_checks(plan, after, &intent).await?;
            found.verdict = asked.verdict;
            found.evidence.extend(asked.evidence);
        }
        if intent.partial {
            found.evidence.push("somebody said before that it took effect in part".to_owned());
        }
        if let Some(verdict) = said {
            found.verdict = Some(verdict);
            found.evidence.insert(0, format!("{} said so on the command line", self.host.operator()));
        } else if found.verdict.is_none() {
            let view = DoubtView {
                cell: action.cell.clone(),
                statement: intent.statement,
                target: format!("{} ({})", self.invocation.target_name, self.session.info().place),
                sql: statement.shown.clone(),
                evidence: found.evidence.clone(),
            };
            self.ledger.flush();
            found.verdict = self.gatekeeper.settle(&view).await;
            if found.verdict.is_some() {
                found.evidence.insert(0, format!("{} said so at the terminal", self.host.operator()));
            }
        }
        let evidence = plan.redact(&found.evidence.join("; "));
        if let Some(verdict) = found.verdict {
            self.stage(Event::Resolved {
                cell: action.cell.clone(),
                statement: intent.statement,
                verdict,
                evidence: evidence.clone(),
            });
            self.write().await?;
        }
        let state = match found.verdict {
            Some(Verdict::Done | Verdict::NotDone) => return Ok(None),
            Some(Verdict::Partial) => {
                format!("statement {} of cell `{}` took effect in part", intent.statement, action.cell)
            }
            None => format!(
                "statement {} of cell `{}` was sent and its outcome is not known: {evidence}",
                intent.statement, action.cell
            ),
        };
        Ok(Some(Stop {
            outcome: Outcome::InDoubt,
            at: Some(action.cell.clone()),
            state,
            help: Some(self.resolve_commands(&action.cell)),
            next: None,
        }))
    }

    /// What a human types who has looked at the database.
    pub(super) fn resolve_commands(&self, cell: &str) -> String {
        let command = |verdict| self.again(&format!("--resolve {cell}={verdict}"));
        format!(
            "look at the database, finish or undo by hand what is half done, then say which: `{}` or `{}`",
            command("done"),
            command("not-done")
        )
    }

    /// Compares what the catalog says now with what it said before the statement was sent.
    async fn ask_catalog(
        &mut self,
        plan: &Plan,
        statement: &Statement,
        intent: &Intent,
    ) -> Result<Finding, DbError> {
        match statement.facts.trace() {
            Trace::Harmless => {
                return Ok(Finding::new(Some(Verdict::NotDone), "running it again does no harm"));
            }
            Trace::Nothing => {
                return Ok(Finding::new(None, "the catalog holds no trace of such a statement"));
            }
            Trace::Catalog => {}
        }
        let now = self.definition_of(plan, statement).await?;
        let (Some(before), Some(now)) = (&intent.before, now) else {
            return Ok(Finding::new(None, "the catalog does not describe such objects"));
        };
        let names = names(statement);
        if *before == now {
            let what = if now.is_empty() {
                format!("{names} is absent, as before")
            } else {
                format!("{names} is what it was before")
            };
            return Ok(Finding::new(Some(Verdict::NotDone), what));
        }
        let changed = changes(before, &now);
        if let Some(left) =
            answered(&self.lock, &mut self.observer, self.session.invalid_indexes(&statement.facts))
                .await?
                .first()
        {
            if let Some(builder) = &left.builder {
                return Ok(Finding::new(None, format!("{} is being built now, by {builder}", left.name)));
            }
            return Ok(Finding::new(Some(Verdict::NotDone), format!("{} is there and INVALID", left.name)));
        }
        let (mut seen, mut contrary) = (Vec::new(), Vec::new());
        for object in statement.facts.objects.iter().filter(|object| stands_alone(object)) {
            // Where an object is a part of another one, the change of that one says it.
            let asked = self.session.definition(std::slice::from_ref(object));
            let Some(lines) = answered(&self.lock, &mut self.observer, asked).await? else { continue };
            let there = !lines.is_empty();
            match (object.action, there) {
                (Doing::Create, true) => seen.push(format!("{} is there", object.name)),
                (Doing::Drop, false) => seen.push(format!("{} is absent", object.name)),
                (Doing::Create, false) => contrary.push(format!("{} is absent", object.name)),
                (Doing::Drop, true) => contrary.push(format!("{} is still there", object.name)),
                _ => {}
            }
        }
        let verdict = contrary.is_empty().then_some(Verdict::Done);
        seen.append(&mut contrary);
        seen.push(format!("the catalog says of {names}: {changed}"));
        Ok(Finding { verdict, evidence: seen })
    }

    /// A step whose verify cells all pass now and did not all pass before is done; failing ones prove
    /// nothing either way.
    async fn ask_checks(
        &mut self,
        plan: &Plan,
        after: &[Check],
        intent: &Intent,
    ) -> Result<Finding, EngineError> {
        if after.is_empty() {
            return Ok(Finding::new(None, "the step has no verify cell to ask"));
        }
        if !intent.provable {
            let why = "the step's verify cells passed before it too, so that they prove nothing";
            return Ok(Finding::new(None, why));
        }
        for check in after {
            match self.check(plan, check, CheckTime::Before).await? {
                super::CheckOutcome::Passed => {}
                super::CheckOutcome::Violated { found } => {
                    return Ok(Finding::new(None, format!("verify cell `{}` found {found}", check.cell)));
                }
                super::CheckOutcome::Cancelled => {
                    return Ok(Finding::new(None, format!("verify cell `{}` was cancelled", check.cell)));
                }
            }
        }
        Ok(Finding::new(Some(Verdict::Done), "the step's verify cells pass, and did not before"))
    }
}

/// An object that the catalog can be asked for by itself, not as a part of a table.
fn stands_alone(object: &Object) -> bool {
    !matches!(
        object.kind,
        ObjectKind::Column | ObjectKind::Constraint | ObjectKind::Trigger | ObjectKind::Other
    )
}

/// The objects that the statement makes, changes or drops.
fn names(statement: &Statement) -> String {
    let changed = statement.facts.objects.iter().filter(|object| object.action != Doing::Read);
    let mut names: Vec<&str> = changed.map(|object| object.name.as_str()).collect();
    names.dedup();
    names.join(", ")
}

/// Lines of evidence that are shown in full.
const SHOWN_CHANGES: usize = 4;

/// What is gone and what has come, in a few words.
fn changes(before: &[String], now: &[String]) -> String {
    let gone = before.iter().filter(|line| !now.contains(line)).map(|line| format!("no longer {line}"));
    let come = now.iter().filter(|line| !before.contains(line)).map(|line| format!("now {line}"));
    let all: Vec<String> = gone.chain(come).collect();
    let mut text = all[..all.len().min(SHOWN_CHANGES)].join(", ");
    if all.len() > SHOWN_CHANGES {
        text.push_str(&format!(", and {} more lines", all.len() - SHOWN_CHANGES));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::changes;

    #[test]
    fn changes_are_told_in_a_few_words() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(changes(&lines("a\nb"), &lines("a\nc")), "no longer b, now c");
        assert_eq!(changes(&[], &lines("a\nb\nc\nd\ne\nf")), "now a, now b, now c, now d, and 2 more lines");
    }
}
