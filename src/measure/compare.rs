//! Where measurement and prediction part.

use crate::backend::measure::{InTransaction, Measured, Reading, Relation};
use crate::dialect::{Blocks, Dialect, Facts, Transactional, lock_modes};

/// What is predicted of a statement and can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    Locks,
    Rewrites,
    Scans,
    BuildsIndex,
    Transaction,
}

/// One aspect of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub aspect: Aspect,
    /// In a few words; None where the text leaves it open.
    pub predicted: Option<String>,
    /// In a few words, or why it was not measured.
    pub measured: Reading<String>,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Agrees,
    /// The text leaves it open.
    Answered,
    NotMeasured,
    /// The server did more than was predicted, as sentences without their subject.
    TooWeak(Vec<String>),
    /// The server did less.
    TooStrong(Vec<String>),
}

/// Every aspect of a statement, in a fixed order.
pub fn compare(dialect: Dialect, facts: &Facts, measured: &Measured) -> Vec<Comparison> {
    vec![
        locks(dialect, facts, &measured.locks),
        done(Aspect::Rewrites, facts.rewrites, &measured.rewritten, "writes", "anew", "rewrite"),
        done(Aspect::Scans, facts.scans, &measured.scanned, "reads all of", "", "scan"),
        done(Aspect::BuildsIndex, facts.builds_index, &measured.indexes, "builds", "", "index build"),
        transaction(facts, &measured.transaction),
    ]
}

/// Something that a statement does to tables or indexes, or does not.
fn done(
    aspect: Aspect,
    predicted: Option<bool>,
    measured: &Reading<Vec<String>>,
    does: &str,
    how: &str,
    noun: &str,
) -> Comparison {
    let sentence = |names: &[String]| format!("{does} {} {how}", quoted(names)).trim_end().to_owned();
    let verdict = match (predicted, measured) {
        (_, Err(_)) => Verdict::NotMeasured,
        (None, Ok(_)) => Verdict::Answered,
        (Some(false), Ok(names)) if !names.is_empty() => {
            Verdict::TooWeak(vec![format!("{}, and no {noun} was predicted", sentence(names))])
        }
        (Some(true), Ok(names)) if names.is_empty() => {
            Verdict::TooStrong(vec![format!("does no {noun}, which was predicted")])
        }
        _ => Verdict::Agrees,
    };
    Comparison {
        aspect,
        predicted: predicted.map(|yes| if yes { "yes" } else { "no" }.to_owned()),
        measured: measured
            .clone()
            .map(|names| if names.is_empty() { "no".to_owned() } else { names.join(", ") }),
        verdict,
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn transaction(facts: &Facts, measured: &Reading<InTransaction>) -> Comparison {
    let predicted = match facts.transactional {
        Transactional::Yes => "yes",
        Transactional::Never(_) => "refused",
        Transactional::Commits(_) => "commits",
        Transactional::Control => "ends it",
    };
    let said = |measured: &InTransaction| match measured {
        InTransaction::Held => "yes",
        InTransaction::Refused(_) => "refused",
        InTransaction::Committed => "commits",
    };
    let verdict = match (facts.transactional, measured) {
        (_, Err(_)) => Verdict::NotMeasured,
        (Transactional::Yes, Ok(InTransaction::Refused(message))) => Verdict::TooWeak(vec![format!(
            "is refused in a transaction ({message}), and was predicted to run in one"
        )]),
        (Transactional::Yes, Ok(InTransaction::Committed)) => Verdict::TooWeak(vec![
            "commits the transaction that it is sent in, and was predicted to run in one".to_owned(),
        ]),
        (Transactional::Never(_) | Transactional::Commits(_), Ok(InTransaction::Held)) => {
            Verdict::TooStrong(vec!["runs in a transaction, which was predicted to be impossible".to_owned()])
        }
        _ => Verdict::Agrees,
    };
    Comparison {
        aspect: Aspect::Transaction,
        predicted: Some(predicted.to_owned()),
        measured: measured.as_ref().map(|measured| said(measured).to_owned()).map_err(Clone::clone),
        verdict,
    }
}

fn locks(dialect: Dialect, facts: &Facts, measured: &Reading<Vec<Relation>>) -> Comparison {
    let modes = Modes(lock_modes(dialect));
    let predicted: Vec<String> =
        facts.locks.iter().map(|lock| format!("{} {}", lock.mode, lock.object)).collect();
    let is_open = facts.blocks.is_none() || (facts.locks.is_empty() && facts.blocks != Some(Blocks::Nothing));
    let (measured, verdict) = match measured {
        Err(why) => (Err(why.clone()), Verdict::NotMeasured),
        Ok(relations) => (Ok(modes.shown(facts, relations)), modes.verdict(facts, relations, is_open)),
    };
    Comparison {
        aspect: Aspect::Locks,
        predicted: match predicted.is_empty() {
            true => (!is_open).then(|| "none".to_owned()),
            false => Some(predicted.join(", ")),
        },
        measured,
        verdict,
    }
}

/// An engine's lock modes, weakest first.
struct Modes(Vec<(&'static str, Blocks)>);

impl Modes {
    fn strength(&self, mode: &str) -> Option<usize> {
        self.0.iter().position(|(name, _)| *name == mode)
    }

    fn blocks(&self, mode: &str) -> Blocks {
        self.strength(mode).map_or(Blocks::Everything, |at| self.0[at].1)
    }

    /// What is worth telling: locks that were predicted, and those that keep others waiting. Who reads a table
    /// opens its indexes, so that their locks count where they are the stronger ones.
    fn shown(&self, facts: &Facts, relations: &[Relation]) -> String {
        let mut told: Vec<(std::cmp::Reverse<Option<usize>>, String)> = Vec::new();
        for relation in relations {
            let Some(mode) = relation.lock else { continue };
            let is_predicted = facts.locks.iter().any(|lock| relation.is_named(&lock.object));
            if is_predicted
                || (self.blocks(mode) != Blocks::Nothing && !self.is_under(relation, mode, relations))
            {
                told.push((std::cmp::Reverse(self.strength(mode)), format!("{mode} {}", relation.name)));
            }
        }
        told.sort();
        match told.is_empty() {
            true => "none".to_owned(),
            false => told.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", "),
        }
    }

    /// Whether this is the lock of an index whose table has as strong a one.
    fn is_under(&self, relation: &Relation, mode: &str, relations: &[Relation]) -> bool {
        let table = relations.iter().find(|table| relation.part_of.contains(&table.full));
        let of_table = table.and_then(|table| table.lock).and_then(|mode| self.strength(mode));
        relation.is_index && of_table >= self.strength(mode)
    }

    fn verdict(&self, facts: &Facts, relations: &[Relation], is_open: bool) -> Verdict {
        if is_open {
            return Verdict::Answered;
        }
        let weak: Vec<String> =
            relations.iter().filter_map(|relation| self.too_weak(facts, relation, relations)).collect();
        if !weak.is_empty() {
            return Verdict::TooWeak(weak);
        }
        let strong: Vec<String> =
            relations.iter().filter_map(|relation| self.too_strong(facts, relation)).collect();
        if strong.is_empty() { Verdict::Agrees } else { Verdict::TooStrong(strong) }
    }

    fn too_weak(&self, facts: &Facts, relation: &Relation, relations: &[Relation]) -> Option<String> {
        let mode = relation.lock?;
        let keeps = self.blocks(mode);
        if relation.is_index {
            let is_weaker = rank(keeps) > facts.blocks.map_or(usize::MAX, rank);
            return (is_weaker && !self.is_under(relation, mode, relations))
                .then(|| format!("takes {mode} on index `{}`, which was not predicted", relation.name));
        }
        let covers = |object: &str| {
            let is_part = relations.iter().any(|other| {
                other.is_named(object)
                    && (relation.part_of.contains(&other.full)
                        || (other.is_index && other.part_of.contains(&relation.full)))
            });
            relation.is_named(object) || is_part
        };
        let predicted = facts
            .locks
            .iter()
            .filter(|lock| covers(&lock.object))
            .max_by_key(|lock| self.strength(lock.mode));
        match predicted {
            Some(lock) if self.strength(lock.mode) >= self.strength(mode) => None,
            Some(lock) => {
                Some(format!("takes {mode} on `{}`, and {} was predicted", relation.name, lock.mode))
            }
            None if keeps == Blocks::Nothing => None,
            None => Some(format!("takes {mode} on `{}`, which was not predicted", relation.name)),
        }
    }

    fn too_strong(&self, facts: &Facts, relation: &Relation) -> Option<String> {
        let lock = facts.locks.iter().find(|lock| relation.is_named(&lock.object))?;
        let measured = relation.lock.and_then(|mode| self.strength(mode));
        (measured < self.strength(lock.mode)).then(|| match relation.lock {
            Some(mode) => format!("takes {mode} on `{}`, and {} was predicted", relation.name, lock.mode),
            None => format!("takes no lock on `{}`, and {} was predicted", relation.name, lock.mode),
        })
    }
}

fn rank(blocks: Blocks) -> usize {
    match blocks {
        Blocks::Nothing => 0,
        Blocks::Writes => 1,
        Blocks::Everything => 2,
    }
}
