//! What was measured on a scratch database beside what was predicted, for a terminal and for machines.

use serde_json::{Value, json};

use super::json::findings_json;
use super::plan::{NARROW, table};
use crate::diagnostics::Diagnostics;
use crate::figures::plural;
use crate::measure::{Comparison, Outcome, Traced, Verdict};
use crate::plan::Plan;

/// A runbook's statements in the order in which they ran.
pub struct Measurement<'p> {
    pub plan: &'p Plan,
    /// The database, its server and where that is.
    pub place: String,
    pub statements: Vec<Traced<'p>>,
}

/// The aspects, in the order in which `measure::compare` has them.
const ASPECTS: [&str; 5] = ["locks", "rewrites", "scans", "builds", "in a transaction"];

/// A row for each statement, and below it what the marks mean and why something was not measured.
pub fn measured_table(measurement: &Measurement<'_>, width: u16) -> String {
    let narrow = width < NARROW;
    let aspects = if narrow { &["locks", "the rest"][..] } else { &ASPECTS };
    let header: Vec<&str> = ["line", "cell", "does"].into_iter().chain(aspects.iter().copied()).collect();
    let mut rows = table(width, &header);
    let mut reasons: Vec<String> = Vec::new();
    for traced in &measurement.statements {
        let (statement, comparisons) = (traced.statement, traced.comparisons());
        let first = statement.facts.objects.first().map_or("", |object| object.name.as_str());
        let does = format!("{} {first}", statement.facts.kind.replace('_', " "));
        let mut row =
            vec![statement.line.to_string(), traced.action.cell.clone(), does.trim_end().to_owned()];
        match comparisons.split_first() {
            None => {
                let why = why_not(measurement.plan, traced);
                reasons.push(format!("{}, line {}: {why}", traced.action.cell, statement.line));
            }
            Some((locks, rest)) if narrow => {
                let rest =
                    rest.iter().zip(&ASPECTS[1..]).map(|(other, name)| format!("{name}: {}", shown(other)));
                row.extend([shown(locks), rest.collect::<Vec<_>>().join("\n")]);
            }
            Some(_) => row.extend(comparisons.iter().map(shown)),
        }
        row.resize(header.len(), "-".to_owned());
        for (comparison, aspect) in comparisons.iter().zip(ASPECTS) {
            let reason = comparison.measured.as_ref().err().map(|why| format!("{aspect}: {why}"));
            reasons.extend(reason.filter(|reason| !reasons.contains(reason)));
        }
        rows.add_row(row);
    }
    let mut text = format!("measured on {}\n{rows}\n", measurement.place);
    let has = |verdict: fn(&Verdict) -> bool| measurement.verdicts().any(verdict);
    if has(|verdict| matches!(verdict, Verdict::TooWeak(_) | Verdict::TooStrong(_))) {
        text += "! other than predicted\n";
    }
    if has(|verdict| matches!(verdict, Verdict::Answered)) {
        text += "? the text leaves it open, so that nothing was predicted\n";
    }
    for reason in reasons {
        text += &format!("- not measured: {reason}\n");
    }
    text
}

/// Several things stand under each other.
fn shown(comparison: &Comparison) -> String {
    let predicted = comparison.predicted.as_deref().unwrap_or_default();
    let text = match (&comparison.measured, &comparison.verdict) {
        (Err(_), _) => "-".to_owned(),
        (Ok(measured), Verdict::TooWeak(_) | Verdict::TooStrong(_)) => {
            format!("! {measured}\npredicted: {predicted}")
        }
        (Ok(measured), Verdict::Answered) => format!("? {measured}"),
        (Ok(measured), Verdict::Agrees | Verdict::NotMeasured) => measured.clone(),
    };
    text.replace(", ", "\n")
}

fn why_not(plan: &Plan, traced: &Traced<'_>) -> String {
    match &traced.outcome {
        Outcome::Measured(_) => String::new(),
        Outcome::Left(why) => plan.redact(why),
        Outcome::Refused(refusal) => plan.redact(&format!("the server refused it: {refusal}")),
    }
}

impl Measurement<'_> {
    fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.statements.iter().flat_map(Traced::comparisons).map(|comparison| &comparison.verdict)
    }

    /// One line: how many statements, and how many of them are as predicted.
    pub fn summary(&self) -> String {
        let measured: Vec<&[Comparison]> =
            self.statements.iter().map(Traced::comparisons).filter(|aspects| !aspects.is_empty()).collect();
        let is_other = |comparison: &Comparison| {
            matches!(comparison.verdict, Verdict::TooWeak(_) | Verdict::TooStrong(_))
        };
        let other = measured.iter().filter(|aspects| aspects.iter().any(is_other)).count();
        format!(
            "{} of {} measured on {}, {other} other than predicted; the database is left as they left it",
            measured.len(),
            plural(self.statements.len() as u64, "statement"),
            self.place,
        )
    }
}

/// `check --format json` with what was measured beside the findings.
pub fn measured_json(measurement: &Measurement<'_>, findings: &Diagnostics) -> String {
    let statements: Vec<Value> = measurement
        .statements
        .iter()
        .map(|traced| {
            json!({
                "cell": traced.action.cell,
                "role": traced.action.role,
                "statement": traced.number,
                "line": traced.statement.line,
                "outcome": match traced.outcome {
                    Outcome::Measured(_) => "measured",
                    Outcome::Left(_) => "left",
                    Outcome::Refused(_) => "refused",
                },
                "why": (!matches!(traced.outcome, Outcome::Measured(_))).then(|| why_not(measurement.plan, traced)),
                "aspects": traced.comparisons().iter().map(aspect_json).collect::<Vec<_>>(),
            })
        })
        .collect();
    json!({
        "version": 1,
        "findings": findings_json(findings),
        "measured": { "on": measurement.place, "statements": statements },
    })
    .to_string()
}

fn aspect_json(comparison: &Comparison) -> Value {
    json!({
        "aspect": comparison.aspect,
        "predicted": comparison.predicted,
        "measured": comparison.measured.as_ref().ok(),
        "why_not": comparison.measured.as_ref().err(),
        "verdict": match comparison.verdict {
            Verdict::Agrees => "agrees",
            Verdict::Answered => "answered",
            Verdict::NotMeasured => "not_measured",
            Verdict::TooWeak(_) => "too_weak",
            Verdict::TooStrong(_) => "too_strong",
        },
    })
}
