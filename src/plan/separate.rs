//! Cuts a cell so that a statement which no transaction holds stands alone in its own.
//!
//! A step that is cut becomes several. The last one keeps the id, so that what is verified after the step
//! is verified after all of it, and each takes the part of the rollback that undoes it. Where it is not
//! plain from the objects which part that is, nothing is cut: an author has to say.

use std::ops::Range;

use super::model::{Action, Statement, Step};
use crate::diagnostics::Fix;
use crate::dialect::{self, Action as Effect, Dialect, Object, TokenKind, Transactional};
use crate::document::{Cell, Document, Expect, Role, When};
use crate::source::Span;

/// The cut of `cell`, which is the step's forward cell or one of its rollback cells.
pub(super) fn fix(document: &Document, dialect: Dialect, step: &Step, cell: &str) -> Option<Fix> {
    let title = "give what runs in no transaction a cell of its own";
    if step.forward.cell == cell {
        return cut_step(document, dialect, step, Fix::new(title));
    }
    let action = step.rollback.iter().find(|action| action.cell == cell)?;
    let knife = Knife::new(document, dialect, action)?;
    let parts = portions(&action.statements, 0..action.statements.len());
    let infos = parts.iter().enumerate().map(|(n, _)| knife.info(&[], n > 0)).collect::<Vec<_>>();
    knife.cut(Fix::new(title), &parts, &infos, |_| String::new())
}

fn cut_step(document: &Document, dialect: Dialect, step: &Step, fix: Fix) -> Option<Fix> {
    let forward = Knife::new(document, dialect, &step.forward)?;
    let statements = &step.forward.statements;
    let parts = portions(statements, 0..statements.len());
    let ids = ids(document, &step.id, parts.len())?;
    let infos: Vec<String> = ids.iter().map(|id| forward.info(&[("id", id)], false)).collect();
    // Nothing is there to be undone of these.
    let idle = |part: &Range<usize>| {
        statements[part.clone()].iter().all(|one| matches!(one.facts.kind, "analyze" | "vacuum"))
    };
    let reason = |n: usize| match step.irreversible {
        None if idle(&parts[n]) => "--| irreversible: it changes neither rows nor definitions".to_owned(),
        _ => String::new(),
    };
    let mut fix = forward.cut(fix, &parts, &infos, reason)?;

    for cell in document.cells.iter().filter(|cell| cell.of.as_deref() == Some(&step.id)) {
        match (cell.role, cell.when) {
            (Role::Verify, _) if cell.expect == Expect::Unchanged => return None,
            (Role::Verify, When::Before) => fix = retarget(document, cell, &ids[0], fix)?,
            _ => {}
        }
    }

    let undone: Vec<usize> = (0..parts.len()).filter(|n| !idle(&parts[*n])).collect();
    if step.irreversible.is_some() {
        return Some(fix);
    }
    // What is done last is undone first: then the parts run in the order in which they ran together.
    let mut seen = Vec::new();
    for action in &step.rollback {
        let owners: Vec<usize> =
            action.statements.iter().map(|back| owner(back, statements, &parts)).collect::<Option<_>>()?;
        let knife = Knife::new(document, dialect, action)?;
        let mut cuts = Vec::new();
        let mut infos = Vec::new();
        for run in runs(&owners) {
            let id = &ids[owners[run.start]];
            seen.push(owners[run.start]);
            for part in portions(&action.statements, run) {
                infos.push(knife.info(&[("of", id)], !cuts.is_empty()));
                cuts.push(part);
            }
        }
        fix = knife.cut(fix, &cuts, &infos, |_| String::new())?;
    }
    let ordered = seen.windows(2).all(|pair| pair[0] >= pair[1]);
    (ordered && undone.iter().all(|part| seen.contains(part))).then_some(fix)
}

/// Names for the parts of a step, of which the last one keeps its own.
fn ids(document: &Document, id: &str, parts: usize) -> Option<Vec<String>> {
    let mut ids: Vec<String> = (1..parts).map(|n| format!("{id}-{n}")).collect();
    if ids.iter().any(|id| document.cell(id).is_some()) {
        return None;
    }
    ids.push(id.to_owned());
    Some(ids)
}

/// The statements that share a cell: each that no transaction holds alone, the others together.
fn portions(statements: &[Statement], within: Range<usize>) -> Vec<Range<usize>> {
    let alone = |at: usize| matches!(statements[at].facts.transactional, Transactional::Never(_));
    let mut parts: Vec<Range<usize>> = Vec::new();
    for at in within {
        match parts.last_mut() {
            Some(part) if !alone(at) && !alone(part.start) => part.end = at + 1,
            _ => parts.push(at..at + 1),
        }
    }
    parts
}

fn runs(owners: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (at, owner) in owners.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if owners[run.start] == *owner => run.end = at + 1,
            _ => runs.push(at..at + 1),
        }
    }
    runs
}

/// The one part that makes what the statement drops, or drops what it makes.
fn owner(back: &Statement, statements: &[Statement], parts: &[Range<usize>]) -> Option<usize> {
    let undoes = |a: &Object, b: &Object| {
        let opposite =
            matches!((a.action, b.action), (Effect::Drop, Effect::Create) | (Effect::Create, Effect::Drop));
        opposite && a.kind == b.kind && a.name.eq_ignore_ascii_case(&b.name)
    };
    let mut owners = (0..parts.len()).filter(|n| {
        let mut made = statements[parts[*n].clone()].iter().flat_map(|one| &one.facts.objects);
        made.any(|made| back.facts.objects.iter().any(|object| undoes(object, made)))
    });
    let one = owners.next()?;
    owners.next().is_none().then_some(one)
}

/// Gives a verify cell another step.
fn retarget(document: &Document, cell: &Cell, id: &str, fix: Fix) -> Option<Fix> {
    let place = item(document.source.slice(cell.info), "of")?.shifted(cell.info.start);
    Some(fix.and(place, format!("of={id}")))
}

/// One fence, and how its body can be cut.
struct Knife<'a> {
    document: &'a Document,
    dialect: Dialect,
    cell: &'a Cell,
    statements: &'a [Statement],
}

impl<'a> Knife<'a> {
    /// None where a template decides what stands in the cell.
    fn new(document: &'a Document, dialect: Dialect, action: &'a Action) -> Option<Self> {
        let cell = document.cell(&action.cell)?;
        let body = document.source.slice(cell.body);
        let templated = body.contains("{%") || body.contains("{#");
        (!templated).then_some(Self { document, dialect, cell, statements: &action.statements })
    }

    /// The info string with other items; a copy has no id that is not among them.
    fn info(&self, items: &[(&str, &str)], copy: bool) -> String {
        let mut info = self.document.source.slice(self.cell.info).to_owned();
        for (key, value) in items {
            if let Some(place) = item(&info, key) {
                info.replace_range(place.start..place.end, &format!("{key}={value}"));
            }
        }
        let named = items.iter().any(|(key, _)| *key == "id");
        if let Some(place) = item(&info, "id").filter(|_| copy && !named) {
            let gap = usize::from(info[place.end..].starts_with(' '));
            info.replace_range(place.start..place.end + gap, "");
        }
        info
    }

    /// Makes a cell of each part, with these info strings and one more option line each.
    fn cut(
        &self,
        mut fix: Fix,
        parts: &[Range<usize>],
        infos: &[String],
        option: impl Fn(usize) -> String,
    ) -> Option<Fix> {
        let source = &self.document.source;
        let fence = source.slice(self.cell.fence);
        let opening = fence.lines().next()?;
        let marks = &opening[..opening.len() - opening.trim_start_matches('`').len()];
        let top = self.cell.fence.start + opening.len() + 1;
        let head = source.slice(Span::new(top, self.cell.body.start));
        let with_end = |line: String| if line.is_empty() { line } else { line + "\n" };
        if infos[0] != source.slice(self.cell.info) {
            fix = fix.and(self.cell.info, infos[0].clone());
        }
        if !option(0).is_empty() {
            fix = fix.and(Span::new(top, top), with_end(option(0)));
        }
        for (n, part) in parts.iter().enumerate().skip(1) {
            let place = self.between(part.start)?;
            let fresh = source.text()[..place.start].ends_with('\n');
            let mut text = String::from(if fresh { "" } else { "\n" });
            text += &format!("{marks}\n\n{marks}{}\n", infos[n]);
            text += &with_end(option(n));
            text += head;
            fix = fix.and(place, text);
        }
        Some(fix)
    }

    /// Where the statements before `next` end: after the semicolon, and after the line if nothing but a
    /// comment is left of it. Spaces before what else is left on the line are part of the place.
    fn between(&self, next: usize) -> Option<Span> {
        let (start, end) = (self.statements[next - 1].span.end, self.statements[next].span.start);
        let gap = self.document.source.text().get(start..end)?;
        let tokens = dialect::lex(self.dialect, gap);
        let text = |token: &dialect::Token| &gap[token.span.start..token.span.end];
        let semicolon = tokens.iter().position(|token| text(token) == ";")?;
        let after = tokens[semicolon].span.end;
        let mut place = Span::new(after, after);
        for token in &tokens[semicolon + 1..] {
            match (token.kind, text(token).find('\n')) {
                (TokenKind::Space, Some(line)) => {
                    let next = token.span.start + line + 1;
                    place = Span::new(next, next);
                    break;
                }
                (TokenKind::Space, None) if token.span.start == after => place.end = token.span.end,
                (TokenKind::Space | TokenKind::Comment, None) => {}
                _ => break,
            }
        }
        Some(place.shifted(start))
    }
}

/// Where `key=value` stands in an info string of a forward or rollback cell, or the `of` of any: their
/// values hold no spaces.
fn item(info: &str, key: &str) -> Option<Span> {
    let mut at = 0;
    for word in info.split([' ', '{', '}']) {
        if word.strip_prefix(key).is_some_and(|rest| rest.starts_with('=')) {
            return Some(Span::new(at, at + word.len()));
        }
        at += word.len() + 1;
    }
    None
}
