use std::time::Duration;

use super::Digest;
use super::check;
use super::model::{Action, Check, Gate, Phase, Plan, Statement, Step, Unit};
use super::separate;
use crate::backfill::{self, Backfill, Pacing};
use crate::diagnostics::{Diagnostic, Diagnostics, Level};
use crate::dialect::{self, Dialect, Facts, Limits, Sequence, TokenKind, Transactional, Waiting};
use crate::document::{Amount, Batch, Cell, Document, Options, OutputLimit, Role, Size, Tx, When};
use crate::source::Span;
use crate::template::{self, Rendered, Values};

/// Rows of output that the record keeps of a cell that does not say.
const DEFAULT_OUTPUT: u64 = 100;

/// Renders, splits and classifies every cell for `dialect`.
///
/// There is a plan only if nothing in the diagnostics is an error.
pub fn build(document: &Document, dialect: Dialect, values: &Values) -> (Option<Plan>, Diagnostics) {
    let sequence = Sequence::new(dialect);
    let mut builder = Builder { document, dialect, values, sequence, diagnostics: Vec::new() };
    let plan = builder.plan();
    let diagnostics = builder.diagnostics;
    let failed = diagnostics.iter().any(|finding| finding.level == Level::Error);
    (plan.filter(|_| !failed), diagnostics)
}

struct Builder<'a> {
    document: &'a Document,
    dialect: Dialect,
    values: &'a Values,
    sequence: Sequence,
    diagnostics: Diagnostics,
}

impl Builder<'_> {
    fn plan(&mut self) -> Option<Plan> {
        let front = &self.document.front;
        let mut phases: Vec<Phase> = front
            .phases
            .iter()
            .map(|name| Phase {
                name: name.clone(),
                hold: front.holds.iter().find(|hold| hold.before == *name).map(|hold| hold.condition.clone()),
                before: Vec::new(),
                after: Vec::new(),
            })
            .collect();
        let mut steps: Vec<Step> = Vec::new();
        for cell in self.document.cells.iter().filter(|cell| cell.role == Role::Forward) {
            if let Some(forward) = self.action(cell) {
                steps.push(Step {
                    id: cell.id.clone(),
                    phase: cell.phase.clone(),
                    forward,
                    rollback: Vec::new(),
                    irreversible: cell.options.irreversible.clone(),
                    before: Vec::new(),
                    after: Vec::new(),
                });
            }
        }
        for cell in self.document.cells.iter().filter(|cell| cell.role != Role::Forward) {
            let step = cell.of.as_ref().and_then(|of| steps.iter().position(|step| step.id == *of));
            match cell.role {
                Role::Verify => {
                    let Some(made) = self.check(cell) else { continue };
                    let (before, after) = match (step, &cell.of) {
                        (Some(index), _) => {
                            let step = &mut steps[index];
                            (&mut step.before, &mut step.after)
                        }
                        (None, Some(_)) => continue,
                        (None, None) => {
                            let phase = phases.iter_mut().find(|phase| phase.name == cell.phase)?;
                            (&mut phase.before, &mut phase.after)
                        }
                    };
                    match cell.when {
                        When::Before => before.push(made),
                        When::After => after.push(made),
                    }
                }
                _ => {
                    if let (Some(made), Some(index)) = (self.action(cell), step) {
                        steps[index].rollback.push(made);
                    }
                }
            }
        }
        if !self.document.cells.iter().any(|cell| cell.role == Role::Forward) {
            let span = Span::new(front.span.start, front.span.start);
            self.diagnostics.push(
                Diagnostic::error("no-steps", &self.document.source, span, "the runbook has no forward cell")
                    .help("write one: ```sql {id=… phase=… role=forward}"),
            );
        }
        for finding in self.diagnostics.iter_mut().filter(|finding| finding.rule == "mixed-transaction") {
            let Some(cell) = &finding.cell else { continue };
            finding.fix =
                steps.iter().find_map(|step| separate::fix(self.document, self.dialect, step, cell));
        }
        let digest = plan_digest(&steps, &phases);
        Some(Plan {
            source: self.document.source.clone(),
            runbook: front.id.clone(),
            title: front.title.clone(),
            dialect: self.dialect,
            phases,
            steps,
            digest,
            params: self.values.shown(),
            secrets: self.values.secrets(),
        })
    }

    fn action(&mut self, cell: &Cell) -> Option<Action> {
        let batch = match &cell.options.batch {
            Some(batch) => Some(self.backfill(cell, batch)?),
            None => None,
        };
        let predicate = batch
            .as_ref()
            .map(|backfill| backfill::placeholder(self.dialect, &backfill.called(), backfill.order));
        let rendered = self.render(cell, predicate.as_deref())?;
        let mut statements = self.statements(cell, &rendered)?;
        let unit = match batch {
            Some(backfill) => {
                self.diagnostics.extend(check::batch(self.document, cell, &statements));
                self.diagnostics.extend(check::throttle(self.document, cell, self.dialect));
                let [statement] = &mut statements[..] else { return None };
                statement.hole = predicate.and_then(|predicate| only(&statement.sql, &predicate));
                if statement.hole.is_none() {
                    self.diagnostics.push(check::batch_not_used(self.document, cell));
                    return None;
                }
                self.diagnostics.extend(check::alias(self.document, cell, self.dialect, statement));
                Unit::Batch(Box::new(backfill))
            }
            None if cell.options.tx == Some(Tx::Statement) => Unit::Statement,
            None => Unit::Cell,
        };
        self.diagnostics.extend(check::action(self.document, cell, &statements));
        let losses: Vec<String> = statements.iter().filter_map(|s| s.facts.destructive.clone()).collect();
        let gate = match (losses.is_empty(), cell.destructive) {
            (false, _) => Some(Gate::Destructive { loses: losses }),
            (true, true) => Some(Gate::Declared),
            (true, false) => None,
        };
        let said = cell.options.retry.or(self.document.front.defaults.retry);
        let own = statements.iter().map(|statement| statement.facts.waiting().retries()).max();
        let retry = said.or(own).unwrap_or_default();
        Some(Action {
            cell: cell.id.clone(),
            role: cell.role,
            digest: Digest::of_sql(self.dialect, statements.iter().map(|s| s.shown.as_str())),
            statements,
            unit,
            gate,
            retry,
            output: output_rows(&cell.options),
            why: cell.options.why.clone(),
            raw: rendered.raw,
            span: cell.fence,
        })
    }

    fn check(&mut self, cell: &Cell) -> Option<Check> {
        let rendered = self.render(cell, None)?;
        let statements = self.statements(cell, &rendered)?;
        self.diagnostics.extend(check::verify(self.document, cell, &statements));
        let [statement] = <[Statement; 1]>::try_from(statements).ok()?;
        Some(Check {
            cell: cell.id.clone(),
            of: cell.of.clone(),
            phase: cell.phase.clone(),
            digest: Digest::of_sql(self.dialect, [statement.shown.as_str()]),
            statement,
            expect: cell.expect.clone(),
            when: cell.when,
            until: cell.until.clone(),
            limits: Limits {
                lock_timeout: None,
                statement_timeout: cell.options.timeout.or(self.document.front.defaults.statement_timeout),
            },
            output: output_rows(&cell.options),
            raw: rendered.raw,
        })
    }

    fn render(&mut self, cell: &Cell, batch: Option<&str>) -> Option<Rendered> {
        let source = &self.document.source;
        match template::render_cell(source, cell.body, self.dialect, self.values, batch) {
            Ok(rendered) => Some(rendered),
            Err(error) => {
                let mut finding =
                    Diagnostic::error("render", source, error.span(), error.to_string()).cell(&cell.id);
                finding.help = error.help().map(str::to_owned);
                self.diagnostics.push(finding);
                None
            }
        }
    }

    fn statements(&mut self, cell: &Cell, rendered: &Rendered) -> Option<Vec<Statement>> {
        let source = &self.document.source;
        let split = dialect::split(self.dialect, &rendered.sql);
        for fault in &split.faults {
            let span = rendered.provenance.to_source(fault.span);
            self.diagnostics
                .push(Diagnostic::error("sql-syntax", source, span, fault.kind.to_string()).cell(&cell.id));
        }
        if !split.faults.is_empty() {
            return None;
        }
        if split.statements.is_empty() {
            let finding = Diagnostic::error("empty-cell", source, cell.info, "the cell holds no statement")
                .help("write the SQL, or take the braces away to make it documentation")
                .cell(&cell.id);
            self.diagnostics.push(finding);
            return None;
        }
        let made = split.statements.iter().map(|span| {
            let sql = &rendered.sql[span.start..span.end];
            let origin = rendered.provenance.to_source(*span);
            let facts = match cell.role {
                // The database keeps it from doing more than read.
                Role::Verify => dialect::classify(self.dialect, sql),
                Role::Forward | Role::Rollback => self.sequence.classify(sql),
            };
            Statement {
                sql: sql.to_owned(),
                shown: hide(sql, *span, &rendered.secret),
                limits: self.limits(cell, &facts),
                alone: alone(&cell.options, &facts),
                facts,
                line: source.position(origin.start).line,
                span: origin,
                provenance: rendered.provenance.part(*span),
                hole: None,
            }
        });
        Some(made.collect())
    }

    fn limits(&self, cell: &Cell, facts: &Facts) -> Limits {
        let (options, defaults) = (&cell.options, &self.document.front.defaults);
        let own = facts.waiting().limits(self.dialect);
        if facts.waiting() == Waiting::Patient {
            // Whatever the runbook says of statements in general is not meant for a build of hours.
            return Limits { statement_timeout: options.timeout, ..own };
        }
        Limits {
            lock_timeout: options.lock_timeout.or(defaults.lock_timeout).or(own.lock_timeout),
            statement_timeout: options.timeout.or(defaults.statement_timeout).or(own.statement_timeout),
        }
    }

    fn backfill(&mut self, cell: &Cell, batch: &Batch) -> Option<Backfill> {
        let before = self.diagnostics.len();
        let names = [("table", Some(&batch.table)), ("table", batch.alias.as_ref())]
            .into_iter()
            .chain(batch.key.iter().map(|key| ("column", Some(key))));
        for (what, name) in names.filter_map(|(what, name)| Some((what, name?))) {
            if !is_name(self.dialect, name, what == "table") {
                let message = format!("`{name}` is not the name of a {what}");
                let finding = Diagnostic::error("batch-name", &self.document.source, cell.info, message)
                    .help("write the name as it stands in SQL, quoted where SQL needs it")
                    .cell(&cell.id);
                self.diagnostics.push(finding);
            }
        }
        let pacing = match &batch.size {
            Size::Fixed(Amount::Fixed(size)) => Some(Pacing::Fixed(*size)),
            Size::Fixed(Amount::Param(name)) => self.batch_size(cell, name).map(Pacing::Fixed),
            Size::Adaptive { target, min, max } => {
                Some(Pacing::Adaptive { target: *target, min: *min, max: *max })
            }
        };
        let backfill = Backfill {
            table: batch.table.clone(),
            alias: batch.alias.clone(),
            key: batch.key.clone(),
            order: batch.order,
            pacing: pacing?,
            pause: batch.pause,
            on_error: batch.on_error,
            throttle: batch.throttle.on(self.dialect),
        };
        (self.diagnostics.len() == before).then_some(backfill)
    }

    fn batch_size(&mut self, cell: &Cell, param: &str) -> Option<u64> {
        let size = self.values.get(param).and_then(serde_json::Value::as_u64).filter(|size| *size > 0);
        if size.is_none() {
            let message = format!("parameter `{param}` is no batch size");
            let finding = Diagnostic::error("batch-size", &self.document.source, cell.info, message)
                .help("a batch size is an integer of at least 1")
                .cell(&cell.id);
            self.diagnostics.push(finding);
        }
        size
    }
}

/// Whether a text is a name in SQL, and nothing else; `dots`: it may be qualified.
fn is_name(dialect: Dialect, text: &str, dots: bool) -> bool {
    let tokens = dialect::lex(dialect, text);
    let plain = tokens.iter().enumerate().all(|(i, token)| match token.kind {
        TokenKind::Word | TokenKind::QuotedIdent => i % 2 == 0,
        TokenKind::Punct => dots && i % 2 == 1 && &text[token.span.start..token.span.end] == ".",
        _ => false,
    });
    plain && tokens.len() % 2 == 1
}

/// Where `part` stands in `text`, if that is in exactly one place.
fn only(text: &str, part: &str) -> Option<Span> {
    let at = text.find(part)?;
    (!text[at + 1..].contains(part)).then(|| Span::new(at, at + part.len()))
}

/// Whether no transaction holds the statement.
fn alone(options: &Options, facts: &Facts) -> bool {
    options.tx == Some(Tx::None)
        || matches!(facts.transactional, Transactional::Never(_) | Transactional::Commits(_))
}

fn output_rows(options: &Options) -> u64 {
    match options.output {
        None => DEFAULT_OUTPUT,
        Some(OutputLimit::None) => 0,
        Some(OutputLimit::Rows(rows)) => rows,
    }
}

/// The statement with the places that hold secrets blotted out.
fn hide(sql: &str, span: Span, secrets: &[Span]) -> String {
    let mut shown = String::with_capacity(sql.len());
    let mut at = 0;
    for secret in secrets.iter().filter(|s| s.start >= span.start && s.end <= span.end) {
        shown.push_str(&sql[at..secret.start - span.start]);
        shown.push_str("'(secret)'");
        at = secret.end - span.start;
    }
    shown.push_str(&sql[at..]);
    shown
}

fn plan_digest(steps: &[Step], phases: &[Phase]) -> Digest {
    let mut parts: Vec<String> = Vec::new();
    let check = |made: &Check| format!("{} {} {:?} {:?}", made.cell, made.digest, made.expect, made.when);
    for phase in phases {
        parts.push(format!("phase {} hold {:?}", phase.name, phase.hold));
        parts.extend(phase.before.iter().chain(&phase.after).map(check));
    }
    for step in steps {
        parts.push(format!("step {} {:?}", step.id, step.irreversible));
        for action in std::iter::once(&step.forward).chain(&step.rollback) {
            parts.push(format!(
                "{} {} {} {:?} {}",
                action.cell,
                action.digest,
                unit_text(&action.unit),
                action.statements.iter().map(|statement| statement.alone).collect::<Vec<_>>(),
                action.gate.is_some()
            ));
        }
        parts.extend(step.before.iter().chain(&step.after).map(check));
    }
    Digest::of_parts(parts.iter().map(String::as_str))
}

/// What the digest holds of a unit: nothing of where it is written.
fn unit_text(unit: &Unit) -> String {
    match unit {
        Unit::Batch(backfill) => {
            let Backfill { table, alias, key, order, pacing, pause, on_error, throttle } = &**backfill;
            let limits = throttle.shown();
            format!("Batch {table} {alias:?} {key:?} {order:?} {pacing:?} {pause:?} {on_error:?} {limits:?}")
        }
        unit => format!("{unit:?}"),
    }
}

/// How a duration is written in front matter and options.
pub(crate) fn show_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 => "0".to_owned(),
        _ if millis.is_multiple_of(3_600_000) => format!("{}h", millis / 3_600_000),
        _ if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1_000) => format!("{}s", millis / 1_000),
        _ => format!("{millis}ms"),
    }
}
