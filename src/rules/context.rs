use std::ops::Range;
use std::sync::Arc;

use super::Rule;
use super::history::History;
use super::schema::Schema;
use crate::diagnostics::{Diagnostic, Fix};
use crate::dialect::{Action as Effect, AlterTable, Clause, Definition, ObjectKind, Words, same_name};
use crate::document::{Document, Role};
use crate::plan::{Action, Check, Plan, Statement, Step, Unit};
use crate::source::{Source, Span};

/// What a rule looks at: one plan, with what its runbook itself has done before each statement.
pub struct Context<'a> {
    pub document: &'a Document,
    pub plan: &'a Plan,
    /// The same runbook for each of its engines, this one among them.
    pub plans: &'a [Plan],
    /// Every statement of every forward and rollback cell; those of a step's forward cell come first.
    pub sites: Vec<Site<'a>>,
    /// What tables consist of when every forward cell has run.
    pub schema: Schema,
    history: History,
}

/// One statement where it stands.
pub struct Site<'a> {
    pub step: &'a Step,
    pub action: &'a Action,
    pub statement: &'a Statement,
    pub words: Words<'a>,
    /// The parts of a table that it defines.
    pub defines: Option<Definition>,
    /// Forward statements of the runbook that come before it.
    pub moment: usize,
    /// Holds that were opened before it.
    pub era: usize,
    source: &'a Arc<Source>,
    /// Its place in its cell, and the place of the cell's first statement in `Context::sites`.
    index: usize,
    first: usize,
}

impl<'a> Context<'a> {
    pub fn new(document: &'a Document, plan: &'a Plan, plans: &'a [Plan]) -> Self {
        let (schema, history) = (Schema::default(), History::default());
        let mut context = Self { document, plan, plans, sites: Vec::new(), schema, history };
        let (mut era, mut moment) = (0, 0);
        for phase in &plan.phases {
            era += usize::from(phase.hold.is_some());
            for step in plan.steps_of(&phase.name) {
                context.read(step, &step.forward, era, moment);
                moment += step.forward.statements.len();
                for action in &step.rollback {
                    context.read(step, action, era, moment);
                }
            }
        }
        context.history = History::of(&context.sites);
        context.schema = Schema::of(&context.sites);
        context
    }

    fn read(&mut self, step: &'a Step, action: &'a Action, era: usize, moment: usize) {
        let (first, plan) = (self.sites.len(), self.plan);
        let source = &plan.source;
        for (index, statement) in action.statements.iter().enumerate() {
            let words = Words::of(self.plan.dialect, &statement.sql);
            let defines = Definition::read(&words);
            let moment = if action.role == Role::Forward { moment + index } else { moment };
            self.sites.push(Site {
                step,
                action,
                statement,
                words,
                defines,
                moment,
                era,
                source,
                index,
                first,
            });
        }
    }

    /// The statements of forward cells.
    pub fn forward(&self) -> impl Iterator<Item = &Site<'a>> {
        self.sites.iter().filter(|site| site.is_forward())
    }

    /// A finding about some words of a verify cell.
    pub fn of_check(
        &self,
        rule: &Rule,
        check: &Check,
        words: &Words<'_>,
        at: Range<usize>,
        message: String,
    ) -> Diagnostic {
        let span = check.statement.provenance.to_source(words.span(at));
        rule.at(&self.plan.source, span, message).cell(&check.cell).statement(1)
    }

    /// Every statement of its cell.
    pub fn cell(&self, site: &Site<'a>) -> &[Site<'a>] {
        &self.sites[site.first..site.first + site.action.statements.len()]
    }

    /// The cell's statements before this one.
    pub fn before_in_cell(&self, site: &Site<'a>) -> &[Site<'a>] {
        &self.sites[site.first..site.first + site.index]
    }

    /// Those of them that its transaction holds.
    pub fn before_in_transaction(&self, site: &Site<'a>) -> &[Site<'a>] {
        let cell = self.before_in_cell(site);
        if site.statement.alone || site.action.unit != Unit::Cell {
            return &[];
        }
        let held = cell.iter().rev().take_while(|before| !before.statement.alone).count();
        &cell[cell.len() - held..]
    }

    /// Whether the runbook itself made the table, and no release can use it yet: no hold was opened
    /// since.
    pub fn is_new(&self, table: &str, site: &Site<'_>) -> bool {
        self.history.is_new(table, site)
    }

    /// The table that an `ALTER TABLE` alters and its clauses, unless the runbook itself made the table.
    pub fn altered<'s>(&self, site: &'s Site<'_>) -> impl Iterator<Item = (&'s str, &'s Clause)> + use<'s> {
        let altered = site.table().filter(|table| site.kind() == "alter_table" && !self.is_new(table, site));
        altered
            .into_iter()
            .flat_map(|table| site.statement.facts.clauses.iter().map(move |clause| (table, clause)))
    }

    /// Whether a forward statement before this one makes the object.
    pub fn is_made(&self, kind: ObjectKind, name: &str, site: &Site<'_>) -> bool {
        self.forward().filter(|before| before.moment < site.moment).any(|before| {
            let objects = &before.statement.facts.objects;
            objects
                .iter()
                .any(|made| made.kind == kind && made.action == Effect::Create && same_name(&made.name, name))
        })
    }

    /// Whether the index is on such a table.
    pub fn index_is_new(&self, index: &str, site: &Site<'_>) -> bool {
        self.history.table_of(index).is_some_and(|table| self.history.is_new(table, site))
    }

    /// Whether a validated `CHECK` of this runbook proves that the column holds no NULL.
    pub fn proves_not_null(&self, table: &str, column: &str, site: &Site<'a>) -> bool {
        self.history.proves_not_null(table, column, site.moment)
            || (!site.is_forward()
                && History::of_cell(self.before_in_cell(site)).proves_not_null(table, column, usize::MAX))
    }
}

impl<'a> Site<'a> {
    pub fn is_forward(&self) -> bool {
        self.action.role == Role::Forward
    }

    pub fn kind(&self) -> &'static str {
        self.statement.facts.kind
    }

    /// The clauses of an `ALTER TABLE`.
    pub fn alter_table(&self) -> Option<AlterTable> {
        if self.kind() == "alter_table" { AlterTable::read(&self.words) } else { None }
    }

    /// The table that the statement changes.
    pub fn table(&self) -> Option<&'a str> {
        let objects = &self.statement.facts.objects;
        let table = objects.iter().find(|object| {
            object.kind == ObjectKind::Table && matches!(object.action, Effect::Alter | Effect::Write)
        });
        table.map(|object| object.name.as_str())
    }

    /// Its number in its cell, from 1.
    pub fn number(&self) -> usize {
        self.index + 1
    }

    /// Where the words stand in the runbook.
    pub fn place(&self, words: Range<usize>) -> Span {
        self.statement.provenance.to_source(self.words.span(words))
    }

    /// Writes CONCURRENTLY after these words, where the statement has its cell for itself, nothing asks for
    /// a transaction, and the runbook has the words as they are.
    pub fn concurrently(&self, context: &Context<'a>, after: Range<usize>) -> Option<Fix> {
        let place = self.place(after.clone());
        let alone = context.cell(self).len() == 1
            && self.action.unit == Unit::Cell
            && context.document.cell(&self.action.cell)?.options.tx.is_none();
        let verbatim = self.source.slice(place) == self.words.written(after);
        (alone && verbatim).then(|| Fix::insert("write `CONCURRENTLY`", place.end, " CONCURRENTLY"))
    }

    /// A finding at these words.
    pub(super) fn finding(&self, rule: &Rule, words: Range<usize>, message: impl Into<String>) -> Diagnostic {
        self.finding_at(rule, self.words.span(words), message)
    }

    /// A finding at these bytes of the statement.
    pub(super) fn finding_at(&self, rule: &Rule, span: Span, message: impl Into<String>) -> Diagnostic {
        let place = self.statement.provenance.to_source(span);
        rule.at(self.source, place, message).cell(&self.action.cell).statement(self.number())
    }
}
