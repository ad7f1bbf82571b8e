//! A run that was broken off, brought to its end by the program itself, as an operator does it.

use super::engines::block_on;
use super::world::World;
use crate::support::{Lab, Outcome};

/// Consents that the operator has given: they are bound to SQL and target, and hold for every case.
#[derive(Default)]
pub struct Operator {
    consents: Vec<String>,
}

impl Operator {
    pub fn consents(&self) -> impl Iterator<Item = &str> {
        self.consents.iter().map(String::as_str)
    }

    /// Types the command again, with the consents and verdicts that it asks for, until it says that all
    /// is done. What nobody but the database knows, the database is asked.
    pub fn finish(&mut self, lab: &Lab, world: &World, verb: &[&str], label: &str) {
        let mut verdicts: Vec<String> = Vec::new();
        for _ in 0..400 {
            let mut arguments = vec![verb[0], "book.md", "--db", &lab.url];
            arguments.extend(&verb[1..]);
            arguments.extend(self.consents.iter().flat_map(|consent| ["--confirm", consent]));
            arguments.extend(verdicts.iter().flat_map(|verdict| ["--resolve", verdict]));
            let end = lab.rollbook(&arguments);
            match end.code {
                0 => return check_record(lab, label),
                3 => self.consents.push(end.consent()),
                4 if end.out.contains("is still running") => {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                4 => verdicts.push(verdict(world, &end, label)),
                // The server has not noticed yet that the run before is dead.
                5 => std::thread::sleep(std::time::Duration::from_millis(20)),
                _ => panic!("{label}: the resume: {end:?}"),
            }
        }
        panic!("{label}: the resume does not come to an end");
    }
}

/// The answer to `statement N of cell … was sent and its outcome is not known`.
fn verdict(world: &World, end: &Outcome, label: &str) -> String {
    let said = format!("{}{}", end.out, end.err);
    let after = |text: &str| said.split_once(text).map(|(_, rest)| rest.to_owned());
    let statement = after("statement ").and_then(|rest| rest.split(' ').next().and_then(|n| n.parse().ok()));
    let cell = after("--resolve ").and_then(|rest| rest.split('=').next().map(str::to_owned));
    let (Some(statement), Some(cell)) = (statement, cell) else { panic!("{label}: {said}") };
    let verdict = block_on(world.truth(&cell, statement));
    format!("{cell}={}", verdict.name().replace(' ', "-"))
}

/// The newest record is what its events say.
fn check_record(lab: &Lab, label: &str) {
    let records = lab.records();
    let pages = records.iter().filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    for page in pages {
        let end = lab.rollbook(&["record", "verify", page.to_str().unwrap()]);
        assert_eq!(end.code, 0, "{label}: {end:?}");
    }
    let _ = std::fs::remove_dir_all(lab.folder.join("records"));
}
