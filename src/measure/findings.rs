//! Disagreements, and what was not measured, as findings.

use super::{Outcome, Traced, Verdict};
use crate::diagnostics::{Diagnostic, Diagnostics, Level};
use crate::document::Document;
use crate::plan::Plan;
use crate::rules::{Levels, NOT_MEASURED, PREDICTION_TOO_STRONG, PREDICTION_TOO_WEAK, Rule};
use crate::source::Span;

/// Findings of one statement, but for what its cell allows.
pub fn findings(document: &Document, plan: &Plan, traced: &Traced<'_>, levels: &Levels) -> Diagnostics {
    let allowed = document.cell(&traced.action.cell).map_or(&[][..], |cell| &cell.options.allow[..]);
    let sql = &traced.statement.sql;
    let first_line = Span::new(0, sql.find('\n').unwrap_or(sql.len()));
    let at = |rule: &Rule, span: Span, said: &str| {
        let level = levels.of(rule).filter(|_| allowed.iter().all(|allow| allow.rule != rule.id))?;
        let place = traced.statement.provenance.to_source(span);
        let mut finding = rule.at(&plan.source, place, format!("this {}", plan.redact(said)));
        finding.level = level;
        Some(finding.cell(&traced.action.cell).statement(traced.number))
    };
    match &traced.outcome {
        Outcome::Left(why) => at(&NOT_MEASURED, first_line, &format!("was not measured: {why}"))
            .map(|mut finding| {
                finding.level = finding.level.max(Level::Note);
                finding.help("`rollbook plan` has what is predicted of it")
            })
            .into_iter()
            .collect(),
        Outcome::Refused(refusal) => {
            let said = format!("was refused by the scratch database: {refusal}");
            let refused = refusal.offset.filter(|_| traced.statement.hole.is_none());
            let span = refused.and_then(|at| word(sql, at)).unwrap_or(first_line);
            at(&NOT_MEASURED, span, &said)
                .map(|finding| refused_help(finding, refusal.detail.as_deref()))
                .into_iter()
                .collect()
        }
        Outcome::Measured(comparisons) => comparisons
            .iter()
            .flat_map(|comparison| match &comparison.verdict {
                Verdict::TooWeak(said) => {
                    said.iter().map(|said| (&PREDICTION_TOO_WEAK, said, EXPECT)).collect()
                }
                Verdict::TooStrong(said) => {
                    said.iter().map(|said| (&PREDICTION_TOO_STRONG, said, BELIEVE)).collect()
                }
                Verdict::Agrees | Verdict::Answered | Verdict::NotMeasured => Vec::new(),
            })
            .filter_map(|(rule, said, help)| Some(at(rule, first_line, said)?.help(help)))
            .collect(),
    }
}

const EXPECT: &str = "expect it in production: find out what in the schema brings it, choose the hour and the limits by it, and \
    say so in the runbook's Safety section and in the cell: `--| allow: {prediction-too-weak: <why>}`";

const BELIEVE: &str =
    "see that the scratch database has what production has there: indexes, partitions, rows";

fn refused_help(finding: Diagnostic, detail: Option<&str>) -> Diagnostic {
    let finding = finding.help(
        "mend the statement, or put into the scratch database what it expects (schema, roles, extensions, a few rows); make \
         that database anew, since the statements before this one have run",
    );
    match detail {
        Some(detail) => finding.note(detail),
        None => finding,
    }
}

/// The word or mark at a byte of the text.
fn word(sql: &str, at: usize) -> Option<Span> {
    let rest = sql.get(at..)?;
    let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let length = length.max(rest.chars().next()?.len_utf8());
    Some(Span::new(at, at + length))
}
