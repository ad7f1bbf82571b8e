//! The dialogue from its first question to its last.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::draft::Draft;
use super::super::error::{self, CliError};
use super::super::world::World;
use super::ask::Asking;
use super::command;
use super::preview;
use super::question::{Answer, next, with};
use crate::report::{Style, shown};
use crate::template::{Given, Library, Written};

/// What both sides agreed on.
pub struct Agreed<'a> {
    pub draft: Draft<'a>,
    pub written: Written,
    /// The command line that says the same without a question.
    pub command: String,
}

/// Asks for all that `begun` leaves open. Esc takes the last answer back; before the first one it ends the
/// dialogue, as Ctrl-C does anywhere. `params` is the file that values come from, for the command line.
pub fn hold<'a>(
    library: &'a Library,
    begun: Draft<'a>,
    world: &World,
    params: Option<&Path>,
    into_file: bool,
    style: Style,
) -> Result<Agreed<'a>, CliError> {
    let mut answers: Vec<Answer<'a>> = Vec::new();
    let mut looked_up = BTreeMap::new();
    loop {
        let draft = answers.iter().fold(begun.clone(), with);
        let filled = draft.filled(world)?;
        tell(&draft, &filled, &mut looked_up);
        let approved = answers.iter().find_map(|answer| match answer {
            Answer::Approved(written) => Some(written),
            _ => None,
        });
        let asking = Asking { library, draft: &draft, filled: &filled, world, style };
        let answer = match (next(&draft, &filled), approved) {
            (Some(question), _) => asking.put(question)?,
            (None, None) => match draft.render(&filled) {
                Ok(written) => {
                    preview::show(&written, &draft, into_file, style)?.map(|()| Answer::Approved(written))
                }
                Err(error) if answers.is_empty() => return Err(error.told(style)),
                // The values cannot become a runbook together: the last one is asked again.
                Err(why) => {
                    error::tell(&why.told(style), style);
                    None
                }
            },
            (None, Some(written)) if into_file && draft.output.is_none() => asking.file(&written.id)?,
            (None, Some(written)) => {
                let command = command::line(&draft, params);
                return Ok(Agreed { command, written: written.clone(), draft });
            }
        };
        match answer {
            Some(answer) => answers.push(answer),
            None => {
                answers.pop().ok_or(CliError::Interrupted)?;
            }
        }
    }
}

/// Says what the database answered, when it has just answered.
fn tell(draft: &Draft<'_>, filled: &BTreeMap<String, Given>, told: &mut BTreeMap<String, Given>) {
    let asks = draft.template.iter().flat_map(|template| &template.asks);
    for name in asks.map(|asked| &asked.spec.name) {
        let answer = filled.get(name).filter(|_| !draft.given.contains_key(name));
        if let Some(answer) = answer.filter(|answer| told.get(name) != Some(answer)) {
            let text = command::text(answer);
            if !text.is_empty() {
                eprintln!("  {name}: {} (looked up)", shown(&text));
            }
        }
    }
    let answered = filled.iter().filter(|(name, _)| !draft.given.contains_key(*name));
    *told = answered.map(|(name, given)| (name.clone(), given.clone())).collect();
}
