use std::path::{Path, PathBuf};

use super::super::args::{Record, RecordAction};
use super::super::error::{CliError, Exit};
use super::super::settings;
use super::session::{block_on, write_record};
use crate::backend::{self, Mode};
use crate::engine::{self, EngineError, Sealed};
use crate::record;

pub fn run(command: &Record) -> Result<Exit, CliError> {
    match &command.action {
        RecordAction::List { folder } => list(folder),
        RecordAction::Show { record } => {
            print!("{}", read(record)?);
            Ok(Exit::Done)
        }
        RecordAction::Verify { records } => {
            for path in records {
                let markdown = path.with_extension("md");
                let jsonl = path.with_extension("jsonl");
                record::verify(&read(&markdown)?, &read(&jsonl)?).map_err(|error| CliError::Record {
                    message: format!("{}: {error}", markdown.display()),
                })?;
                println!("{}: its chain is whole and its text is what its events say", markdown.display());
            }
            Ok(Exit::Done)
        }
        RecordAction::Export { target, runbook, output } => export(&target.db, runbook.as_deref(), output),
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.to_path_buf(), source })
}

fn list(folder: &Path) -> Result<Exit, CliError> {
    let failed = |source| CliError::Read { path: folder.to_path_buf(), source };
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?.path();
        if entry.is_dir() {
            for file in std::fs::read_dir(&entry).map_err(failed)? {
                found.push(file.map_err(failed)?.path());
            }
        }
    }
    found.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    found.sort();
    for path in found {
        println!("{}", path.display());
    }
    Ok(Exit::Done)
}

/// A record is a pure function of the journal, so it can be made anywhere, again.
fn export(db: &str, runbook: Option<&str>, output: &Path) -> Result<Exit, CliError> {
    let target = settings::resolve(db)?;
    let rows = block_on(async {
        let mut session = backend::open(&target.address, Mode::ReadOnly).await?;
        let rows = session.read_journal(runbook).await?;
        session.close().await;
        Ok::<_, CliError>(rows)
    })?;
    let entries = engine::decode(&rows).map_err(EngineError::from)?;
    let mut runs: Vec<Vec<Sealed>> = Vec::new();
    for entry in entries {
        match runs.iter_mut().find(|run| run[0].run == entry.run) {
            Some(run) => run.push(entry),
            None => runs.push(vec![entry]),
        }
    }
    for run in &runs {
        println!("{}", write_record(output, run)?.display());
    }
    Ok(Exit::Done)
}
