//! What cells say of each other: ids, steps, phases, order, expected tables.
//!
//! A draft that is not sound is never blamed again and never becomes a cell; where it might have been
//! what a neighbour is missing, the neighbour is not blamed either.

use std::collections::{HashMap, HashSet};

use super::cell::{Draft, Named};
use super::expectation::Expectation;
use super::findings::Findings;
use super::header::Header;
use super::slug::suggest;
use super::{Cell, Expect, Role};
use crate::diagnostics::Diagnostic;

/// Makes cells of the sound drafts that fit together.
pub fn pair(
    mut drafts: Vec<Draft>,
    tables: Vec<Expectation>,
    header: &Header,
    findings: &mut Findings,
) -> Vec<Cell> {
    let phases = header.knows_phases.then_some(header.front.phases.as_slice());
    let steps = steps(&drafts);
    if let Some(phases) = phases {
        check_phases(&mut drafts, phases, findings);
        check_order(&mut drafts, phases, findings);
    }
    check_given_ids(&mut drafts, &header.front.phases, findings);
    check_steps(&mut drafts, &steps, findings);
    check_until(&mut drafts, &steps, phases, findings);
    check_way_back(&mut drafts, findings);
    check_holds(&drafts, header, findings);
    let ids = derive_ids(&mut drafts, findings);
    let mut answers = assign_tables(&mut drafts, tables, &ids, findings);
    let numbered = drafts.into_iter().zip(ids).enumerate();
    numbered.filter_map(|(index, (draft, id))| cell(draft, id?, answers.remove(&index))).collect()
}

fn cell(draft: Draft, id: String, table: Option<Vec<Vec<String>>>) -> Option<Cell> {
    if !draft.sound {
        return None;
    }
    Some(Cell {
        id,
        role: draft.role?,
        phase: draft.phase?.0,
        of: draft.of.map(|(of, _)| of),
        destructive: draft.destructive,
        expect: table.map_or(draft.expect, Expect::Table),
        when: draft.when,
        until: draft.until.map(|(until, _)| until),
        options: draft.options,
        fence: draft.fence,
        info: draft.info,
        body: draft.body,
    })
}

/// The forward cells, by id; the first one where an id is there twice.
struct Steps {
    index: HashMap<String, usize>,
    /// False where a forward cell may be there whose id could not be read.
    complete: bool,
}

fn steps(drafts: &[Draft]) -> Steps {
    let mut index = HashMap::new();
    let mut complete = true;
    for (at, draft) in drafts.iter().enumerate() {
        let may_be_forward = matches!(draft.role, Some(Role::Forward) | None);
        match &draft.id {
            Some((id, _)) if may_be_forward => {
                index.entry(id.clone()).or_insert(at);
            }
            None if may_be_forward => complete = false,
            _ => {}
        }
    }
    Steps { index, complete }
}

/// Reports `diagnostic` about a draft, which is then no cell.
fn reject(draft: &mut Draft, diagnostic: Diagnostic, findings: &mut Findings) {
    draft.sound = false;
    findings.push(match &draft.id {
        Some((id, _)) => diagnostic.cell(id.clone()),
        None => diagnostic,
    });
}

fn check_phases(drafts: &mut [Draft], phases: &[String], findings: &mut Findings) {
    for draft in drafts.iter_mut().filter(|draft| draft.sound) {
        let Some((phase, span)) = draft.phase.clone().filter(|(phase, _)| !phases.contains(phase)) else {
            continue;
        };
        let diagnostic = findings
            .error("unknown-phase", span, format!("there is no phase `{phase}`"))
            .help(suggest(&phase, phases.iter().map(String::as_str)));
        reject(draft, diagnostic, findings);
    }
}

fn check_order(drafts: &mut [Draft], phases: &[String], findings: &mut Findings) {
    let mut furthest: Option<(usize, String)> = None;
    for draft in drafts.iter_mut().filter(|draft| draft.role == Some(Role::Forward)) {
        let Some((phase, span)) = draft.phase.clone() else { continue };
        let Some(position) = phases.iter().position(|known| *known == phase) else { continue };
        match &furthest {
            Some((before, id)) if *before > position && draft.sound => {
                let diagnostic = findings
                    .error(
                        "phase-order",
                        span,
                        format!("a step of phase `{phase}` stands after `{}`", phases[*before]),
                    )
                    .label(format!("`{id}` is of the later phase"))
                    .note("document order is execution order")
                    .help(format!("move the cell up to the others of phase `{phase}`"));
                reject(draft, diagnostic, findings);
            }
            Some((before, _)) if *before >= position => {}
            _ => {
                let id = draft.id.as_ref().map_or_else(String::new, |(id, _)| id.clone());
                furthest = Some((position, id));
            }
        }
    }
}

fn check_given_ids(drafts: &mut [Draft], phases: &[String], findings: &mut Findings) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for draft in drafts.iter_mut() {
        let Some((id, span)) = draft.id.clone() else { continue };
        let line = findings.source.position(span.start).line;
        if let Some(first) = seen.get(&id).filter(|_| draft.sound) {
            let diagnostic = findings
                .error("duplicate-id", span, format!("cell id `{id}` is given twice"))
                .label(format!("first given on line {first}"))
                .help("give this cell another id");
            reject(draft, diagnostic, findings);
            continue;
        }
        if phases.contains(&id) && draft.sound {
            let diagnostic = findings
                .error("id-is-phase", span, format!("`{id}` is the name of a phase"))
                .note("`--to` and `--until` take a step or a phase")
                .help("give the cell another id");
            reject(draft, diagnostic, findings);
        }
        seen.entry(id).or_insert(line);
    }
}

fn check_steps(drafts: &mut [Draft], steps: &Steps, findings: &mut Findings) {
    let roles: HashMap<String, Role> =
        drafts.iter().filter_map(|draft| Some((draft.id.clone()?.0, draft.role?))).collect();
    let phases: HashMap<String, Named> =
        steps.index.iter().filter_map(|(id, at)| Some((id.clone(), drafts[*at].phase.clone()?))).collect();
    for draft in drafts.iter_mut().filter(|draft| draft.sound && draft.role != Some(Role::Forward)) {
        let Some((of, span)) = draft.of.clone() else { continue };
        if !steps.index.contains_key(&of) {
            let other = roles.get(&of).filter(|role| **role != Role::Forward);
            if !steps.complete && other.is_none() {
                continue;
            }
            let diagnostic = match other {
                Some(role) => findings
                    .error("of-not-forward", span, format!("`{of}` is a {} cell", role.name()))
                    .help("name the forward cell of the step"),
                None => findings
                    .error("dangling-of", span, format!("there is no forward cell `{of}`"))
                    .help(suggest_step(&of, steps)),
            };
            reject(draft, diagnostic, findings);
            continue;
        }
        let (Some((phase, at)), Some((expected, _))) = (draft.phase.clone(), phases.get(&of)) else {
            continue;
        };
        if phase != *expected {
            let diagnostic = findings
                .error(
                    "phase-mismatch",
                    at,
                    format!("the cell is of phase `{phase}`, and `{of}` of `{expected}`"),
                )
                .help(format!("write `phase={expected}`"));
            reject(draft, diagnostic, findings);
        }
    }
}

fn suggest_step(typed: &str, steps: &Steps) -> String {
    let mut names: Vec<&str> = steps.index.keys().map(String::as_str).collect();
    names.sort_unstable();
    match names.is_empty() {
        true => format!("write the forward cell, with `id={typed}`"),
        false => suggest(typed, names),
    }
}

fn check_until(drafts: &mut [Draft], steps: &Steps, phases: Option<&[String]>, findings: &mut Findings) {
    let Some(phases) = phases.filter(|_| steps.complete) else { return };
    for draft in drafts.iter_mut().filter(|draft| draft.sound && draft.role == Some(Role::Verify)) {
        let Some((until, span)) = draft.until.clone() else { continue };
        if phases.contains(&until) || steps.index.contains_key(&until) {
            continue;
        }
        let mut names: Vec<&str> = steps.index.keys().map(String::as_str).collect();
        names.sort_unstable();
        let names = phases.iter().map(String::as_str).chain(names);
        let diagnostic = findings
            .error("unknown-until", span, format!("there is no step or phase `{until}`"))
            .help(suggest(&until, names));
        reject(draft, diagnostic, findings);
    }
}

/// A forward cell has a rollback cell or says why not: one of the two.
fn check_way_back(drafts: &mut [Draft], findings: &mut Findings) {
    let mut undone: HashSet<String> = HashSet::new();
    let mut uncertain = false;
    for draft in drafts.iter() {
        match (draft.role, &draft.of) {
            (Some(Role::Rollback) | None, Some((of, _))) => {
                undone.insert(of.clone());
            }
            (Some(Role::Rollback), None) => uncertain = true,
            (None, None) => uncertain |= draft.id.is_none(),
            _ => {}
        }
    }
    for draft in drafts.iter_mut().filter(|draft| draft.role == Some(Role::Forward) && draft.sound) {
        let Some((id, _)) = draft.id.clone() else { continue };
        let has_rollback = undone.contains(&id);
        if has_rollback && let Some(span) = draft.irreversible {
            let diagnostic = findings
                .error(
                    "rollback-and-irreversible",
                    span,
                    format!("`{id}` is irreversible and has a rollback cell"),
                )
                .help("remove one of the two");
            reject(draft, diagnostic, findings);
        } else if !has_rollback && draft.irreversible.is_none() && !uncertain {
            let diagnostic = findings
                .error("missing-rollback", draft.info, format!("`{id}` has no way back"))
                .help(format!(
                    "add a cell with `of={id} role=rollback`, or the line `--| irreversible: <why>` at its top"
                ));
            reject(draft, diagnostic, findings);
        }
    }
}

fn check_holds(drafts: &[Draft], header: &Header, findings: &mut Findings) {
    // A cell whose phase could not be read may be of any.
    if !header.knows_phases || drafts.iter().any(|draft| draft.phase.is_none()) {
        return;
    }
    let used: HashSet<&str> =
        drafts.iter().filter_map(|draft| draft.phase.as_ref().map(|(phase, _)| phase.as_str())).collect();
    for hold in header.front.holds.iter().filter(|hold| !used.contains(hold.before.as_str())) {
        findings.push(
            findings
                .error(
                    "hold-without-cells",
                    hold.span,
                    format!("phase `{}` has no cells to hold", hold.before),
                )
                .help("remove the hold, or write the cells of the phase"),
        );
    }
}

/// The id of each draft. A given id that is also a derived one is an error.
fn derive_ids(drafts: &mut [Draft], findings: &mut Findings) -> Vec<Option<String>> {
    let mut series: HashMap<String, usize> = HashMap::new();
    let mut derived: HashMap<String, usize> = HashMap::new();
    let mut ids = Vec::with_capacity(drafts.len());
    for draft in drafts.iter() {
        let base = match (draft.role, &draft.of, &draft.phase) {
            (Some(Role::Rollback), Some((of, _)), _) => Some(format!("{of}.rollback")),
            (Some(Role::Verify), Some((of, _)), _) => Some(format!("{of}.verify")),
            (Some(Role::Verify), None, Some((phase, _))) => Some(format!("{phase}.verify")),
            _ => None,
        };
        // A cell with an id of its own counts too, so that naming one does not rename the others.
        let own = base.map(|base| {
            let count = series.entry(base.clone()).or_insert(0);
            *count += 1;
            if *count == 1 { base } else { format!("{base}-{count}") }
        });
        let given = draft.id.as_ref().map(|(id, _)| id.clone());
        if let (None, Some(own)) = (&given, &own) {
            derived.insert(own.clone(), findings.source.position(draft.info.start).line);
        }
        ids.push(given.or(own));
    }
    for draft in drafts.iter_mut() {
        let Some((id, span)) = draft.id.clone() else { continue };
        let Some(line) = derived.get(&id).filter(|_| draft.sound) else { continue };
        let diagnostic = findings
            .error("duplicate-id", span, format!("cell id `{id}` is already that of another cell"))
            .label(format!("derived for the cell on line {line}"))
            .help("give this cell another id");
        reject(draft, diagnostic, findings);
    }
    ids
}

fn assign_tables(
    drafts: &mut [Draft],
    tables: Vec<Expectation>,
    ids: &[Option<String>],
    findings: &mut Findings,
) -> HashMap<usize, Vec<Vec<String>>> {
    let mut answers = HashMap::new();
    if tables.is_empty() {
        return answers;
    }
    let index: HashMap<&str, usize> =
        ids.iter().enumerate().rev().filter_map(|(at, id)| Some((id.as_deref()?, at))).collect();
    for expectation in tables {
        let Some((name, span)) = expectation.cell else { continue };
        let Some(at) = index.get(name.as_str()).copied() else {
            if ids.iter().all(Option::is_some) {
                let mut known: Vec<&str> = verify_ids(drafts, ids).collect();
                known.sort_unstable();
                let help = match known.is_empty() {
                    true => "write the verify cell that it is for".to_owned(),
                    false => suggest(&name, known),
                };
                findings.push(
                    findings
                        .error("dangling-expect", span, format!("there is no verify cell `{name}`"))
                        .help(help),
                );
            }
            continue;
        };
        let problem = expectation_problem(&drafts[at], &name, answers.contains_key(&at));
        if let Some((rule, message, help)) = problem {
            findings.push(findings.error(rule, span, message).help(help).cell(name));
            drafts[at].sound &= rule == "dangling-expect";
            continue;
        }
        match expectation.table {
            Some(table) => drop(answers.insert(at, table)),
            // Without its table the cell would expect no rows at all.
            None => drafts[at].sound = false,
        }
    }
    answers
}

fn verify_ids<'a>(drafts: &'a [Draft], ids: &'a [Option<String>]) -> impl Iterator<Item = &'a str> {
    drafts
        .iter()
        .zip(ids)
        .filter(|(draft, _)| draft.role == Some(Role::Verify))
        .filter_map(|(_, id)| id.as_deref())
}

fn expectation_problem(
    draft: &Draft,
    name: &str,
    has_table: bool,
) -> Option<(&'static str, String, &'static str)> {
    match draft.role {
        Some(Role::Verify) => {}
        Some(role) => {
            let message = format!("`{name}` is a {} cell, which expects nothing", role.name());
            return Some(("dangling-expect", message, "name a verify cell"));
        }
        None => return None,
    }
    if has_table {
        let message = format!("`{name}` already has an expected table");
        return Some(("duplicate-expect", message, "remove one of the two"));
    }
    draft.expect_given.then(|| {
        let message = format!("`{name}` already says what it expects in its info string");
        ("duplicate-expect", message, "remove `expect=` there, or this table")
    })
}
